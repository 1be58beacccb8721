#include "core/tree/node_store.hpp"

#include <cstdlib>
#include <cstring>

#include "core/base/assert.hpp"

namespace zoetrope::tree {

namespace {

char* allocate(size_t size) {
  auto* block = static_cast<char*>(std::malloc(size));
  ZT_ASSERT(block != nullptr);
  return block;
}

void store_size(char* p, size_t size) {
  const auto v = static_cast<uint32_t>(size);
  std::memcpy(p, &v, 4);
}

void put(char* to, std::string_view bytes) {
  if (!bytes.empty()) std::memcpy(to, bytes.data(), bytes.size());
}

constexpr size_t kNullData = 0xFFFFFFFF;

}  // namespace

NodeStore::NodeStore(const NodeStore& other) : pool_(other.pool_) {
  for (uint32_t i = 0; i < pool_.end(); ++i) {
    const char* from = other.pool_[i].block;
    if (from == nullptr) continue;
    const NodeId id{i};
    const size_t size = kSizes + other.name(id).size() + length(other.data(id));
    pool_[i].block = allocate(size);
    std::memcpy(pool_[i].block, from, size);
  }
}

NodeStore::~NodeStore() {
  for (uint32_t i = 0; i < pool_.end(); ++i) std::free(pool_[i].block);
}

char* NodeStore::make_block(std::string_view name, jute::BufferView data) {
  ZT_ASSERT(name.size() < kNullData && length(data) < 0x80000000U);
  char* block = allocate(kSizes + name.size() + length(data));
  store_size(block, name.size());
  store_size(block + 4, data ? data->size() : kNullData);
  put(block + kSizes, name);
  if (data) put(block + kSizes + name.size(), *data);
  return block;
}

NodeId NodeStore::add(std::string_view name, jute::BufferView data) {
  const NodeId id{pool_.allocate()};
  (*this)[id].block = make_block(name, data);
  return id;
}

void NodeStore::remove(NodeId id) {
  Node& node = (*this)[id];
  ZT_ASSERT(node.block != nullptr && node.parent == NodeId::kNone && node.num_children == 0);
  std::free(node.block);
  node.block = nullptr;
  pool_.release(static_cast<uint32_t>(id));
}

void NodeStore::link(NodeId parent, NodeId child) {
  Node& p = (*this)[parent];
  Node& c = (*this)[child];
  ZT_ASSERT(c.parent == NodeId::kNone);
  c.parent = parent;
  c.next = NodeId::kNone;
  if (p.first_child == NodeId::kNone) {
    p.first_child = child;
    c.previous = child;
  } else {
    Node& first = (*this)[p.first_child];
    c.previous = first.previous;
    (*this)[first.previous].next = child;
    first.previous = child;
  }
  ++p.num_children;
}

void NodeStore::unlink(NodeId child) {
  Node& c = (*this)[child];
  Node& p = (*this)[c.parent];
  ZT_ASSERT(p.num_children > 0);
  const bool is_first = p.first_child == child;
  if (c.next != NodeId::kNone) {
    (*this)[c.next].previous = c.previous;
  } else if (!is_first) {
    (*this)[p.first_child].previous = c.previous;
  }
  if (is_first) {
    p.first_child = c.next;
  } else {
    (*this)[c.previous].next = c.next;
  }
  --p.num_children;
  c.parent = c.next = c.previous = NodeId::kNone;
}

void NodeStore::set_data(NodeId id, jute::BufferView data) {
  Node& node = (*this)[id];
  const size_t name_size = load_size(node.block);
  const size_t size = length(data);
  ZT_ASSERT(size < 0x80000000U);
  if (size != length(this->data(id))) {
    auto* block = static_cast<char*>(std::realloc(node.block, kSizes + name_size + size));
    ZT_ASSERT(block != nullptr);
    node.block = block;
  }
  store_size(node.block + 4, data ? size : kNullData);
  if (data) put(node.block + kSizes + name_size, *data);
}

}  // namespace zoetrope::tree
