#include "tests/unit/storage/store_rig.hpp"

#include "core/base/assert.hpp"

namespace zoetrope::storage {

std::optional<std::string> StoreRig::start() {
  store.reset();
  for (Queue& lane : lanes_) lane = Queue();
  auto state = recover(disk, {});
  if (!state) return state.error().message;
  history.cut_after(state->last_zxid);
  applied = state->tree;
  sessions_ = state->sessions;
  last_op = 0;
  store = std::make_unique<Store>(config_, *state, random_.fork("store"), MonotonicTime{});
  recovered = std::move(*state);
  return std::nullopt;
}

void StoreRig::take() {
  for (DiskOp& op : pending) {
    ZT_ASSERT(op.id > last_op);
    last_op = op.id;
    lanes_[index(op.lane)].waiting.push_back(std::move(op));
  }
  pending.clear();
}

void StoreRig::append(size_t n, size_t data_bytes) {
  for (size_t i = 0; i < n; ++i) {
    const HistoryEntry& entry = history.extend(data_bytes);
    store->append(entry.zxid, entry.payload);
  }
}

void StoreRig::apply_durable() {
  for (const HistoryEntry& entry : history.entries()) {
    if (entry.zxid <= applied.last_processed_zxid()) continue;
    if (entry.zxid > store->durable()) break;
    const auto txn = jute::decode_txn(entry.payload);
    applied.replay(*txn);
    if (txn->header.type == jute::OpCode::kCreateSession) {
      sessions_[txn->header.client_id] = std::get<jute::CreateSessionTxn>(txn->body).timeout_ms;
    }
    if (txn->header.type == jute::OpCode::kCloseSession) sessions_.erase(txn->header.client_id);
  }
}

void StoreRig::begin_snapshot() {
  store->begin_snapshot(applied, SessionList(sessions_.begin(), sessions_.end()), pending);
  take();
}

bool StoreRig::perform(Lane lane) {
  Queue& queue = lanes_[index(lane)];
  if (queue.waiting.empty()) return false;
  disk.perform(queue.waiting.front().action);
  queue.done.push_back(queue.waiting.front().id);
  queue.waiting.pop_front();
  return true;
}

bool StoreRig::complete(Lane lane, std::optional<DiskError> error) {
  Queue& queue = lanes_[index(lane)];
  if (queue.done.empty()) return false;
  const uint64_t op = queue.done.front();
  queue.done.pop_front();
  const bool ours = store->completed(op, error, pending);
  ZT_ASSERT(ours);
  take();
  return true;
}

void StoreRig::settle() {
  for (bool more = true; more;) {
    more = false;
    for (const Lane lane : {Lane::kLog, Lane::kSnapshot}) {
      while (perform(lane)) more = true;
      while (complete(lane)) more = true;
    }
    apply_durable();
  }
}

void StoreRig::crash(Random& random) {
  store.reset();
  disk.crash(random);
}

}  // namespace zoetrope::storage
