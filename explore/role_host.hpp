// What the roles of Zab have around them in an exploration: a log, two epoch files, connections. A
// value (RoleData) holds it, and the host works on the value of the moment. The disk does one thing
// at a time, and only when the exploration says so; what it has not done a crash takes.
#pragma once

#include <deque>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/hash.hpp"
#include "core/storage/disk.hpp"
#include "core/zab/host.hpp"
#include "core/zab/leader.hpp"
#include "core/zab/learner.hpp"
#include "explore/node.hpp"

namespace zoetrope::explore {

struct Record {
  Zxid zxid;
  std::string payload;
};

struct RoleData {
  std::vector<Record> log;
  size_t durable = 0;  // records, from the first on
  // What the disk has as long as a snapshot that came is in memory alone.
  std::optional<std::vector<Record>> log_before_snapshot;
  bool is_persisting = false;
  Zxid applied;
  zab::CommittedWindow window{64, 1 << 20};
  std::map<std::string, std::string> files;  // as they are on the disk
  std::deque<storage::DiskOp> ops;           // asked for

  bool is_listening = false;
  std::map<ConnectionId, int> peers;  // of each connection that stands, or is dialled
  std::optional<std::pair<zab::DialToken, ConnectionId>> dial;
  uint64_t dials = 0;
  bool is_retiring = false;
  bool is_reloading = false;
  std::optional<Zxid> cut;        // of the reload
  std::optional<Zxid> restoring;  // to the snapshot of it
  std::optional<std::string> stream;

  // Ghosts: no part of the server, and no crash takes them.
  int64_t promised = 0;       // the greatest epoch that it counts for
  int64_t promised_term = 0;  // its role then
  int64_t term = 0;           // its roles so far

  Zxid last_logged() const { return log.empty() ? Zxid() : log.back().zxid; }
  Zxid durable_zxid() const { return durable == 0 ? Zxid() : log[durable - 1].zxid; }
  int64_t file(const std::string& name) const;  // -1: none
  void apply_up_to(Zxid zxid);
  // The state that a start finds.
  void recover();
  void add_to(RunningHash& hash) const;
};

// The role of the moment, if there is one. They refer to what stays in its place when a server is
// copied.
struct Roles {
  std::optional<zab::Leader> leader;
  std::optional<zab::Learner> learner;
  bool is_serving() const {
    return (leader && leader->is_serving()) || (learner && learner->is_serving());
  }
  int64_t epoch() const { return leader ? leader->epoch() : learner ? learner->epoch() : 0; }
  void end() {
    leader.reset();
    learner.reset();
  }
};

// One message of a connection: what happens to it, and the bytes.
enum class WireKind : char {
  kConnect = 'C',
  kAccept = 'A',
  kRefuse = 'R',
  kData = 'D',
  kClose = 'X',
};
std::string wire_message(WireKind kind, ConnectionId connection, std::string_view bytes = {});
struct WireMessage {
  WireKind kind = WireKind::kData;
  ConnectionId connection;
  std::string_view bytes;
};
WireMessage read_wire_message(std::string_view message);
// A server's connections, one after the other, take turns: what an older one carries may come
// later.
inline int lane_of(ConnectionId connection) {
  return static_cast<int>(connection.generation()) % kLanes;
}

class RoleHost final : public zab::Host {
 public:
  explicit RoleHost(int self) : self_(self) {}
  // Before each event: what it works on, for whom.
  void work_on(RoleData& data, const Roles& roles, Step& step) {
    data_ = &data;
    roles_ = &roles;
    step_ = &step;
  }
  RoleData& data() { return *data_; }
  void say(int to, WireKind kind, ConnectionId connection, std::string_view bytes = {});
  // Everything that is applied here counts as committed in `epoch`.
  void tell_committed(int64_t epoch) const;

  // --- zab::Host ---------------------------------------------------------------------------------
  void connect(zab::DialToken token, const quorum::HostPort& to) override;
  void abandon(zab::DialToken token) override;
  void listen(bool on) override { data_->is_listening = on; }
  void listen_for_observers(bool) override {}
  std::string& begin_send() override;
  void end_send(ConnectionId connection) override;
  void close(ConnectionId connection) override;
  void ask_backlog(ConnectionId, uint64_t) override {}
  void disk(std::vector<storage::DiskOp> ops) override;
  void read_static_config() override {}
  void moved(const quorum::Member&) override {}
  void note(bool, std::string) override {}
  Zxid last_logged() const override { return data_->last_logged(); }
  Zxid durable() const override { return data_->durable_zxid(); }
  Zxid last_applied() const override { return data_->applied; }
  int64_t configuration_in_history() const override { return 0; }
  void append(Zxid zxid, std::string_view payload) override;
  void commit(Zxid zxid) override;
  const zab::CommittedWindow& window() const override { return data_->window; }
  void visit_unapplied(
      Zxid after, const std::function<void(Zxid, std::string_view payload)>& visit) const override;
  void reload(std::optional<Zxid> last) override;
  void begin_restore(Zxid zxid) override { data_->restoring = zxid; }
  Restore restore(std::string_view bytes) override;
  void persist_snapshot() override { data_->is_persisting = true; }
  bool begin_stream() override;
  bool next_piece(std::string& out, size_t bytes_min) override;
  void end_stream() override { data_->stream.reset(); }
  bool begin_history(Zxid, int32_t) override { return false; }
  void ask_history() override {}
  void end_history() override {}
  void lead(Zxid epoch_start) override;
  void follow() override;
  void retire() override { data_->is_retiring = true; }
  void learner_request(ConnectionId, const quorum::ForwardedRequest&,
                       std::optional<std::string_view>) override {}
  void learner_touched(ConnectionId, SessionId, int32_t) override {}
  bool learner_revalidates(ConnectionId, SessionId, int32_t) override { return false; }
  void take_touched(std::string&) override {}
  void revalidated(SessionId, bool) override {}
  void synced() override {}

 private:
  void check(const quorum::Packet& packet);
  void check_promise(int64_t epoch, const std::string& what);
  void tell_committed(int64_t epoch, const Record& record) const;

  const int self_;
  RoleData* data_ = nullptr;
  const Roles* roles_ = nullptr;
  Step* step_ = nullptr;
  std::string out_;
};

}  // namespace zoetrope::explore
