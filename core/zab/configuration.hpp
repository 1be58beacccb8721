// The configuration of the ensemble as one server knows it: the one in force and the one proposed,
// how they follow each other, and their files (facts/quorum-protocol.md section 14; upstream
// QuorumPeer.setQuorumVerifier, setLastSeenQuorumVerifier). The owner of the values, its peer,
// looks at changes() and draws the consequences; this class only keeps the order of versions.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "core/base/hash.hpp"
#include "core/zab/config_files.hpp"
#include "core/zab/host.hpp"
#include "core/zab/role_config.hpp"

namespace zoetrope {
class StateArchive;
}

namespace zoetrope::zab {

// Operations of the configuration's files carry numbers from here on.
inline constexpr uint64_t kFirstConfigOp = uint64_t{3} << 61;

class Configuration {
 public:
  // All outlive it. Where configurations do not change (reconfigEnabled=false) nothing is ever
  // stored or put in force.
  Configuration(const RoleConfig& config, Ensembles& ensembles, ConfigFileNames names, Host& host);

  // --- changes -----------------------------------------------------------------------------------
  // It is in the log: from now on its quorums count beside those of the one in force. Older ones
  // are of no interest.
  void propose(const quorum::Ensemble& ensemble);
  // A leader's word on the newest that it has: what was proposed and is not in its history never
  // comes to be (upstream keeps that as its last seen one for ever).
  void announce(const quorum::Ensemble& ensemble);
  // Puts it in force; false when this one or a newer one is already.
  bool activate(const quorum::Ensemble& ensemble);

  // Another server knows of it while this one looks for a leader; false when that is no news.
  bool hear_of_proposed(const quorum::Ensemble& ensemble);
  // What was heard is forgotten: it was of use for one election.
  void forget_rumour();

  const Ensembles& ensembles() const { return ensembles_; }
  // Counts changes of either configuration.
  uint64_t changes() const { return changes_; }

  // --- its files ---------------------------------------------------------------------------------
  // Something is on its way to the disk that has to be there before what follows is logged, or
  // before a reconfiguration is told to be done.
  bool is_storing() const { return files_.busy(); }
  bool completed(uint64_t op, const std::optional<storage::DiskError>& error);
  void static_read(std::optional<std::string_view> text);
  void add_to(RunningHash& hash) const;
  void carry_state(StateArchive& archive);

 private:
  void work();
  void drop_old_rumour();

  const RoleConfig& config_;
  Ensembles& ensembles_;
  ConfigFiles files_;
  Host& host_;
  uint64_t changes_ = 0;
};

}  // namespace zoetrope::zab
