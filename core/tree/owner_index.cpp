#include "core/tree/owner_index.hpp"

#include "core/base/assert.hpp"

namespace zoetrope::tree {

OwnerIndex::Links& OwnerIndex::links(NodeId id) {
  const auto i = static_cast<uint32_t>(id);
  if (chunks_.size() <= i >> kChunkBits) chunks_.resize((i >> kChunkBits) + 1);
  std::vector<Links>& chunk = chunks_[i >> kChunkBits];
  if (chunk.empty()) chunk.resize(size_t{1} << kChunkBits);
  return chunk[i & ((1U << kChunkBits) - 1)];
}

const OwnerIndex::Links& OwnerIndex::links(NodeId id) const {
  const auto i = static_cast<uint32_t>(id);
  return chunks_[i >> kChunkBits][i & ((1U << kChunkBits) - 1)];
}

OwnerIndex::List& OwnerIndex::list_of(NodeKind kind, int64_t owner) {
  if (kind == NodeKind::kContainer) return containers_;
  if (kind == NodeKind::kTtl) return ttls_;
  return ephemerals_[SessionId(owner)];
}

void OwnerIndex::add(NodeId id, NodeKind kind, int64_t owner) {
  if (kind == NodeKind::kPersistent) return;
  List& list = list_of(kind, owner);
  links(id) = {NodeId::kNone, list.last};
  if (list.last == NodeId::kNone) {
    list.first = id;
  } else {
    links(list.last).next = id;
  }
  list.last = id;
  ++list.size;
  if (kind == NodeKind::kEphemeral) ++ephemeral_count_;
}

void OwnerIndex::remove(NodeId id, NodeKind kind, int64_t owner) {
  if (kind == NodeKind::kPersistent) return;
  List& list = list_of(kind, owner);
  ZT_ASSERT(list.size > 0);
  const Links link = links(id);
  if (link.previous == NodeId::kNone) {
    list.first = link.next;
  } else {
    links(link.previous).next = link.next;
  }
  if (link.next == NodeId::kNone) {
    list.last = link.previous;
  } else {
    links(link.next).previous = link.previous;
  }
  --list.size;
  if (kind != NodeKind::kEphemeral) return;
  --ephemeral_count_;
  if (list.size == 0) ephemerals_.erase(SessionId(owner));
}

NodeId OwnerIndex::first_ephemeral(SessionId session) const {
  const auto it = ephemerals_.find(session);
  return it == ephemerals_.end() ? NodeId::kNone : it->second.first;
}

size_t OwnerIndex::ephemeral_count(SessionId session) const {
  const auto it = ephemerals_.find(session);
  return it == ephemerals_.end() ? 0 : it->second.size;
}

std::vector<SessionId> OwnerIndex::sessions() const {
  std::vector<SessionId> ids;
  ids.reserve(ephemerals_.size());
  for (const auto& [session, list] : ephemerals_) ids.push_back(session);
  return ids;
}

}  // namespace zoetrope::tree
