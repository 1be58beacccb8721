// Where znodes live: 104 bytes of fixed fields in a pool, and one heap block each for name and
// data. Owns the memory and the links between parent, children and siblings; knows no paths, ACLs
// or rules.
#pragma once

#include <cstdint>
#include <string_view>

#include "core/base/slot_pool.hpp"
#include "core/jute/archive.hpp"
#include "core/jute/records.hpp"

namespace zoetrope {
class StateArchive;
}

namespace zoetrope::tree {

// Index of a znode; stays valid until that znode is deleted.
enum class NodeId : uint32_t { kNone = 0xFFFFFFFF };

struct Node {
  int64_t czxid = 0, mzxid = 0, ctime = 0, mtime = 0, ephemeral_owner = 0, pzxid = 0;
  char* block = nullptr;  // sizes, name, data; null only while the slot is free
  int32_t version = 0, cversion = 0, aversion = 0;
  NodeId parent = NodeId::kNone;
  NodeId first_child = NodeId::kNone;
  NodeId next = NodeId::kNone;      // next sibling, kNone for the last
  NodeId previous = NodeId::kNone;  // previous sibling; of the first one: the last
  int32_t num_children = 0;
  uint32_t acl_slot = 0;
  uint32_t digest = 0;       // what this node adds to the tree's digest
  uint32_t content_crc = 0;  // CRC-32 of path and data, from which the digest goes on
  uint32_t snapshot_mark =
      0;  // number of the snapshot that has this node, or was running at its birth
};
static_assert(sizeof(Node) == 104);

class NodeStore {
 public:
  NodeStore() = default;
  NodeStore(const NodeStore& other);
  NodeStore(NodeStore&& other) noexcept { swap(other); }
  NodeStore& operator=(NodeStore other) noexcept {
    swap(other);
    return *this;
  }
  ~NodeStore();

  Node& operator[](NodeId id) { return pool_[static_cast<uint32_t>(id)]; }
  const Node& operator[](NodeId id) const { return pool_[static_cast<uint32_t>(id)]; }

  // A node without links. The name must differ from the names of its future siblings.
  NodeId add(std::string_view name, jute::BufferView data);
  // The node must be unlinked and have no children.
  void remove(NodeId id);
  // Appends `child` to the children of `parent`, and takes it away again.
  void link(NodeId parent, NodeId child);
  void unlink(NodeId child);

  std::string_view name(NodeId id) const { return name_of((*this)[id].block); }
  jute::BufferView data(NodeId id) const { return data_of((*this)[id].block); }
  void set_data(NodeId id, jute::BufferView data);

  // Length of data, 0 for the null buffer.
  static size_t length(jute::BufferView data) { return data ? data->size() : 0; }

  bool in_use(NodeId id) const { return (*this)[id].block != nullptr; }
  // One more than the largest id ever given out.
  uint32_t end() const { return pool_.end(); }
  size_t size() const { return pool_.size(); }

  void carry_state(StateArchive& archive);
  void swap(NodeStore& other) noexcept { pool_.swap(other.pool_); }

 private:
  static constexpr size_t kSizes = 8;  // length of the name, length of the data or -1
  static uint32_t load_size(const char* p) {
    uint32_t v;
    __builtin_memcpy(&v, p, 4);
    return v;
  }
  static std::string_view name_of(const char* block) { return {block + kSizes, load_size(block)}; }
  static jute::BufferView data_of(const char* block) {
    const auto size = static_cast<int32_t>(load_size(block + 4));
    if (size < 0) return std::nullopt;
    return std::string_view(block + kSizes + load_size(block), static_cast<size_t>(size));
  }
  static char* make_block(std::string_view name, jute::BufferView data);

  SlotPool<Node, 10> pool_;
};

}  // namespace zoetrope::tree
