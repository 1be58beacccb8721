#include "core/tree/acl_table.hpp"

#include "core/base/assert.hpp"

namespace zoetrope::tree {

namespace {

constexpr std::string_view kNullVector("\xff\xff\xff\xff", 4);

// Permits nothing to anyone; an empty list would permit everything.
std::string deny_all() {
  std::string bytes;
  jute::Writer out(bytes);
  jute::write(out, jute::AclList{{0, {"world", "anyone"}}});
  return bytes;
}

}  // namespace

AclTable::AclTable() {
  Entry open;
  open.bytes = jute::open_acl_bytes();
  entries_.push_back(std::move(open));
}

uint32_t AclTable::insert(AclId id, std::string_view encoded, bool shared) {
  uint32_t slot;
  if (!free_.empty()) {
    slot = free_.back();
    free_.pop_back();
  } else {
    slot = static_cast<uint32_t>(entries_.size());
    entries_.emplace_back();
  }
  jute::Reader in(encoded);
  entries_[slot] = {id, 0, std::string(encoded), jute::read_acl_list(in)};
  by_id_.emplace(id, slot);
  if (shared) by_bytes_.emplace(encoded, slot);
  if (id > last_id_) last_id_ = id;
  return slot;
}

void AclTable::remove(uint32_t slot) {
  Entry& entry = entries_[slot];
  by_id_.erase(entry.id);
  const auto it = by_bytes_.find(entry.bytes);
  if (it != by_bytes_.end() && it->second == slot) by_bytes_.erase(it);
  entry = Entry();
  free_.push_back(slot);
}

uint32_t AclTable::acquire(std::string_view encoded) {
  if (encoded.empty() || encoded == kNullVector) return kOpenSlot;
  if (recent_ == kOpenSlot || entries_[recent_].bytes != encoded) {
    const auto it = by_bytes_.find(encoded);
    recent_ = it != by_bytes_.end() ? it->second : insert(last_id_ + 1, encoded, true);
  }
  ++entries_[recent_].uses;
  return recent_;
}

void AclTable::release(uint32_t slot) {
  if (slot == kOpenSlot) return;
  ZT_ASSERT(entries_[slot].uses > 0);
  if (--entries_[slot].uses == 0) remove(slot);
}

uint32_t AclTable::slot_of(AclId id) const {
  const auto it = by_id_.find(id);
  return it == by_id_.end() ? kOpenSlot : it->second;
}

bool AclTable::load(AclId id, std::string_view encoded) {
  if (id < 0 || by_id_.contains(id)) return false;
  jute::Reader in(encoded);
  jute::read_acl_bytes(in);
  if (!in.ok() || in.remaining() != 0) return false;
  insert(id, encoded, !by_bytes_.contains(encoded));
  return true;
}

uint32_t AclTable::acquire_loaded(AclId id) {
  if (id == kOpenAcl) return kOpenSlot;
  const auto it = by_id_.find(id);
  const uint32_t slot = it != by_id_.end() ? it->second : insert(id, deny_all(), false);
  ++entries_[slot].uses;
  return slot;
}

void AclTable::purge() {
  for (auto it = by_id_.begin(); it != by_id_.end();) {
    const uint32_t slot = (it++)->second;
    if (entries_[slot].uses == 0) remove(slot);
  }
}

std::string AclTable::encode() const {
  std::string bytes;
  jute::Writer out(bytes);
  out.i32(static_cast<int32_t>(by_id_.size()));
  for (const auto& [id, slot] : by_id_) {
    out.i64(id);
    out.raw(entries_[slot].bytes);
  }
  return bytes;
}

}  // namespace zoetrope::tree
