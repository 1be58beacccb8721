// One client connection as the engine sees it, and the table of all. An idle connection owns no
// buffer: what it keeps is this struct.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "core/base/endpoint.hpp"
#include "core/base/error.hpp"
#include "core/base/ids.hpp"
#include "core/base/time.hpp"
#include "core/jute/opcode.hpp"
#include "core/jute/records.hpp"
#include "core/wire/frame.hpp"

namespace zoetrope {
class StateArchive;
}

namespace zoetrope::node {

// A request that waits for its turn: a write until its transaction is committed, anything else
// until the writes before it are.
struct QueuedRequest {
  Xid xid;
  jute::OpCode type = jute::OpCode::kNotification;
  bool is_write = false;
  // Of a read; a write lives on in its transaction, but for one that waits for the next epoch, or
  // may come to.
  std::string body;
  std::shared_ptr<const std::vector<jute::Id>> ids;
  MonotonicTime received;
  // Of what is no write: it is answered with this error in its turn and not carried out. A read is
  // refused whose session was over when it came; one that closes while a read waits in the queue
  // still has that read answered, as what it sent before its closeSession.
  ErrorCode refused = ErrorCode::kOk;
  int64_t large_bytes = 0;  // of a large request: its size
};

// First in, first out; keeps little memory when empty.
class RequestQueue {
 public:
  bool empty() const { return head_ == items_.size(); }
  size_t size() const { return items_.size() - head_; }
  QueuedRequest& front() { return items_[head_]; }
  const QueuedRequest& at(size_t i) const { return items_[head_ + i]; }
  void push(QueuedRequest request) { items_.push_back(std::move(request)); }
  void pop() {
    if (++head_ != items_.size()) {
      items_[head_ - 1].body = std::string();
      return;
    }
    items_.clear();
    head_ = 0;
  }
  // For a connection that has gone quiet.
  void release_memory() {
    if (empty()) std::vector<QueuedRequest>().swap(items_);
  }
  void carry_state(StateArchive& archive);

 private:
  std::vector<QueuedRequest> items_;
  size_t head_ = 0;
};

enum class ConnectionState : uint8_t {
  kFresh,       // nothing but four-letter words and a ConnectRequest are understood
  kConnecting,  // its session's createSession is on its way
  kOpen,        // has a session
  kClosing,     // to be forgotten at the end of the step
};

// Why a connection is not read; reading goes on when no reason is left.
enum PauseReason : uint8_t {
  kPauseHandshake = 1,
  kPauseOutstanding = 2,  // too many requests outstanding in the whole server
  kPauseOutput = 4,       // it does not take its replies
  kPauseShutdown = 8,
  kPauseEpoch = 16,  // it has not said who it is, and waits for the next epoch
};

// For `cons` and `stat`; times in ms, -1 until there is one.
struct ConnectionStats {
  int64_t received = 0, sent = 0;
  int64_t established_ms = 0;
  int64_t latency_min = -1, latency_max = 0, latency_sum = 0, latency_count = 0;
  int64_t last_response_ms = 0, last_latency = 0;
  int64_t last_zxid = -1;
  int32_t last_cxid = -1;
  jute::OpCode last_op = jute::OpCode::kNotification;
};

struct Connection {
  ConnectionId id;
  ConnectionState state = ConnectionState::kFresh;
  uint8_t paused = 0;
  bool touched = false;        // since the leader was told last; of learners only
  bool is_superseded = false;  // its session acts by another server; of learners only
  bool read_only_byte = true;  // whether the ConnectRequest had it; the answer has it then too
  int32_t timeout_ms = 0;
  uint32_t stalled = 0;  // its requests in front of the pipeline
  SessionId session;
  // Transactions up to this one answer nothing that came by this connection: it is a session's
  // later connection. Of learners only.
  Zxid answers_after;
  Endpoint remote;
  wire::FrameCutter input;
  RequestQueue queue;
  std::shared_ptr<const std::vector<jute::Id>> ids;
  ConnectionStats stats;
};

class ConnectionTable {
 public:
  Connection& open(ConnectionId id, const Endpoint& remote);
  // nullptr when there is none or it is closing.
  Connection* find(ConnectionId id) const;
  void erase(ConnectionId id);
  size_t size() const { return size_; }
  size_t count_from(const Endpoint& remote) const;
  void carry_state(StateArchive& archive);
  // Ascending by slot.
  template <class Visit>
  void for_each(Visit&& visit) const {
    for (const auto& connection : slots_) {
      if (connection != nullptr && connection->state != ConnectionState::kClosing)
        visit(*connection);
    }
  }

 private:
  std::vector<std::unique_ptr<Connection>> slots_;
  std::map<std::array<uint8_t, 16>, uint32_t> per_address_;
  size_t size_ = 0;
};

}  // namespace zoetrope::node
