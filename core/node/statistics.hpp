// Counters of one server, for the four-letter words (upstream ServerStats, ServerMetrics). Times in
// ms.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

namespace zoetrope {
class StateArchive;
}

namespace zoetrope::node {

// Minimum, maximum, sum and count of something.
struct Summary {
  int64_t min = 0, max = 0, sum = 0, count = 0;
  void add(int64_t value) {
    min = count == 0 ? value : std::min(min, value);
    max = std::max(max, value);
    sum += value;
    ++count;
  }
  void reset() { *this = Summary{}; }
};

// A Summary that also tells percentiles: counts in buckets whose width is an eighth of their value,
// so that a percentile is right within 12.5 %.
class Distribution {
 public:
  void add(int64_t value);
  // Smallest value that at least `per_mille` of all are not above; 0 when there are none.
  int64_t percentile(int64_t per_mille) const;
  const Summary& summary() const { return summary_; }
  void carry_state(StateArchive& archive);

 private:
  static constexpr int kSubBuckets = 8;
  static size_t bucket_of(int64_t value);
  static int64_t upper_end_of(size_t bucket);

  Summary summary_;
  std::array<uint32_t, 40 * kSubBuckets> counts_{};
};

struct Statistics {
  int64_t packets_received = 0, packets_sent = 0;
  int64_t response_size_last = -1, response_size_min = -1, response_size_max = -1;
  int64_t auth_failed = 0;
  int64_t connections_accepted = 0, connections_rejected = 0;
  int64_t sessions_expired = 0, sessionless_expired = 0;
  int64_t throttled_ops = 0, stale_requests_dropped = 0, request_throttle_waits = 0;
  int64_t large_requests_rejected = 0, unrecoverable_errors = 0, digest_mismatches = 0;
  int64_t bytes_received = 0;
  int64_t proposal_size_last = -1, proposal_size_min = -1, proposal_size_max = -1;
  int64_t proposals = 0, commits = 0, snapshots = 0;
  int64_t response_bytes = 0, watch_bytes = 0, connections_dropped = 0;
  Summary latency;
  Distribution read_latency, update_latency;
  Summary sync_time, snapshot_time, sync_batch_size;
  Summary created, deleted, changed, children_changed;  // watch events fired, per transaction

  void response(int64_t bytes) {
    response_bytes += bytes;
    response_size_last = bytes;
    response_size_min = response_size_min == -1 ? bytes : std::min(response_size_min, bytes);
    response_size_max = std::max(response_size_max, bytes);
  }
  void proposed(int64_t bytes) {
    proposal_size_last = bytes;
    proposal_size_min = proposal_size_min == -1 ? bytes : std::min(proposal_size_min, bytes);
    proposal_size_max = std::max(proposal_size_max, bytes);
  }
  // What `srst` resets.
  void reset() {
    packets_received = packets_sent = 0;
    latency.reset();
    response_size_last = response_size_min = response_size_max = -1;
  }
};

}  // namespace zoetrope::node
