// The server around a leader, as a script: a log whose disk is as fast as the test says, a tree
// that is only a zxid, connections that keep what was sent.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/zab/host.hpp"

namespace zoetrope::zab {

class ScriptedHost final : public Host {
 public:
  struct Connection {
    std::string sent;
    bool is_closed = false;
  };
  struct Record {
    Zxid zxid;
    std::string payload;
  };

  // --- what the test does --------------------------------------------------------------------
  // A transaction that is logged, durable and applied.
  void settle(Zxid zxid, std::string payload);
  void log(Zxid zxid, std::string payload) { records.push_back({zxid, std::move(payload)}); }
  // The disk has everything up to it; what is committed is applied.
  void make_durable(Zxid zxid);

  // --- what the test looks at ----------------------------------------------------------------
  std::map<ConnectionId, Connection> connections;
  std::vector<Record> records;
  Zxid durable_zxid, committed, applied;
  CommittedWindow committed_window{500, 1 << 20};
  std::vector<storage::DiskOp> ops;
  std::vector<std::string> notes;
  bool is_listening = false;
  bool stream_allowed = true;
  size_t stream_bytes = 300'000;  // all of them 's'
  size_t piece_bytes_max = SIZE_MAX;
  std::optional<size_t> stream_left;
  // The log on the disk: what may be read of it, and the walk under way.
  bool history_allowed = false;
  std::optional<Zxid> history_after;
  bool history_asked = false;
  std::optional<Zxid> led;
  uint64_t syncs = 0;
  std::vector<std::pair<ConnectionId, uint64_t>> backlog_asks;
  std::vector<std::string> calls;  // of learners: requests, touched sessions, revalidations
  std::function<void()> on_request, on_commit, on_lead, on_synced;

  // --- Host ----------------------------------------------------------------------------------
  void connect(DialToken, const quorum::HostPort&) override;
  void abandon(DialToken) override;
  void listen(bool on) override { is_listening = on; }
  void listen_for_observers(bool) override {}
  std::string& begin_send() override;
  void end_send(ConnectionId connection) override;
  void close(ConnectionId connection) override;
  void ask_backlog(ConnectionId connection, uint64_t at_most) override {
    backlog_asks.emplace_back(connection, at_most);
  }
  void disk(std::vector<storage::DiskOp> more) override;
  void read_static_config() override { calls.emplace_back("read static config"); }
  void moved(const quorum::Member&) override {}
  void note(bool, std::string text) override { notes.push_back(std::move(text)); }
  Zxid last_logged() const override { return records.empty() ? Zxid() : records.back().zxid; }
  Zxid durable() const override { return durable_zxid; }
  int64_t configuration_in_history() const override { return 0; }
  Zxid last_applied() const override { return applied; }
  void append(Zxid, std::string_view) override;
  void commit(Zxid zxid) override;
  const CommittedWindow& window() const override { return committed_window; }
  void visit_unapplied(
      Zxid after, const std::function<void(Zxid, std::string_view payload)>& visit) const override;
  void reload(std::optional<Zxid>) override;
  void begin_restore(Zxid) override;
  Restore restore(std::string_view) override;
  void persist_snapshot() override;
  bool begin_stream() override;
  bool next_piece(std::string& out, size_t bytes_min) override;
  void end_stream() override;
  bool begin_history(Zxid after, int32_t snapshot_percent) override;
  void ask_history() override;
  void end_history() override;
  void lead(Zxid epoch_start) override;
  void follow() override;
  void retire() override;
  void learner_request(ConnectionId learner, const quorum::ForwardedRequest& request,
                       std::optional<std::string_view> auth) override;
  void learner_touched(ConnectionId learner, SessionId session, int32_t timeout_ms) override;
  bool learner_revalidates(ConnectionId learner, SessionId session, int32_t timeout_ms) override;
  void take_touched(std::string&) override;
  void revalidated(SessionId, bool) override;
  void synced() override;

 private:
  void apply();

  std::string outgoing_;
  bool is_sending_ = false;
};

}  // namespace zoetrope::zab
