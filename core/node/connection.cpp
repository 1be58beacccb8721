#include "core/node/connection.hpp"

#include "core/base/assert.hpp"

namespace zoetrope::node {

Connection& ConnectionTable::open(ConnectionId id, const Endpoint& remote) {
  const uint32_t slot = id.slot();
  if (slot >= slots_.size()) slots_.resize(slot + 1);
  ZT_ASSERT(slots_[slot] == nullptr);
  slots_[slot] = std::make_unique<Connection>();
  slots_[slot]->id = id;
  slots_[slot]->remote = remote;
  ++per_address_[remote.address];
  ++size_;
  return *slots_[slot];
}

Connection* ConnectionTable::find(ConnectionId id) const {
  const uint32_t slot = id.slot();
  if (id.value == 0 || slot >= slots_.size() || slots_[slot] == nullptr) return nullptr;
  Connection* connection = slots_[slot].get();
  if (connection->id != id || connection->state == ConnectionState::kClosing) return nullptr;
  return connection;
}

void ConnectionTable::erase(ConnectionId id) {
  const uint32_t slot = id.slot();
  ZT_ASSERT(slot < slots_.size() && slots_[slot] != nullptr && slots_[slot]->id == id);
  const auto it = per_address_.find(slots_[slot]->remote.address);
  ZT_ASSERT(it != per_address_.end());
  if (--it->second == 0) per_address_.erase(it);
  slots_[slot].reset();
  --size_;
}

size_t ConnectionTable::count_from(const Endpoint& remote) const {
  const auto it = per_address_.find(remote.address);
  return it == per_address_.end() ? 0 : it->second;
}

}  // namespace zoetrope::node
