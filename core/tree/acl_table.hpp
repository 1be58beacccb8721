// Every distinct ACL of the tree, once, by its encoded bytes and with a count of the znodes that
// use it (upstream ReferenceCountedACLCache). Knows nothing of permissions.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "core/jute/records.hpp"

namespace zoetrope {
class StateArchive;
}

namespace zoetrope::tree {

// Number of an ACL as in snapshots: kOpenAcl (-1) is the null ACL, which permits everything.
using AclId = int64_t;
inline constexpr AclId kOpenAcl = -1;

// Slots are what znodes hold: dense, reused, never seen outside the tree.
class AclTable {
 public:
  static constexpr uint32_t kOpenSlot = 0;

  AclTable();

  // Slot of an encoded vector<ACL>, with one use added; the null vector gives kOpenSlot.
  uint32_t acquire(std::string_view encoded);
  void release(uint32_t slot);

  AclId id(uint32_t slot) const { return entries_[slot].id; }
  const jute::AclList& list(uint32_t slot) const { return entries_[slot].list; }
  std::string_view bytes(uint32_t slot) const { return entries_[slot].bytes; }
  // The open slot when there is no such id.
  uint32_t slot_of(AclId id) const;

  // Adds an entry of a snapshot, without uses. False when the id is taken or below 0, or the bytes
  // are no ACL.
  bool load(AclId id, std::string_view encoded);
  // Slot of an id that a snapshot's znode names, with one use added. An id that the snapshot does
  // not define is legal there (upstream writes the table before the znodes); it denies everything
  // to everyone until the replay of the log gives the znode its ACL.
  uint32_t acquire_loaded(AclId id);
  // Drops entries without uses.
  void purge();

  // Count and entries, ascending by id, as in a snapshot.
  std::string encode() const;
  size_t size() const { return by_id_.size(); }
  void carry_state(StateArchive& archive);

 private:
  struct Entry {
    AclId id = kOpenAcl;
    int64_t uses = 0;
    std::string bytes;
    jute::AclList list;
  };

  uint32_t insert(AclId id, std::string_view encoded, bool shared);
  void remove(uint32_t slot);

  std::deque<Entry> entries_;
  std::vector<uint32_t> free_;
  std::map<AclId, uint32_t> by_id_;
  std::map<std::string, uint32_t, std::less<>> by_bytes_;
  AclId last_id_ = 0;
  // Slot that was acquired last, as most ACLs are like the one before; may be free meanwhile, and
  // counts only while its bytes are the ones asked for.
  uint32_t recent_ = kOpenSlot;
};

}  // namespace zoetrope::tree
