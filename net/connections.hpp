// The open client sockets by connection id: what waits to be sent on each, and how each is closed.
// Owns the sockets and unsent output; an idle connection owns no buffer. Knows neither protocol nor
// engine.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/ids.hpp"
#include "core/base/time.hpp"
#include "net/unique_fd.hpp"

namespace zoetrope::net {

class Connections {
 public:
  // `output_bytes_high`: unsent output above it is reported by backlog_change().
  explicit Connections(uint64_t output_bytes_high) : output_bytes_high_(output_bytes_high) {}
  ~Connections();
  Connections(const Connections&) = delete;
  Connections& operator=(const Connections&) = delete;

  ConnectionId open(UniqueFd socket);
  // Not closed and not about to be: the engine may hear of it.
  bool is_live(ConnectionId id) const;
  // Closing after its last bytes: input is thrown away until the peer is gone.
  bool is_closing(ConnectionId id) const;
  size_t size() const { return open_count_; }

  // --- input ------------------------------------------------------------------------------------
  enum class Read : uint8_t {
    kBytes,    // some bytes, and the socket was emptied
    kPartial,  // some bytes, and there may be more
    kNothing,
    kEnd,     // the peer sends no more
    kBroken,  // reset, or another error
  };
  struct ReadResult {
    Read what = Read::kNothing;
    std::string_view bytes;  // lives until the next read on any connection
  };
  // One read into the buffer that all connections share.
  ReadResult read(ConnectionId id);
  void set_paused(ConnectionId id, bool paused);
  bool is_paused(ConnectionId id) const;

  // --- output -----------------------------------------------------------------------------------
  // Queues bytes, which must stay in place until flush(). Nothing happens when the connection is
  // gone.
  void queue(ConnectionId id, std::string_view bytes);
  // Sends what was queued, one system call for each connection; what the kernel does not take is
  // kept. Appends the connections that turned out to be broken, and those with unsent output.
  void flush(std::vector<ConnectionId>& broken, std::vector<ConnectionId>& unsent);
  // The socket takes more output. False when the connection is broken.
  bool writable(ConnectionId id);
  // Unsent bytes when they rose above the bound (or by another half of it) or fell below half of it
  // since the last call; else nullopt.
  std::optional<uint64_t> backlog_change(ConnectionId id);
  // backlog_change() tells once that unsent output is `at_most` so many bytes. True when it is
  // already: then that is the answer, and it will not be told again.
  bool ask_backlog(ConnectionId id, uint64_t at_most);
  bool has_unsent(ConnectionId id) const;
  uint64_t unsent_bytes(ConnectionId id) const;

  // --- closing ----------------------------------------------------------------------------------
  // With a TCP reset; what was not sent is lost.
  void reset(ConnectionId id);
  // At once and without a reset of ours; for a peer that is gone.
  void drop(ConnectionId id);
  void drop_all();
  // Sends what is unsent, then ends the connection so that the peer surely gets it: the last bytes
  // would be lost if the socket were closed over unread input. Gives up after kLingerTime.
  void close_after_flush(ConnectionId id, MonotonicTime now);
  // Ends a connection whose peer sends nothing more, with fewer calls; false, and nothing is done,
  // when something is unsent or unread.
  bool close_now(ConnectionId id);
  // Input or hang-up of a closing connection: throws it away, and the connection once the peer is
  // gone.
  void discard_input(ConnectionId id);
  // Ends closing connections whose time is over. Returns true while some are left.
  bool expire_closing(MonotonicTime now);
  static constexpr Duration kLingerTime = Duration::from_ms(5000);

 private:
  static constexpr uint32_t kNoChain = 0xFFFFFFFF;
  static constexpr size_t kReadBytes = 128 * 1024;
  struct Unsent {
    std::string bytes;
    size_t sent = 0;
    uint64_t reported = 0;
    std::optional<uint64_t> asked;  // to be reported at so many bytes
    uint64_t size() const { return bytes.size() - sent; }
  };
  struct Slot {
    int fd = -1;
    uint32_t generation = 1;
    uint32_t first_piece = kNoChain, last_piece = kNoChain;
    bool is_closing = false, is_shut = false, is_paused = false;
    std::unique_ptr<Unsent> unsent;
  };
  struct Piece {
    std::string_view bytes;
    uint32_t next = kNoChain;
  };
  struct Closing {
    ConnectionId id;
    MonotonicTime deadline;
  };

  Slot* find(ConnectionId id);
  const Slot* find(ConnectionId id) const;
  std::string_view gathered(Slot& slot);
  bool send(Slot& slot, std::string_view bytes);
  void free(ConnectionId id, Slot& slot);
  void shut_when_sent(Slot& slot);

  const uint64_t output_bytes_high_;
  std::vector<Slot> slots_;
  std::vector<uint32_t> free_slots_;
  size_t open_count_ = 0;
  std::vector<Piece> pieces_;
  std::vector<ConnectionId> queued_;
  std::string gather_buffer_;
  std::unique_ptr<char[]> read_buffer_ = std::make_unique_for_overwrite<char[]>(kReadBytes);
  std::vector<Closing> closing_;
};

}  // namespace zoetrope::net
