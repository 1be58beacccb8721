// What a quorum peer needs of the server around it: connections, the log, the tree and the clients.
// node::Server implements it; tests put a scripted one in its place. Calls have no result that can
// fail: what takes time is answered later by one of the peer's inputs (named at each call).
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/ids.hpp"
#include "core/quorum/ensemble.hpp"
#include "core/quorum/packet.hpp"
#include "core/storage/disk.hpp"
#include "core/zab/committed_window.hpp"
#include "core/zab/election_links.hpp"

namespace zoetrope::zab {

// Records of the own log, ascending by zxid; perhaps some from before the one asked for. `gap`: why
// those behind them cannot be had.
struct HistoryPiece {
  struct Record {
    Zxid zxid;
    std::string_view payload;
  };
  std::vector<Record> records;
  std::optional<std::string> gap;
};

class Host {
 public:
  virtual ~Host() = default;

  // --- connections ---------------------------------------------------------------------------
  // Answered by connected() or connect_failed(), unless abandoned.
  virtual void connect(DialToken token, const quorum::HostPort& to) = 0;
  virtual void abandon(DialToken token) = 0;
  // Whether connections to the quorum port are accepted. The election port is always open.
  virtual void listen(bool on) = 0;
  // The same of the port for observers of a follower.
  virtual void listen_for_observers(bool on) = 0;
  // What is appended to the returned string until end_send() goes to `connection`. One at a time.
  virtual std::string& begin_send() = 0;
  virtual void end_send(ConnectionId connection) = 0;
  // After what was sent before. Nothing more is heard of the connection.
  virtual void close(ConnectionId connection) = 0;
  // Answered by backlog() once the connection's unsent output is `at_most` so many bytes.
  virtual void ask_backlog(ConnectionId connection, uint64_t at_most) = 0;
  // Operations of the epoch and configuration files; each is answered by disk_done().
  virtual void disk(std::vector<storage::DiskOp> ops) = 0;
  // Reads the static configuration file; answered by static_config().
  virtual void read_static_config() = 0;
  // This server's own addresses are those of `self` now: its open ports move there.
  virtual void moved(const quorum::Member& self) = 0;
  // A line for the operator.
  virtual void note(bool is_warning, std::string text) = 0;

  // --- history -------------------------------------------------------------------------------
  // Of the newest transaction handed to the log; 0 for none at all.
  virtual Zxid last_logged() const = 0;
  // Every record up to it is durable. What is logged later is told by log_durable().
  virtual Zxid durable() const = 0;
  // Of the newest transaction that the tree has.
  virtual Zxid last_applied() const = 0;
  // The version of the newest configuration that a reconfiguration among these made; 0: none did.
  virtual int64_t configuration_in_history() const = 0;
  // Learner: appends a proposal to the log. Zxids ascend, above last_logged().
  virtual void append(Zxid zxid, std::string_view payload) = 0;
  // Everything logged up to `zxid` is committed: it is applied, in order, once it is durable here.
  virtual void commit(Zxid zxid) = 0;
  // The applied transactions at hand, oldest first; its newest is last_applied() unless empty.
  virtual const CommittedWindow& window() const = 0;
  // Transactions that are logged and not applied, with zxids above `after`, oldest first.
  virtual void visit_unapplied(
      Zxid after, const std::function<void(Zxid, std::string_view payload)>& visit) const = 0;

  // --- being synchronised (learner) ----------------------------------------------------------
  // Cuts the log (and snapshots) behind `last` and recovers from what is left; answered by
  // reloaded(). nullopt: only recovers, dropping what memory alone holds.
  virtual void reload(std::optional<Zxid> last) = 0;
  // A snapshot stream begins, which stands for all transactions up to `zxid`. The log holds nothing
  // beyond it.
  virtual void begin_restore(Zxid zxid) = 0;
  struct Restore {
    size_t consumed = 0;               // of the bytes given
    bool done = false;                 // the stream, its signature included, is at its end
    std::optional<std::string> error;  // it is no snapshot
  };
  // The next bytes of the stream; what is not consumed comes again with more behind it.
  virtual Restore restore(std::string_view bytes) = 0;
  // Writes the restored state as a snapshot of this server; answered by snapshot_persisted(). What
  // is appended meanwhile is written behind it.
  virtual void persist_snapshot() = 0;

  // --- synchronising others (leader) ---------------------------------------------------------
  // Begins a stream of the tree as it stands, in the form that follows SNAP, with its signature.
  // False while another one is under way (also one to the disk): snapshot_possible() tells when to
  // try again.
  virtual bool begin_stream() = 0;
  // Appends about `bytes_min` bytes or more; false when that was the last.
  virtual bool next_piece(std::string& out, size_t bytes_min) = 0;
  // The learner is gone: the stream is dropped.
  virtual void end_stream() = 0;
  // Begins to read the own log on the disk for what follows `after`; one at a time. False when it
  // does not go back so far, or is too long against a snapshot (`snapshot_percent` as
  // RoleConfig::snapshot_factor_percent).
  virtual bool begin_history(Zxid after, int32_t snapshot_percent) = 0;
  // Asks for more of it; answered by history(), with records or with the reason why none come.
  virtual void ask_history() = 0;
  virtual void end_history() = 0;

  // --- service -------------------------------------------------------------------------------
  // The leader is established: clients are served; the next transaction follows `epoch_start`, the
  // zxid of NEWLEADER. All sessions' timers begin anew.
  virtual void lead(Zxid epoch_start) = 0;
  // Synchronised with a leader: clients are served.
  virtual void follow() = 0;
  // Clients are let go, every logged transaction is made durable and applied; answered by
  // at_rest(). Also called when nothing was served. A snapshot that was restored in part is
  // dropped; one that was restored as a whole is persisted first.
  virtual void retire() = 0;

  // Leader: a learner's request (never a sync) came by `learner`, whose sessions are its own.
  virtual void learner_request(ConnectionId learner, const quorum::ForwardedRequest& request,
                               std::optional<std::string_view> auth) = 0;
  // Leader: a session of that learner was heard from. A follower that serves it tells its own
  // leader (take_touched()).
  virtual void learner_touched(ConnectionId learner, SessionId session, int32_t timeout_ms) = 0;
  // Leader: a client came to that learner with an old session. Whether it is open; it is the
  // learner's from then on. At a follower that serves the learner, which is an observer: the
  // session leaves this server if it is here; the answer means nothing.
  virtual bool learner_revalidates(ConnectionId learner, SessionId session, int32_t timeout_ms) = 0;
  // Learner: sessions heard from since the last call, appended as {int64 session, int32 time-out}.
  virtual void take_touched(std::string& out) = 0;
  // Learner: answer to Peer::revalidate().
  virtual void revalidated(SessionId session, bool valid) = 0;
  // The oldest sync asked for by Peer::sync() is done: what was committed before it is committed
  // here (and applied as soon as it is durable).
  virtual void synced() = 0;
};

}  // namespace zoetrope::zab
