#include "core/quorum/ensemble.hpp"

#include <algorithm>

#include "core/quorum/address_text.hpp"

namespace zoetrope::quorum {

namespace {

struct GroupWeight {
  int64_t total = 0;
  int64_t has = 0;
};

std::string name_of(ServerId id) {
  return "server." + std::to_string(id.value);
}

// Addresses that one machine may share with another without harm are left out: those of every
// interface, and for clients those of the machine itself, where a proxy may stand.
std::optional<std::string> address_clash(const std::map<ServerId, Member>& members) {
  std::map<HostPort, ServerId> seen;
  for (const auto& [id, member] : members) {
    std::vector<HostPort> addresses = member.quorum;
    addresses.insert(addresses.end(), member.election.begin(), member.election.end());
    for (const auto& client : {member.client, member.secure_client}) {
      if (client && !is_loopback_host(client->host)) addresses.push_back(*client);
    }
    for (const HostPort& address : addresses) {
      if (is_wildcard_host(address.host)) continue;
      const auto [found, is_new] = seen.emplace(address, id);
      if (is_new) continue;
      return name_of(found->second) + " and " + name_of(id) + " use one address, " +
             address.to_string();
    }
  }
  return std::nullopt;
}

std::optional<std::string> port_defect(const Member& member) {
  const auto has_port = [](const HostPort& address) { return address.port != 0; };
  if (member.quorum.empty() || member.quorum.size() != member.election.size()) {
    return name_of(member.id) + " has no address";
  }
  if (!std::all_of(member.quorum.begin(), member.quorum.end(), has_port)) {
    return name_of(member.id) + " has no quorum port";
  }
  if (!std::all_of(member.election.begin(), member.election.end(), has_port)) {
    return name_of(member.id) + " has no election port";
  }
  return std::nullopt;
}

}  // namespace

bool Ensemble::is_participant(ServerId id) const {
  const auto found = members.find(id);
  return found != members.end() && found->second.role == MemberRole::kParticipant;
}

bool Ensemble::is_observer(ServerId id) const {
  const auto found = members.find(id);
  return found != members.end() && found->second.role == MemberRole::kObserver;
}

std::vector<ServerId> Ensemble::participants() const {
  std::vector<ServerId> ids;
  for (const auto& [id, member] : members) {
    if (member.role == MemberRole::kParticipant) ids.push_back(id);
  }
  return ids;
}

std::vector<ServerId> Ensemble::observers() const {
  std::vector<ServerId> ids;
  for (const auto& [id, member] : members) {
    if (member.role == MemberRole::kObserver) ids.push_back(id);
  }
  return ids;
}

int64_t Ensemble::written_weight(ServerId id) const {
  const auto found = weights.find(id);
  return found == weights.end() ? 1 : found->second;
}

int64_t Ensemble::weight(ServerId id) const {
  if (!is_participant(id)) return 0;
  return is_hierarchical() ? written_weight(id) : 1;
}

bool Ensemble::is_quorum(const std::function<bool(ServerId)>& has) const {
  return is_hierarchical() ? is_quorum_of_groups(has) : is_majority(has);
}

bool Ensemble::is_majority(const std::function<bool(ServerId)>& has) const {
  size_t participants = 0;
  size_t present = 0;
  for (const auto& [id, member] : members) {
    if (member.role != MemberRole::kParticipant) continue;
    ++participants;
    if (has(id)) ++present;
  }
  return present > participants / 2;
}

bool Ensemble::is_quorum_of_groups(const std::function<bool(ServerId)>& has) const {
  std::map<int64_t, GroupWeight> groups;
  for (const auto& [id, group] : group_of) {
    // As upstream, the weight of a group counts everyone who is named in it, voter or not.
    GroupWeight& sum = groups[group];
    const int64_t weight = written_weight(id);
    sum.total += weight;
    if (is_participant(id) && has(id)) sum.has += weight;
  }
  size_t weighty = 0;
  size_t won = 0;
  for (const auto& [group, sum] : groups) {
    if (sum.total == 0) continue;
    ++weighty;
    if (sum.has > sum.total / 2) ++won;
  }
  return won > weighty / 2;
}

std::optional<std::string> Ensemble::group_defect() const {
  if (!is_hierarchical()) {
    if (weights.empty()) return std::nullopt;
    return "weight." + std::to_string(weights.begin()->first.value) +
           " is set, but there is no group line";
  }
  for (const ServerId id : participants()) {
    if (!group_of.contains(id)) return name_of(id) + " is in no group";
  }
  int64_t total = 0;
  for (const auto& [id, weight] : weights) {
    const std::string key = "weight." + std::to_string(id.value);
    if (weight < 0) return key + " is negative: " + std::to_string(weight);
    if (__builtin_add_overflow(total, weight, &total)) return key + " makes the weights too large";
  }
  for (const auto& [id, group] : group_of) {
    if (!is_participant(id) && !weights.contains(id)) {
      return "group." + std::to_string(group) + " names " + std::to_string(id.value) +
             ", which is no participant and has no weight";
    }
    if (__builtin_add_overflow(total, int64_t{1}, &total)) return "the weights are too large";
  }
  return std::nullopt;
}

std::optional<std::string> Ensemble::defect() const {
  if (participants().empty()) return "there is no participant among the servers";
  for (const auto& [id, member] : members) {
    if (member.id != id) return name_of(id) + " is listed under another id";
    if (auto wrong = port_defect(member)) return wrong;
  }
  if (auto wrong = address_clash(members)) return wrong;
  if (auto wrong = group_defect()) return wrong;
  if (!is_quorum([](ServerId) { return true; }))
    return "groups and weights are such that no participants make a quorum";
  return std::nullopt;
}

bool Ensemble::same_members(const Ensemble& other) const {
  return members == other.members && group_of == other.group_of &&
         full_weights() == other.full_weights();
}

std::map<ServerId, int64_t> Ensemble::full_weights() const {
  if (!is_hierarchical()) return {};
  std::map<ServerId, int64_t> full = weights;
  for (const ServerId id : participants()) full.emplace(id, 1);
  return full;
}

}  // namespace zoetrope::quorum
