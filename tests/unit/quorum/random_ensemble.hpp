// Ensembles for properties, drawn so that upstream would accept them.
#pragma once

#include "core/quorum/ensemble.hpp"
#include "tests/support/any.hpp"

namespace zoetrope::quorum {

inline Member random_member(test::Any& any, ServerId id) {
  Member member;
  member.id = id;
  member.role = any.below(4) == 0 ? MemberRole::kObserver : MemberRole::kParticipant;
  const std::string host = "h" + std::to_string(id.value);
  member.quorum = {{host, 2888}};
  member.election = {{host, 3888}};
  if (any.boolean()) member.client = HostPort{"0.0.0.0", static_cast<uint16_t>(any.i32())};
  return member;
}

// Up to 9 servers; `hierarchical`: in up to 4 groups, with weights from 0 to 3.
inline Ensemble random_ensemble(test::Any& any, bool hierarchical) {
  Ensemble ensemble;
  const bool small_ids = any.boolean();
  for (size_t count = 1 + any.below(9); count > 0; --count) {
    const ServerId id(small_ids ? static_cast<int64_t>(any.below(40)) : any.i64());
    ensemble.members.emplace(id, random_member(any, id));
  }
  ensemble.version = any.i64() & INT64_MAX;
  if (!hierarchical) return ensemble;
  for (const ServerId id : ensemble.participants()) {
    ensemble.group_of[id] = static_cast<int64_t>(any.below(4)) * 5;
    if (any.boolean()) ensemble.weights[id] = static_cast<int64_t>(any.below(4));
  }
  // Upstream lets an observer weigh in a group, though it never votes.
  for (const ServerId id : ensemble.observers()) {
    if (any.below(3) != 0 || ensemble.group_of.empty()) continue;
    ensemble.group_of[id] = static_cast<int64_t>(any.below(4)) * 5;
    ensemble.weights[id] = static_cast<int64_t>(any.below(4));
  }
  return ensemble;
}

}  // namespace zoetrope::quorum
