// Who belongs to an ensemble and what a quorum of it is: the text form of a configuration and its
// verifiers, majority and hierarchical (facts/quorum-protocol.md sections 1, 13, 14; upstream
// QuorumVerifier, QuorumMaj, QuorumHierarchical, QuorumServer). Values only; never resolves a name.
#pragma once

#include <cstdint>
#include <expected>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/ids.hpp"

namespace zoetrope::quorum {

enum class MemberRole : uint8_t { kParticipant, kObserver };

struct HostPort {
  std::string host;  // as Java prints it: IPv6 without brackets and uncompressed
  uint16_t port = 0;
  auto operator<=>(const HostPort&) const = default;
  std::string to_string() const;  // brackets where needed
};

// One server line. A server with several addresses has as many entries in both vectors.
struct Member {
  ServerId id;
  std::vector<HostPort> quorum;
  std::vector<HostPort> election;
  MemberRole role = MemberRole::kParticipant;
  std::optional<HostPort> client;
  std::optional<HostPort> secure_client;
  auto operator<=>(const Member&) const = default;

  // The value of a server.N key, in every form that upstream takes: several addresses separated by
  // '|' (kept sorted by host, as upstream prints them), IPv6 in brackets, role, client and secure
  // client part. The error is one line without the key; it quotes the value.
  static std::expected<Member, std::string> parse(ServerId id, std::string_view value);
  std::string to_string() const;
};

class Ensemble {
 public:
  std::map<ServerId, Member> members;
  // Hierarchical quorums: group of a server, and weights (1 for whoever has none). Empty: majority.
  std::map<ServerId, int64_t> group_of;
  std::map<ServerId, int64_t> weights;
  int64_t version = 0;  // zxid of the reconfiguration that made it; 0: never activated

  // Reads upstream's text: server.N, group.N, weight.N and version lines; empty lines and comments
  // are skipped, others are errors. So are lines that stand twice and groups or weights that
  // upstream refuses or that would allow two quorums without a common server.
  static std::expected<Ensemble, std::string> parse(std::string_view text);
  // Upstream QuorumVerifier.toString: server lines in its map order, groups, weights, then
  // "version=<hex>"; no newline at the end.
  std::string to_string() const;

  bool is_hierarchical() const { return !group_of.empty(); }
  bool is_participant(ServerId id) const;
  bool is_observer(ServerId id) const;
  std::vector<ServerId> participants() const;  // ascending
  std::vector<ServerId> observers() const;
  // 1 where majority rules; 0 for a server that is no participant.
  int64_t weight(ServerId id) const;
  // Whether the participants for which `has` says true form a quorum.
  bool is_quorum(const std::function<bool(ServerId)>& has) const;

  // What is wrong with it as a configuration to start with: no participant, a participant without
  // group, two servers with one address, ports of 0 ... nullopt: nothing.
  std::optional<std::string> defect() const;
  // Same members, groups and weights; the version does not count.
  bool same_members(const Ensemble& other) const;

 private:
  // The weight that the text gives, 1 where it gives none.
  int64_t written_weight(ServerId id) const;
  bool is_majority(const std::function<bool(ServerId)>& has) const;
  bool is_quorum_of_groups(const std::function<bool(ServerId)>& has) const;
  // The part of defect() about groups and weights.
  std::optional<std::string> group_defect() const;
  // `weights` and a 1 for each participant that has none; empty where majority rules.
  std::map<ServerId, int64_t> full_weights() const;
};

}  // namespace zoetrope::quorum
