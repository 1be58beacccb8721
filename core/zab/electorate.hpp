// Whose votes count in an election: the current configuration, and beside it the last seen one
// while a reconfiguration is under way (facts/quorum-protocol.md sections 5 and 14; upstream
// SyncedLearnerTracker, QuorumPeer.getCurrentAndNextConfigVoters). A value; holds no votes.
#pragma once

#include <functional>
#include <optional>
#include <vector>

#include "core/base/hash.hpp"
#include "core/base/ids.hpp"
#include "core/quorum/ensemble.hpp"
#include "core/zab/vote.hpp"

namespace zoetrope {
class StateArchive;
}

namespace zoetrope::zab {

class Electorate {
 public:
  Electorate() = default;
  // `last_seen` counts only while its version is above that of `current`.
  Electorate(const quorum::Ensemble& current, const quorum::Ensemble* last_seen);

  // Participants of either configuration, ascending.
  const std::vector<ServerId>& voters() const { return voters_; }
  // Participants of a configuration that others know to be proposed: they count in no quorum, and
  // may be elected.
  void set_rumoured(const quorum::Ensemble* rumoured);
  const std::vector<ServerId>& candidates_elsewhere() const { return elsewhere_; }
  bool is_candidate(ServerId id) const;
  bool is_voter(ServerId id) const;
  bool is_observer(ServerId id) const { return current_.is_observer(id); }
  // Whether the servers for which `has` says true are a quorum of each configuration.
  bool has_all_quorums(const std::function<bool(ServerId)>& has) const;
  // Whether they are one of the current configuration.
  bool has_quorum_in_force(const std::function<bool(ServerId)>& has) const;
  // Whether `challenger` is the better candidate. Servers of weight 0 never win, so that each
  // candidate of some weight beats them, and they beat nobody (upstream totalOrderPredicate; the
  // second half is ours: a server of weight 0 has no vote of its own to defend).
  bool beats(const Vote& challenger, const Vote& defender) const;
  void add_to(RunningHash& hash) const;
  void carry_state(StateArchive& archive);

 private:
  bool may_win(ServerId id) const;

  quorum::Ensemble current_;
  std::optional<quorum::Ensemble> next_;
  std::vector<ServerId> voters_;
  std::vector<ServerId> elsewhere_;  // ascending, none of the voters
};

}  // namespace zoetrope::zab
