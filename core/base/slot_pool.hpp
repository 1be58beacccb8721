// Values in chunks with stable 32-bit ids and stable addresses; grows by one chunk, never moves a
// value. Owns the values; never runs their destructors before it goes itself, so T is plain data.
#pragma once

#include <cstdint>
#include <cstring>
#include <memory>
#include <type_traits>
#include <utility>
#include <vector>

#include "core/base/assert.hpp"

namespace zoetrope {

template <class T, unsigned kChunkBits = 8>
class SlotPool {
  static_assert(std::is_trivially_copyable_v<T>);
  static constexpr uint32_t kChunk = 1U << kChunkBits;

 public:
  SlotPool() = default;
  SlotPool(const SlotPool& other) : end_(other.end_), free_(other.free_) {
    chunks_.reserve(other.chunks_.size());
    uint32_t left = end_;
    for (const auto& chunk : other.chunks_) {
      const uint32_t n = left < kChunk ? left : kChunk;
      chunks_.push_back(std::make_unique_for_overwrite<T[]>(kChunk));
      std::memcpy(static_cast<void*>(chunks_.back().get()), chunk.get(), n * sizeof(T));
      left -= n;
    }
  }
  SlotPool(SlotPool&& other) noexcept { swap(other); }
  SlotPool& operator=(SlotPool other) noexcept {
    swap(other);
    return *this;
  }
  ~SlotPool() = default;

  T& operator[](uint32_t id) { return chunks_[id >> kChunkBits][id & (kChunk - 1)]; }
  const T& operator[](uint32_t id) const { return chunks_[id >> kChunkBits][id & (kChunk - 1)]; }

  // A slot holding T{}; the id last released is used first.
  uint32_t allocate() {
    uint32_t id;
    if (!free_.empty()) {
      id = free_.back();
      free_.pop_back();
    } else {
      ZT_ASSERT(end_ < 0xFFFFFFF0U);
      id = end_++;
      if (id >> kChunkBits == chunks_.size()) {
        chunks_.push_back(std::make_unique_for_overwrite<T[]>(kChunk));
      }
    }
    (*this)[id] = T{};
    return id;
  }
  void release(uint32_t id) { free_.push_back(id); }

  // One more than the largest id ever given out.
  uint32_t end() const { return end_; }
  size_t size() const { return end_ - free_.size(); }

  // `carry` is shown every slot, also those that are free.
  template <class Archive, class Carry>
  void carry_slots(Archive& archive, Carry&& carry) {
    uint32_t end = end_;
    archive(end, free_);
    if (archive.is_loading()) {
      chunks_.clear();
      end_ = 0;
    }
    // An archive that ends early leaves those slots that it had.
    for (uint32_t id = 0; id < end && archive.ok(); ++id) {
      if (archive.is_loading()) {
        if (id >> kChunkBits == chunks_.size()) {
          chunks_.push_back(std::make_unique_for_overwrite<T[]>(kChunk));
        }
        end_ = id + 1;
        (*this)[id] = T{};
      }
      carry((*this)[id]);
    }
  }
  template <class Archive>
  void carry_state(Archive& archive) {
    carry_slots(archive, [&archive](T& value) { archive(value); });
  }

  void swap(SlotPool& other) noexcept {
    chunks_.swap(other.chunks_);
    std::swap(end_, other.end_);
    free_.swap(other.free_);
  }

 private:
  std::vector<std::unique_ptr<T[]>> chunks_;
  uint32_t end_ = 0;
  std::vector<uint32_t> free_;
};

}  // namespace zoetrope
