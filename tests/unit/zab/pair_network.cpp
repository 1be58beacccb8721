// Ordered pairs of servers, each with a queue of one message and what is in flight: what election
// connections amount to, without the connections.
#include <map>
#include <utility>

#include "tests/unit/zab/election_world.hpp"

namespace zoetrope::zab {

namespace {

class PairNetwork final : public Network {
 public:
  PairNetwork(const std::vector<ServerId>& ids, Random random, Duration delay_max)
      : random_(random), delay_max_(delay_max) {
    for (ServerId from : ids) {
      for (ServerId to : ids) {
        if (from != to) pairs_[{from, to}];
      }
    }
  }

  void start(ServerId id, MonotonicTime now) override {
    up_[id] = true;
    for (auto& [ends, pair] : pairs_) {
      if (ends.first == id || ends.second == id) try_to_connect(ends, pair, now);
    }
  }

  void crash(ServerId id, MonotonicTime) override {
    up_[id] = false;
    for (auto& [ends, pair] : pairs_) {
      if (ends.first != id && ends.second != id) continue;
      disconnect(pair);
      if (ends.first == id) pair = Pair{.is_cut = pair.is_cut};
    }
  }

  void send(ServerId from, ServerId to, const quorum::Notification& n, MonotonicTime now) override {
    Pair& pair = pairs_.at({from, to});
    pair.waiting = n;
    if (pair.is_connected) flush({from, to}, pair, now);
  }

  bool is_delivered(ServerId from) const override {
    bool any = false;
    for (const auto& [ends, pair] : pairs_) {
      if (ends.first == from && !pair.waiting.has_value()) any = true;
    }
    return any || pairs_.empty();
  }

  void set_cut(ServerId a, ServerId b, bool cut, MonotonicTime now) override {
    for (Ends ends : {Ends{a, b}, Ends{b, a}}) {
      Pair& pair = pairs_.at(ends);
      pair.is_cut = cut;
      if (cut) {
        disconnect(pair);
      } else {
        try_to_connect(ends, pair, now);
      }
    }
  }

  void break_connection(ServerId a, ServerId b, MonotonicTime now) override {
    for (Ends ends : {Ends{a, b}, Ends{b, a}}) {
      Pair& pair = pairs_.at(ends);
      disconnect(pair);
      try_to_connect(ends, pair, now);
    }
  }

  std::optional<MonotonicTime> next_event() const override {
    if (events_.empty()) return std::nullopt;
    return events_.begin()->first.first;
  }

  void run_until(MonotonicTime now, const Deliver& deliver) override {
    while (!events_.empty() && events_.begin()->first.first <= now) {
      const Event event = events_.begin()->second;
      const MonotonicTime time = events_.begin()->first.first;
      events_.erase(events_.begin());
      Pair& pair = pairs_.at(event.ends);
      if (pair.generation != event.generation) continue;
      if (event.message.has_value()) {
        deliver(event.ends.second, event.ends.first, *event.message);
      } else {
        // A fresh connection: what waits, or else what was said last.
        pair.is_connected = true;
        pair.last_arrival = time;
        if (!pair.waiting.has_value()) pair.waiting = pair.last;
        flush(event.ends, pair, time);
      }
    }
  }

  uint64_t fingerprint() const override { return events_.size(); }

 private:
  using Ends = std::pair<ServerId, ServerId>;
  struct Pair {
    bool is_cut = false;
    bool is_connected = false;
    uint64_t generation = 0;
    std::optional<quorum::Notification> waiting = std::nullopt;
    std::optional<quorum::Notification> last = std::nullopt;
    MonotonicTime last_arrival{};
  };
  struct Event {
    Ends ends;
    uint64_t generation = 0;
    std::optional<quorum::Notification> message;  // none: the connection is up
  };

  MonotonicTime some_time_from(MonotonicTime now) {
    return now + Duration{random_.between(1, delay_max_.ns)};
  }

  void disconnect(Pair& pair) {
    pair.is_connected = false;
    pair.generation = ++generations_;
  }

  void try_to_connect(const Ends& ends, Pair& pair, MonotonicTime now) {
    if (pair.is_cut || !up_[ends.first] || !up_[ends.second]) return;
    pair.generation = ++generations_;
    events_[{some_time_from(now), ++sequence_}] = {
        .ends = ends, .generation = pair.generation, .message = std::nullopt};
  }

  void flush(const Ends& ends, Pair& pair, MonotonicTime now) {
    if (!pair.waiting.has_value()) return;
    MonotonicTime arrival = some_time_from(now);
    if (arrival < pair.last_arrival) arrival = pair.last_arrival;
    pair.last_arrival = arrival;
    events_[{arrival, ++sequence_}] = {
        .ends = ends, .generation = pair.generation, .message = pair.waiting};
    pair.last = std::exchange(pair.waiting, std::nullopt);
  }

  Random random_;
  Duration delay_max_;
  std::map<Ends, Pair> pairs_;
  std::map<ServerId, bool> up_;
  std::map<std::pair<MonotonicTime, uint64_t>, Event> events_;
  uint64_t sequence_ = 0;
  uint64_t generations_ = 0;
};

}  // namespace

std::unique_ptr<Network> make_pair_network(const std::vector<ServerId>& ids, Random random,
                                           Duration delay_max) {
  return std::make_unique<PairNetwork>(ids, random, delay_max);
}

}  // namespace zoetrope::zab
