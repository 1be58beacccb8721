// The one place that decides whether the event loop itself writes and syncs the log, or the disk
// thread does. Owns what it saw of the last moments; does no I/O.
//
// Handing a sync over costs two wake-ups of a sleeping thread, on a machine with halted cores as
// much as the sync. For one client that waits for each answer the loop has nothing better to do
// meanwhile, so it syncs itself. As soon as a second connection is active that would delay the
// other's reads.
#pragma once

#include "core/base/ids.hpp"
#include "core/base/time.hpp"

namespace zoetrope::net {

class InlineSync {
 public:
  // How long nobody else may have sent anything.
  static constexpr Duration kQuietTime = Duration::from_ms(100);
  // Larger writes go to the thread.
  static constexpr uint64_t kBytesMax = 64 * 1024;
  // After a sync that took longer than this the thread does them for a while: the disk is slow, or
  // busy.
  static constexpr Duration kSyncTimeMax = Duration::from_ms(20);
  static constexpr Duration kSlowDiskTime = Duration::from_ms(1000);

  void received(ConnectionId from, MonotonicTime now) {
    if (from != last_active_) alone_since_ = now;
    last_active_ = from;
  }
  void synced(Duration took, MonotonicTime now) {
    if (took > kSyncTimeMax) not_before_ = now + kSlowDiskTime;
  }
  bool allows(uint64_t bytes, MonotonicTime now) const {
    return bytes <= kBytesMax && now >= not_before_ && now - alone_since_ >= kQuietTime;
  }

 private:
  ConnectionId last_active_;
  MonotonicTime alone_since_;
  MonotonicTime not_before_;
};

}  // namespace zoetrope::net
