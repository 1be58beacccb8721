// A Store on a MemoryDisk, with a driver that carries operations out when the test says so: the
// lanes keep their order, and an operation's completion comes later than its effect.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "core/storage/recovery.hpp"
#include "core/storage/store.hpp"
#include "tests/unit/storage/history.hpp"
#include "tests/unit/storage/memory_disk.hpp"

namespace zoetrope::storage {

class StoreRig {
 public:
  explicit StoreRig(StoreConfig config, uint64_t seed = 1)
      : history(seed), config_(config), random_(seed) {}

  // Recovers and constructs the store; what was under way is lost. Text: why recovery refused.
  std::optional<std::string> start();
  void append(size_t n, size_t data_bytes = 100);
  void flush() {
    store->flush(pending);
    take();
  }
  void tick(MonotonicTime now) {
    store->tick(now, pending);
    take();
  }
  // Brings the applied tree up to what is durable, as a server does.
  void apply_durable();
  void begin_snapshot();
  // Carries out the next operation of a lane; false when there is none.
  bool perform(Lane lane);
  // Reports the oldest carried-out operation of a lane to the store.
  bool complete(Lane lane, std::optional<DiskError> error = std::nullopt);
  // Carries out and completes everything.
  void settle();
  size_t queued(Lane lane) const { return lanes_[index(lane)].waiting.size(); }
  const DiskOp& next(Lane lane) const { return lanes_[index(lane)].waiting.front(); }
  void crash(Random& random);

  MemoryDisk disk;
  History history;
  tree::Tree applied;  // what is durable and applied; outlives the store, which may be writing it
  std::unique_ptr<Store> store;
  std::optional<RecoveredState> recovered;
  std::vector<DiskOp> pending;
  uint64_t last_op = 0;

 private:
  struct Queue {
    std::deque<DiskOp> waiting;
    std::deque<uint64_t> done;
  };
  static size_t index(Lane lane) { return lane == Lane::kLog ? 0 : 1; }
  void take();

  StoreConfig config_;
  Random random_;
  Queue lanes_[2];
  std::map<SessionId, int32_t> sessions_;
};

}  // namespace zoetrope::storage
