// Scopes of a few states, in which everything can be counted by hand.
#pragma once

#include <functional>
#include <string>

#include "core/base/hash.hpp"
#include "explore/scope.hpp"

namespace zoetrope::explore {

// Tells everybody a number when it starts, and keeps the order of those it hears; ends established
// under server 1. What it hears survives no crash.
class Toy final : public Node {
 public:
  Toy(int servers, int self) : servers_(servers), self_(self) {}
  std::unique_ptr<Node> clone() const override { return std::make_unique<Toy>(*this); }
  void start(Step& step) override { say(step); }
  void receive(int from, int lane, std::string_view bytes, Step& step) override {
    heard_ += std::to_string(from + 1) + (lane == 1 ? "'" : "");
    if (bytes == "lead") {
      step.facts.push_back({.kind = Fact::Kind::kLeads, .server = self_, .epoch = 7});
    }
    if (on_receive) on_receive(heard_, step);
  }
  void lost(int peer, int, Step&) override { heard_ += "-" + std::to_string(peer + 1); }
  void found(int peer, Step& step) override {
    heard_ += "+" + std::to_string(peer + 1);
    step.sends.push_back({peer, 0, "again"});
  }
  std::vector<uint8_t> own_events() const override {
    return has_own && own_left_ ? std::vector<uint8_t>{3} : std::vector<uint8_t>{};
  }
  void own(uint8_t, Step& step) override {
    own_left_ = false;
    heard_ += "o";
    for (int to = 0; to < servers_; ++to) {
      if (to != self_) step.sends.push_back({to, own_lane, lead ? "lead" : "own"});
    }
  }
  std::string name_of_own(uint8_t) const override { return "does something"; }
  std::string name_of_message(std::string_view bytes) const override { return std::string(bytes); }
  void crash() override { heard_.clear(); }
  void restart(Step& step) override { say(step); }
  void silence(const Silence& seen, Step&) override { heard_ += seen.has_quorum ? "S" : "s"; }
  Standing standing() const override { return {!is_stuck, is_stuck ? -1 : 0, !is_stuck, 1}; }
  std::string to_string() const override { return heard_; }
  uint64_t fingerprint() const override {
    RunningHash hash;
    hash.add(heard_);
    hash.add(uint64_t{own_left_} << 8 | static_cast<uint64_t>(self_));
    return hash.value();
  }

  bool has_own = false;
  int own_lane = 0;
  bool lead = false;
  bool is_stuck = false;
  std::function<void(const std::string& heard, Step& step)> on_receive;

 private:
  void say(Step& step) const {
    for (int to = 0; to < servers_; ++to) {
      if (to != self_) step.sends.push_back({to, 0, "hello"});
    }
  }

  int servers_;
  int self_;
  std::string heard_;
  bool own_left_ = true;
};

// Nobody has to lead in it.
inline Scope toy_scope(int servers, int crashes,
                       const std::function<void(Toy&, int)>& change = {}) {
  Scope scope{.name = "toy", .title = "a toy", .bounds = {}, .must_lead = false, .make_node = {}};
  scope.bounds.servers = servers;
  scope.bounds.crashes = crashes;
  scope.make_node = [change](const Bounds& bounds, int server) {
    auto toy = std::make_unique<Toy>(bounds.servers, server);
    if (change) change(*toy, server);
    return toy;
  };
  return scope;
}

}  // namespace zoetrope::explore
