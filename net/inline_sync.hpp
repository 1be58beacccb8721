// The one place that decides whether the event loop itself writes and syncs the log, or the disk
// thread does. Owns what it saw of the last moments; does no I/O.
//
// Handing a sync over costs two wake-ups of a sleeping thread, on a machine with halted cores as
// much as the sync. When all who are active wait for it anyway the loop has nothing better to do
// meanwhile, so it syncs itself: for one client that waits for each answer, and for small batches
// of several clients while nobody reads. A client that then comes to read may wait for one short
// sync; from there on the thread does them.
#pragma once

#include "core/base/ids.hpp"
#include "core/base/time.hpp"

namespace zoetrope::net {

class InlineSync {
 public:
  // How long nobody else may have sent anything, or nobody may have been answered without a sync.
  static constexpr Duration kQuietTime = Duration::from_ms(100);
  // Larger writes go to the thread: of one client, and of several, whose next requests the loop
  // could be working on.
  static constexpr uint64_t kBytesMax = 64 * 1024;
  static constexpr uint64_t kSharedBytesMax = 4 * 1024;
  // After a sync that took longer than this the thread does them for a while: the disk is slow, or
  // busy.
  static constexpr Duration kSyncTimeMax = Duration::from_ms(5);
  static constexpr Duration kSlowDiskTime = Duration::from_ms(1000);

  void received(ConnectionId from, MonotonicTime now) {
    if (from != last_active_) alone_since_ = now;
    last_active_ = from;
  }
  // Somebody got an answer that needed no sync.
  void answered_at_once(MonotonicTime now) { no_reads_since_ = now; }
  void synced(Duration took, MonotonicTime now) {
    if (took > kSyncTimeMax) not_before_ = now + kSlowDiskTime;
  }
  bool allows(uint64_t bytes, MonotonicTime now) const {
    if (now < not_before_) return false;
    return (bytes <= kBytesMax && now - alone_since_ >= kQuietTime) ||
           (bytes <= kSharedBytesMax && now - no_reads_since_ >= kQuietTime);
  }

 private:
  ConnectionId last_active_;
  MonotonicTime alone_since_;
  MonotonicTime no_reads_since_;
  MonotonicTime not_before_;
};

}  // namespace zoetrope::net
