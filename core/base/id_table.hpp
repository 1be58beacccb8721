// Open-addressing hash table of 32-bit ids whose keys live elsewhere: a look-up gives a 32-bit tag
// (the key's hash) and a predicate that compares the key of a candidate. Grows without a pause: the
// old array is moved a few slots at a time by later insertions. Owns only (tag, id) pairs; never
// iterates, so its order reaches nothing. 8 bytes a slot, at most 3/4 full.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <utility>

#include "core/base/assert.hpp"

namespace zoetrope {

// Folds a 64-bit hash to the tag that IdTable takes.
constexpr uint32_t tag_of(uint64_t hash) {
  return static_cast<uint32_t>(hash ^ (hash >> 32));
}

class IdTable {
 public:
  static constexpr uint32_t kNone = 0xFFFFFFFF;

  IdTable() = default;
  IdTable(const IdTable& other)
      : current_(other.current_), old_(other.old_), moved_(other.moved_), size_(other.size_) {}
  IdTable(IdTable&& other) noexcept { swap(other); }
  IdTable& operator=(IdTable other) noexcept {
    swap(other);
    return *this;
  }
  ~IdTable() = default;

  // The id whose tag is `tag` and for which `match(id)` holds, or kNone.
  template <class Match>
  uint32_t find(uint32_t tag, Match&& match) const {
    if (current_.slots) {
      for (uint32_t i = tag & current_.mask;; i = (i + 1) & current_.mask) {
        const Slot& slot = current_.slots[i];
        if (slot.code == kEmpty) break;
        if (slot.tag == tag && match(slot.code - 1)) return slot.code - 1;
      }
    }
    if (old_.slots) {
      for (uint32_t i = tag & old_.mask;; i = (i + 1) & old_.mask) {
        const Slot& slot = old_.slots[i];
        if (slot.code == kEmpty) break;
        if (slot.tag == tag && slot.code != kDead && match(slot.code - 1)) return slot.code - 1;
      }
    }
    return kNone;
  }

  // The caller knows that the key is not in the table. `id` is below 0xFFFFFFFE.
  void insert(uint32_t tag, uint32_t id) {
    ZT_ASSERT(id < kDead - 1);
    if (old_.slots) {
      move_some();
    } else if (!current_.slots || size_ + size_ / 3 + 1 > current_.mask) {
      grow();
    }
    current_.place(tag, id + 1);
    ++size_;
  }

  // The pair must be in the table.
  void erase(uint32_t tag, uint32_t id) {
    --size_;
    if (current_.slots && current_.erase(tag, id + 1)) return;
    ZT_ASSERT(old_.slots);
    for (uint32_t i = tag & old_.mask;; i = (i + 1) & old_.mask) {
      Slot& slot = old_.slots[i];
      ZT_ASSERT(slot.code != kEmpty);
      if (slot.tag == tag && slot.code == id + 1) {
        slot.code = kDead;
        return;
      }
    }
  }

  size_t size() const { return size_; }

  template <class Archive>
  void carry_state(Archive& archive) {
    for (Array* array : {&current_, &old_}) {
      const size_t count = archive.count(array->slots ? size_t{array->mask} + 1 : 0);
      if ((count & (count - 1)) != 0 || count == 1) return archive.fail();
      if (archive.is_loading()) {
        *array = count == 0 ? Array() : Array(static_cast<uint32_t>(count));
      }
      archive.bytes(array->slots.get(), count * sizeof(Slot));
    }
    archive(moved_, size_);
  }

  void swap(IdTable& other) noexcept {
    std::swap(current_, other.current_);
    std::swap(old_, other.old_);
    std::swap(moved_, other.moved_);
    std::swap(size_, other.size_);
  }

 private:
  // `code` is the id plus one, so that zeroed memory is an empty array.
  struct Slot {
    uint32_t tag;
    uint32_t code;
  };
  static constexpr uint32_t kEmpty = 0;
  static constexpr uint32_t kDead = 0xFFFFFFFF;  // only in the old array
  static constexpr uint32_t kSlotsMin = 16;
  static constexpr uint32_t kMovesPerInsert = 16;

  struct Free {
    void operator()(Slot* p) const { std::free(p); }
  };

  struct Array {
    std::unique_ptr<Slot[], Free> slots;
    uint32_t mask = 0;

    Array() = default;
    explicit Array(uint32_t count)
        : slots(static_cast<Slot*>(std::calloc(count, sizeof(Slot)))), mask(count - 1) {
      ZT_ASSERT(slots);
    }
    Array(const Array& other) {
      if (!other.slots) return;
      *this = Array(other.mask + 1);
      std::memcpy(slots.get(), other.slots.get(), (size_t{mask} + 1) * sizeof(Slot));
    }
    Array(Array&&) noexcept = default;
    Array& operator=(Array&&) noexcept = default;
    Array& operator=(const Array&) = delete;
    ~Array() = default;

    void place(uint32_t tag, uint32_t code) {
      uint32_t i = tag & mask;
      while (slots[i].code != kEmpty) i = (i + 1) & mask;
      slots[i] = {tag, code};
    }

    // Closes the gap by moving later entries of the run back, so that no marks are left behind.
    bool erase(uint32_t tag, uint32_t code) {
      uint32_t i = tag & mask;
      for (; slots[i].code != code || slots[i].tag != tag; i = (i + 1) & mask) {
        if (slots[i].code == kEmpty) return false;
      }
      for (uint32_t j = (i + 1) & mask; slots[j].code != kEmpty; j = (j + 1) & mask) {
        const uint32_t home = slots[j].tag & mask;
        if (((j - home) & mask) < ((j - i) & mask)) continue;
        slots[i] = slots[j];
        i = j;
      }
      slots[i] = {0, kEmpty};
      return true;
    }
  };

  void grow() {
    if (!current_.slots) {
      current_ = Array(kSlotsMin);
      return;
    }
    const uint32_t count = current_.mask + 1;
    ZT_ASSERT(count < 0x80000000U);
    old_ = std::move(current_);
    current_ = Array(count * 2);
    moved_ = 0;
    move_some();
  }

  void move_some() {
    const uint32_t count = old_.mask + 1;
    const uint32_t end = count - moved_ < kMovesPerInsert ? count : moved_ + kMovesPerInsert;
    for (; moved_ < end; ++moved_) {
      Slot& slot = old_.slots[moved_];
      if (slot.code == kEmpty || slot.code == kDead) continue;
      current_.place(slot.tag, slot.code);
      slot.code = kDead;
    }
    if (moved_ == count) old_ = Array();
  }

  Array current_;
  Array old_;  // what is left to move; empty when nothing is
  uint32_t moved_ = 0;
  size_t size_ = 0;
};

}  // namespace zoetrope
