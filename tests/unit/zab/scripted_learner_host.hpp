// The server around a learner, as a test plays it: a log, epoch files and snapshots whose writes
// are durable when the test says so, and a record of what was sent. What Zab forbids to say is
// noted as a violation at the moment at which it is sent.
#pragma once

#include <deque>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/zab/epoch_files.hpp"
#include "core/zab/host.hpp"
#include "core/zab/learner.hpp"

namespace zoetrope::zab {

struct SentPacket {
  quorum::PacketType type = quorum::PacketType::kPing;
  Zxid zxid;
  std::optional<std::string> data;
  std::optional<std::string> auth;
  bool operator==(const SentPacket&) const = default;
};

// A snapshot stream is made of words of four bytes; this one is its last.
constexpr std::string_view kSnapshotEnd = "end.";
constexpr std::string_view kSnapshotWord = "tree";

class ScriptedLearnerHost : public Host {
 public:
  struct Record {
    Zxid zxid;
    std::string payload;
  };

  // --- what the test looks at
  std::vector<std::pair<DialToken, quorum::HostPort>> dials;
  std::vector<DialToken> abandoned;
  std::vector<ConnectionId> closed;
  std::vector<SentPacket> sent;
  std::vector<std::string> calls;  // of the other kinds, in order: "append 0x100000001", ...
  std::vector<std::string> violations;
  std::vector<Record> log;
  std::vector<std::string> notes;
  bool wants_reload = false;
  bool wants_persist = false;
  std::deque<storage::DiskOp> disk_ops;

  // --- what the test decides
  std::string touched;
  Zxid snapshot;     // the tree behind which the log begins
  Zxid durable_log;  // at most last_logged()
  int64_t leader_epoch = 0;
  Zxid needed_by_leader;  // has to be durable when ACK(NEWLEADER) is sent
  std::map<std::string, std::string> files = {{"acceptedEpoch", "0"}, {"currentEpoch", "0"}};
  // Carries out the oldest operation; its id.
  uint64_t complete_disk_op();
  void complete_reload();
  void complete_persist();
  int64_t file(const std::string& name) const;  // -1: none

  void connect(DialToken token, const quorum::HostPort& to) override;
  void abandon(DialToken token) override { abandoned.push_back(token); }
  void listen(bool) override { calls.push_back("listen"); }
  void listen_for_observers(bool) override { calls.push_back("listen for observers"); }
  std::string& begin_send() override;
  void end_send(ConnectionId connection) override;
  void close(ConnectionId connection) override { closed.push_back(connection); }
  void ask_backlog(ConnectionId, uint64_t) override {}
  void disk(std::vector<storage::DiskOp> ops) override;
  void read_static_config() override {}
  void moved(const quorum::Member&) override {}
  void note(bool, std::string text) override { notes.push_back(std::move(text)); }
  Zxid last_logged() const override { return log.empty() ? snapshot : log.back().zxid; }
  Zxid durable() const override { return durable_log; }
  int64_t configuration_in_history() const override { return 0; }
  Zxid last_applied() const override { return last_logged(); }
  void append(Zxid zxid, std::string_view payload) override;
  void commit(Zxid zxid) override;
  const CommittedWindow& window() const override { return window_; }
  void visit_unapplied(Zxid, const std::function<void(Zxid, std::string_view)>&) const override {}
  void reload(std::optional<Zxid> last) override;
  void begin_restore(Zxid zxid) override;
  Restore restore(std::string_view bytes) override;
  void persist_snapshot() override;
  bool begin_stream() override { return false; }
  bool next_piece(std::string&, size_t) override { return false; }
  void end_stream() override {}
  bool begin_history(Zxid, int32_t) override { return false; }
  void ask_history() override {}
  void end_history() override {}
  void lead(Zxid) override { calls.push_back("lead"); }
  void follow() override { calls.push_back("follow"); }
  void retire() override { calls.push_back("retire"); }
  void learner_request(ConnectionId, const quorum::ForwardedRequest&,
                       std::optional<std::string_view>) override {}
  void learner_touched(ConnectionId, SessionId, int32_t) override {}
  bool learner_revalidates(ConnectionId, SessionId, int32_t) override { return false; }
  void take_touched(std::string& out) override;
  void revalidated(SessionId session, bool valid) override;
  void synced() override { calls.push_back("synced"); }

 private:
  void check(const SentPacket& packet);

  std::string out_;
  bool is_sending_ = false;
  std::optional<Zxid> cut_;
  std::optional<Zxid> restoring_;
  Zxid committed_;
  bool has_acked_leader_ = false;
  CommittedWindow window_{1, 1};
};

// Server 1 of three, a learner of server 3, and server 4 that observes. The test plays the leader.
class LearnerBench {
 public:
  struct Setup {
    int64_t self = 1;
    Epochs epochs;
    Zxid last_logged;
    int64_t leader = 3;
  };
  explicit LearnerBench(const Setup& setup);

  ScriptedLearnerHost host;
  RoleConfig config;
  Ensembles ensembles;
  Configuration configuration{config, ensembles, {}, host};
  EpochFiles epochs;
  uint64_t next_token = 1000;
  MonotonicTime now = MonotonicTime::from_ms(1'000'000);
  std::optional<Learner> learner;

  void begin();    // and the connection stands
  void promise();  // and LEADERINFO of the epoch after acceptedEpoch is answered
  // Everything up to the ACK(NEWLEADER) of a DIFF that brings nothing.
  void adopt();
  void serve();  // and UPTODATE
  void feed(std::string_view bytes);
  void feed(quorum::PacketType type, Zxid zxid, jute::BufferView data = std::nullopt);
  void propose(Zxid zxid);
  void complete_disk();     // all operations of the epoch files
  void complete_disk_op();  // one
  void make_durable(Zxid zxid);
  void make_durable() { make_durable(host.last_logged()); }
  void reloaded();
  void persisted();
  void pass(int64_t ms);
  // The zxids of the ACKs sent so far.
  std::vector<Zxid> acks() const;
  std::string over() const { return learner->over().value_or("not over"); }
  int64_t epoch() const { return host.leader_epoch; }

  static constexpr ConnectionId kConnection{77};
};

std::string packet(quorum::PacketType type, Zxid zxid, jute::BufferView data = std::nullopt);
std::string leader_info(int64_t epoch, int32_t version = 0x10000);
// Payload of a transaction that opens a session, and of one that changes the configuration.
std::string session_txn(Zxid zxid);
std::string reconfig_txn(Zxid zxid, std::string_view config);
// Payload with the designated leader before it.
std::string with_designated(int64_t leader, std::string_view payload = {});
std::string ensemble_text(int64_t version);
std::string hex_of(Zxid zxid);

}  // namespace zoetrope::zab
