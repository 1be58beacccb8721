// Builds small histories for the tests of the checkers: every call happens one millisecond after
// the one before. Owns the history under construction.
#pragma once

#include <string>
#include <vector>

#include "properties/history.hpp"
#include "properties/property.hpp"

namespace zoetrope::properties {

using Check = void (*)(const History&, Findings&);

inline std::vector<Violation> violations(Check check, const History& history) {
  Findings findings("test");
  check(history, findings);
  return findings.take();
}

class Story {
 public:
  Story() {
    history.operations.reserve(64);  // references to operations stay valid
    history.has_committed = true;
    history.setup.tick_time_ms = 1000;
    history.server_events.push_back({ServerId(1), ServerEventKind::kStarted, moment()});
  }

  Moment moment() {
    now_ms += 1;
    return {MonotonicTime::from_ms(now_ms), ++sequence};
  }
  void wait_ms(int64_t ms) { now_ms += ms; }

  // A connection of a session, established; its number.
  uint32_t connect(int64_t session, int32_t timeout_ms = 4000, int64_t requested = 0) {
    Connection connection;
    connection.client = static_cast<uint32_t>(history.connections.size());
    connection.requested_session = SessionId(requested);
    connection.opened = moment();
    connection.established = moment();
    connection.session = SessionId(session);
    connection.timeout_ms = timeout_ms;
    history.connections.push_back(connection);
    return static_cast<uint32_t>(history.connections.size() - 1);
  }

  Operation& send(uint32_t connection, int32_t xid, OpKind kind, std::string path = "") {
    Operation& op = history.operations.emplace_back();
    op.client = history.connections[connection].client;
    op.connection = connection;
    op.session = history.connections[connection].session;
    op.xid = Xid(xid);
    op.args.kind = kind;
    op.args.path = std::move(path);
    op.args.acl = open_acl();
    op.invoked = moment();
    return op;
  }
  Operation& answer(Operation& op, int64_t zxid, ErrorCode error = ErrorCode::kOk) {
    op.completed = moment();
    op.zxid = Zxid(zxid);
    op.result.error = error;
    return op;
  }
  CommittedTxn& commit(const Operation& op, int64_t zxid, ErrorCode error = ErrorCode::kOk) {
    CommittedTxn& txn = history.committed.emplace_back();
    txn.zxid = Zxid(zxid);
    txn.session = op.session;
    txn.cxid = op.xid.value;
    txn.time_ms = 1000 * zxid;
    txn.type = error != ErrorCode::kOk                 ? kTxnError
               : op.args.kind == OpKind::kCloseSession ? kTxnCloseSession
                                                       : 1;
    txn.error = error;
    txn.applied = MonotonicTime::from_ms(now_ms);
    return txn;
  }
  // A session's end by expiry.
  CommittedTxn& expire(int64_t session, int64_t zxid) {
    CommittedTxn& txn = history.committed.emplace_back();
    txn.zxid = Zxid(zxid);
    txn.session = SessionId(session);
    txn.type = kTxnCloseSession;
    txn.applied = moment().at;
    return txn;
  }

  // Sent, committed and answered.
  Operation& write(uint32_t connection, int32_t xid, OpKind kind, std::string path, int64_t zxid,
                   ErrorCode error = ErrorCode::kOk) {
    Operation& op = send(connection, xid, kind, std::move(path));
    commit(op, zxid, error);
    return answer(op, zxid, error);
  }
  Operation& create(uint32_t connection, int32_t xid, std::string path, int64_t zxid,
                    NodeMode mode = NodeMode::kPersistent) {
    Operation& op = write(connection, xid, OpKind::kCreate, path, zxid);
    op.args.mode = mode;
    op.args.data = "d";
    op.result.path = std::move(path);
    return op;
  }
  Operation& read(uint32_t connection, int32_t xid, OpKind kind, std::string path, int64_t zxid,
                  ErrorCode error = ErrorCode::kOk) {
    return answer(send(connection, xid, kind, std::move(path)), zxid, error);
  }
  WatchEvent& event(uint32_t connection, int64_t zxid, EventType type, std::string path) {
    WatchEvent& event = history.events.emplace_back();
    event.connection = connection;
    event.received = moment();
    event.zxid = Zxid(zxid);
    event.type = type;
    event.path = std::move(path);
    return event;
  }
  History& end() {
    history.end = MonotonicTime::from_ms(now_ms);
    return history;
  }

  // The Stat of a persistent znode created by this story at `zxid` with one byte of data.
  static Stat fresh_stat(int64_t zxid) {
    Stat stat;
    stat.czxid = stat.mzxid = stat.pzxid = zxid;
    stat.ctime = stat.mtime = 1000 * zxid;
    stat.data_length = 1;
    return stat;
  }

  History history;
  int64_t now_ms = 0;
  uint64_t sequence = 0;
};

}  // namespace zoetrope::properties
