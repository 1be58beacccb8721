// What a server wants done: the closed list of effects of step(), in the order in which they are to
// be done. Sent bytes lie in one arena, so that the hot path allocates nothing.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "core/base/ids.hpp"
#include "core/node/input.hpp"
#include "core/quorum/ensemble.hpp"
#include "core/storage/disk.hpp"

namespace zoetrope::node {

// Bytes for a connection: arena()[offset, offset + length). Sends to one connection keep their
// order.
struct Send {
  ConnectionId connection;
  uint32_t offset = 0;
  uint32_t length = 0;
};
enum class CloseHow : uint8_t {
  kAfterFlush,  // what was sent before goes out first
  kFinished,    // the same, and the peer has said that it sends nothing more
  kReset,       // at once, with a TCP reset
};
struct Close {
  ConnectionId connection;
  CloseHow how = CloseHow::kAfterFlush;
};
// Stop or go on delivering Received for a connection. A driver may still deliver what it has read.
struct PauseReading {
  ConnectionId connection;
};
struct ResumeReading {
  ConnectionId connection;
};
// Report the connection's unsent output (a Backlog) once it is `at_most` so many bytes, which it
// may be already.
struct AskBacklog {
  ConnectionId connection;
  uint64_t at_most = 0;
};
struct Disk {
  storage::DiskOp op;
};
// Read a piece of a file whose contents there are durable, while others may be written behind it.
// Answered by FileRead with the same token; other operations never wait for it.
struct ReadFile {
  uint64_t token = 0;
  storage::FileName file;
  uint64_t offset = 0;
  uint64_t length = 0;
};
// Connect to a port of another server. Answered by Connected or ConnectFailed with the same token,
// unless an AbandonConnect came before.
struct Connect {
  uint64_t token = 0;
  quorum::HostPort to;
};
// The answer is of no interest any more; a connection that comes about is closed unheard of.
struct AbandonConnect {
  uint64_t token = 0;
};
// Accept connections at a port of the server, or stop it and refuse them as if nobody was there.
// Connections that are open stay. At the start the client port alone is open.
struct Listen {
  Port port = Port::kQuorum;
  bool on = true;
};
// The port is at these addresses now: an open one is closed there and opened here; connections that
// are open stay. One that is closed is opened here when it is asked for.
struct Rebind {
  Port port = Port::kClient;
  std::vector<quorum::HostPort> addresses;
};
// Cut the history on the disk behind `last`, if one is given, and recover as at start; answered by
// Reloaded. No operation of the disk is under way then. A driver that cannot do it stops.
struct Reload {
  std::optional<Zxid> last;
};
// The server wants HostFacts.
struct HostFactsQuery {};
enum class Severity : uint8_t { kInfo, kWarning, kError };
// A line for the operator's log.
struct Log {
  Severity severity = Severity::kInfo;
  std::string text;
};
// The server is done: after an orderly stop (clean) or because it cannot go on (a failed disk).
struct Halt {
  bool clean = true;
  std::string reason;
};

using Effect =
    std::variant<Send, Close, PauseReading, ResumeReading, AskBacklog, Disk, ReadFile, Connect,
                 AbandonConnect, Listen, Rebind, Reload, HostFactsQuery, Log, Halt>;

class Effects {
 public:
  // The bytes appended to the returned string until end_send() are sent to `connection`.
  std::string& begin_send() {
    send_start_ = arena_.size();
    return arena_;
  }
  // The same string again, within one begin_send() and end_send().
  std::string& sending() { return arena_; }
  void end_send(ConnectionId connection) {
    const auto length = static_cast<uint32_t>(arena_.size() - send_start_);
    if (length == 0) return;
    if (!list_.empty()) {
      Send* last = std::get_if<Send>(&list_.back());
      if (last != nullptr && last->connection == connection &&
          last->offset + last->length == send_start_) {
        last->length += length;
        return;
      }
    }
    list_.push_back(Send{connection, static_cast<uint32_t>(send_start_), length});
  }
  void send(ConnectionId connection, std::string_view bytes) {
    begin_send().append(bytes);
    end_send(connection);
  }
  void add(Effect effect) { list_.push_back(std::move(effect)); }
  void log(Severity severity, std::string text) { add(Log{severity, std::move(text)}); }

  std::vector<Effect>& list() { return list_; }
  const std::vector<Effect>& list() const { return list_; }
  std::string_view bytes(const Send& send) const {
    return std::string_view(arena_).substr(send.offset, send.length);
  }
  size_t byte_count() const { return arena_.size(); }  // of all that is sent
  bool empty() const { return list_.empty(); }
  // Keeps its memory up to a bound, so that one burst is not paid for ever.
  void clear();

 private:
  std::vector<Effect> list_;
  std::string arena_;
  size_t send_start_ = 0;
};

}  // namespace zoetrope::node
