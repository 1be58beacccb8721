// A server whose disk completes every operation when the test says so, and whose connections are
// strings: enough to see every byte that a client would.
#pragma once

#include <deque>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "core/node/server.hpp"

namespace zoetrope::node::test {

class Harness {
 public:
  explicit Harness(Config config = {}) : Harness(std::move(config), empty_state(config)) {}
  Harness(Config config, storage::RecoveredState recovered)
      : server_(std::move(config), std::move(recovered), 1, now()) {
    server_.start(now(), effects_);
    carry_out();
    settle();
  }

  static storage::RecoveredState empty_state(const Config& config) {
    storage::RecoveredState state;
    state.tree = tree::Tree({config.digest_enabled, config.extended_types_enabled});
    return state;
  }

  Now now() const {
    return {MonotonicTime::from_ms(clock_ms), WallTime{1'700'000'000'000 + clock_ms}};
  }

  // Raw steps.
  void step(const Input& input) {
    effects_.clear();
    server_.step(now(), input, effects_);
    carry_out();
  }
  ConnectionId open(Endpoint remote = Endpoint::v4(127, 0, 0, 1, 40000),
                    Port port = Port::kClient) {
    const ConnectionId id = ConnectionId::make(next_slot_++, 1);
    step(Opened{id, port, remote, Endpoint::v4(127, 0, 0, 1, 2181)});
    return id;
  }
  // The oldest dial whose answer is out succeeds.
  ConnectionId answer_dial() {
    const ConnectionId id = ConnectionId::make(next_slot_++, 1);
    const uint64_t token = dials.front().token;
    dials.pop_front();
    step(Connected{token, id, Endpoint::v4(127, 0, 0, 1, 2888)});
    return id;
  }
  void receive(ConnectionId id, std::string_view bytes) { step(Received{id, bytes}); }
  void close(ConnectionId id) { step(Closed{id}); }

  // Issues what was gathered and completes disk operations until nothing is under way.
  void settle() {
    step(BatchEnd{});
    while (!disk.empty()) {
      complete_one();
      step(BatchEnd{});
    }
  }
  void complete_one() {
    const uint64_t id = disk.front().id;
    disk.pop_front();
    step(DiskDone{id, std::nullopt});
  }
  // Time passes tick by tick up to `ms` from now.
  void advance(int64_t ms) {
    const int64_t end = clock_ms + ms;
    while (true) {
      const auto deadline = server_.next_deadline();
      if (!deadline || deadline->ms() > end) break;
      clock_ms = std::max(clock_ms, deadline->ms());
      step(Tick{});
      settle();
    }
    clock_ms = end;
  }

  // What was sent to the connection since the last call.
  std::string take(ConnectionId id) { return std::exchange(sent[id], std::string()); }
  bool is_closed(ConnectionId id) const { return closed.contains(id); }
  Server& server() { return server_; }

  int64_t clock_ms = 1000;
  std::deque<storage::DiskOp> disk;  // not yet completed
  std::map<ConnectionId, std::string> sent;
  std::map<ConnectionId, CloseHow> closed;
  std::map<ConnectionId, bool> paused;
  std::vector<std::string> log;
  std::vector<Halt> halts;
  std::deque<Connect> dials;  // neither answered nor abandoned
  int host_facts_queries = 0;

 private:
  void carry_out() {
    for (Effect& effect : effects_.list()) {
      if (auto* send = std::get_if<Send>(&effect)) {
        sent[send->connection] += effects_.bytes(*send);
      } else if (auto* close_effect = std::get_if<Close>(&effect)) {
        closed[close_effect->connection] = close_effect->how;
      } else if (auto* pause = std::get_if<PauseReading>(&effect)) {
        paused[pause->connection] = true;
      } else if (auto* resume = std::get_if<ResumeReading>(&effect)) {
        paused[resume->connection] = false;
      } else if (auto* op = std::get_if<Disk>(&effect)) {
        disk.push_back(std::move(op->op));
      } else if (auto* line = std::get_if<Log>(&effect)) {
        log.push_back(line->text);
      } else if (auto* halt = std::get_if<Halt>(&effect)) {
        halts.push_back(*halt);
      } else if (auto* dial = std::get_if<Connect>(&effect)) {
        dials.push_back(*dial);
      } else if (auto* abandoned = std::get_if<AbandonConnect>(&effect)) {
        std::erase_if(dials, [&](const Connect& d) { return d.token == abandoned->token; });
      } else {
        ++host_facts_queries;
      }
    }
  }

  Effects effects_;
  Server server_;
  uint32_t next_slot_ = 1;
};

}  // namespace zoetrope::node::test
