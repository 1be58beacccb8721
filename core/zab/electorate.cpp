#include "core/zab/electorate.hpp"

#include <algorithm>

namespace zoetrope::zab {

Electorate::Electorate(const quorum::Ensemble& current, const quorum::Ensemble* last_seen)
    : current_(current), voters_(current.participants()) {
  if (last_seen == nullptr || last_seen->version <= current.version) return;
  next_ = *last_seen;
  for (ServerId id : next_->participants()) voters_.push_back(id);
  std::sort(voters_.begin(), voters_.end());
  voters_.erase(std::unique(voters_.begin(), voters_.end()), voters_.end());
}

bool Electorate::is_voter(ServerId id) const {
  return std::binary_search(voters_.begin(), voters_.end(), id);
}

void Electorate::set_rumoured(const quorum::Ensemble* rumoured) {
  elsewhere_.clear();
  if (rumoured == nullptr) return;
  for (ServerId id : rumoured->participants()) {
    if (!is_voter(id) && rumoured->weight(id) != 0) elsewhere_.push_back(id);
  }
}

bool Electorate::is_candidate(ServerId id) const {
  return is_voter(id) || std::binary_search(elsewhere_.begin(), elsewhere_.end(), id);
}

bool Electorate::has_quorum_in_force(const std::function<bool(ServerId)>& has) const {
  return current_.is_quorum(has);
}

bool Electorate::has_all_quorums(const std::function<bool(ServerId)>& has) const {
  return current_.is_quorum(has) && (!next_.has_value() || next_->is_quorum(has));
}

// The current configuration speaks for its own participants, the next one for those that join.
bool Electorate::may_win(ServerId id) const {
  if (current_.is_participant(id)) return current_.weight(id) != 0;
  if (next_.has_value() && next_->is_participant(id)) return next_->weight(id) != 0;
  return std::binary_search(elsewhere_.begin(), elsewhere_.end(), id);
}

bool Electorate::beats(const Vote& challenger, const Vote& defender) const {
  if (!may_win(challenger.leader)) return false;
  return !may_win(defender.leader) || challenger.beats(defender);
}

namespace {

void add_ensemble(RunningHash& hash, const quorum::Ensemble& ensemble) {
  hash.add(static_cast<uint64_t>(ensemble.version));
  hash.add(ensemble.members.size());
  for (const auto& [id, member] : ensemble.members) {
    hash.add(static_cast<uint64_t>(id.value));
    hash.add(static_cast<uint64_t>(member.role));
  }
  for (const auto* numbers : {&ensemble.group_of, &ensemble.weights}) {
    hash.add(numbers->size());
    for (const auto& [id, number] : *numbers) {
      hash.add(static_cast<uint64_t>(id.value));
      hash.add(static_cast<uint64_t>(number));
    }
  }
}

}  // namespace

void Electorate::add_to(RunningHash& hash) const {
  add_ensemble(hash, current_);
  hash.add(next_.has_value() ? 1 : 0);
  if (next_.has_value()) add_ensemble(hash, *next_);
  for (ServerId id : elsewhere_) hash.add(static_cast<uint64_t>(id.value));
}

}  // namespace zoetrope::zab
