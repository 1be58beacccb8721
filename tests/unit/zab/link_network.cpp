// Election links over simulated connections: connects that are slow, refused or never answered,
// bytes in pieces, ends that learn late or not at all that the other is gone.
#include <map>
#include <utility>
#include <variant>

#include "core/base/assert.hpp"
#include "core/zab/election_links.hpp"
#include "tests/unit/zab/election_world.hpp"

namespace zoetrope::zab {

namespace {

class LinkNetwork final : public Network {
 public:
  LinkNetwork(const quorum::Ensemble& ensemble, Random random, Duration delay_max)
      : ensemble_(ensemble), random_(random), delay_max_(delay_max) {}

  void start(ServerId id, MonotonicTime) override {
    const quorum::HostPort& address = ensemble_.members.at(id).election.front();
    ElectionLinksConfig config;
    config.self = id;
    config.own_addresses = {{address.host, address.port}};
    servers_.erase(id);
    servers_.emplace(id, ElectionLinks(config)).first->second.set_members(ensemble_, nullptr);
  }

  // The other ends may learn of it at once, or only when they send to a server that is back.
  void crash(ServerId id, MonotonicTime now) override {
    servers_.erase(id);
    for (auto& [connection, end] : ends_) {
      if (end.owner != id || !end.is_open) continue;
      end.is_open = false;
      if (random_.one_in(2)) close_other(end, now);
    }
  }

  void send(ServerId from, ServerId to, const quorum::Notification& n, MonotonicTime now) override {
    std::string framed;
    quorum::append_notification(framed, n);
    std::vector<LinkAction> actions;
    servers_.at(from).send(to, std::move(framed), now, actions);
    perform(from, actions, now);
  }

  void forget(ServerId id) override { servers_.at(id).forget_messages(); }
  bool is_delivered(ServerId from) const override { return servers_.at(from).has_delivered(); }

  void set_cut(ServerId a, ServerId b, bool cut, MonotonicTime now) override {
    cuts_[{a, b}] = cuts_[{b, a}] = cut;
    if (cut) break_connection(a, b, now);
  }

  void break_connection(ServerId a, ServerId b, MonotonicTime now) override {
    for (auto& [connection, end] : ends_) {
      if (end.owner == a && end.is_open && ends_.at(end.other).owner == b) {
        end.generation = ends_.at(end.other).generation = ++generations_;
        close_other(end, now);
        close_other(ends_.at(end.other), now);
      }
    }
  }

  std::optional<MonotonicTime> next_event() const override {
    std::optional<MonotonicTime> next;
    if (!events_.empty()) next = events_.begin()->first.first;
    for (const auto& [id, links] : servers_) {
      const std::optional<MonotonicTime> deadline = links.next_deadline();
      if (deadline.has_value() && (!next.has_value() || *deadline < *next)) next = deadline;
    }
    return next;
  }

  void run_until(MonotonicTime now, const Deliver& deliver) override {
    while (!events_.empty() && events_.begin()->first.first <= now) {
      const Event event = std::move(events_.begin()->second);
      events_.erase(events_.begin());
      happen(event, now);
      hand_over(deliver);
    }
    for (auto& [id, links] : servers_) {
      if (!links.next_deadline().has_value() || *links.next_deadline() > now) continue;
      std::vector<LinkAction> actions;
      links.tick(now, actions);
      perform(id, actions, now);
    }
    hand_over(deliver);
  }

  uint64_t fingerprint() const override {
    RunningHash hash;
    for (const auto& [id, links] : servers_) hash.add(links.fingerprint());
    return hash.value();
  }

 private:
  struct End {
    ServerId owner;
    ConnectionId other;
    bool is_open = true;
    uint64_t generation = 0;
    MonotonicTime last_arrival;
  };
  struct Event {
    enum class Kind : uint8_t { kDial, kData, kClose } kind;
    ServerId server;  // the dialler, or who receives
    uint64_t generation = 0;
    ConnectionId connection{};
    ServerId to{};
    DialToken token{};
    std::string bytes{};
  };
  struct Arrival {
    ServerId to;
    ServerId from;
    std::string message;
  };

  void schedule(MonotonicTime time, Event event) {
    events_[{time, ++sequence_}] = std::move(event);
  }
  MonotonicTime some_time_from(MonotonicTime now) {
    return now + Duration{random_.between(1, delay_max_.ns)};
  }
  // Behind everything that was sent before it.
  MonotonicTime arrival_at(End& end, MonotonicTime now) {
    end.last_arrival = std::max(end.last_arrival, some_time_from(now));
    return end.last_arrival;
  }

  void close_other(End& end, MonotonicTime now) {
    End& other = ends_.at(end.other);
    schedule(arrival_at(other, now), {.kind = Event::Kind::kClose,
                                      .server = other.owner,
                                      .generation = other.generation,
                                      .connection = end.other});
  }

  void perform(ServerId id, std::vector<LinkAction>& actions, MonotonicTime now) {
    for (LinkAction& action : actions) {
      if (auto* dial = std::get_if<LinkConnect>(&action)) {
        ServerId to;
        for (const auto& [other, member] : ensemble_.members) {
          if (member.election.front() == dial->to) to = other;
        }
        schedule(some_time_from(now),
                 {.kind = Event::Kind::kDial, .server = id, .to = to, .token = dial->token});
      } else if (auto* send = std::get_if<LinkSend>(&action)) {
        transmit(send->connection, send->bytes, now);
      } else if (auto* close = std::get_if<LinkClose>(&action)) {
        End& end = ends_.at(close->connection);
        if (end.is_open) close_other(end, now);
        end.is_open = false;
      } else if (auto* arrived = std::get_if<LinkDeliver>(&action)) {
        arrivals_.push_back({id, arrived->from, std::move(arrived->message)});
      }
    }
    actions.clear();
  }

  void transmit(ConnectionId connection, const std::string& bytes, MonotonicTime now) {
    End& end = ends_.at(connection);
    End& other = ends_.at(end.other);
    if (!other.is_open) {
      // Nobody is there any more, and the sender learns it now if the machine answers.
      if (servers_.contains(other.owner)) close_other(other, now);
      return;
    }
    const size_t first = random_.below(bytes.size() + 1);
    for (const std::string& piece : {bytes.substr(0, first), bytes.substr(first)}) {
      if (piece.empty()) continue;
      schedule(arrival_at(other, now), {.kind = Event::Kind::kData,
                                        .server = other.owner,
                                        .generation = other.generation,
                                        .connection = end.other,
                                        .bytes = piece});
    }
  }

  void happen(const Event& event, MonotonicTime now) {
    const auto found = servers_.find(event.server);
    std::vector<LinkAction> actions;
    if (event.kind == Event::Kind::kDial) return connect(event, now);
    End& end = ends_.at(event.connection);
    if (!end.is_open || found == servers_.end() || end.generation != event.generation) return;
    if (event.kind == Event::Kind::kData) {
      found->second.received(event.connection, event.bytes, now, actions);
    } else {
      end.is_open = false;
      found->second.closed(event.connection, now, actions);
    }
    perform(event.server, actions, now);
  }

  void connect(const Event& event, MonotonicTime now) {
    const auto dialler = servers_.find(event.server);
    if (dialler == servers_.end()) return;
    std::vector<LinkAction> actions;
    const auto acceptor = servers_.find(event.to);
    if (acceptor == servers_.end() || cuts_[{event.server, event.to}]) {
      if (random_.one_in(3)) return;  // no answer at all
      dialler->second.connect_failed(event.token, now, actions);
      return perform(event.server, actions, now);
    }
    const ConnectionId near(++connections_);
    const ConnectionId far(++connections_);
    ends_[near] = {.owner = event.server, .other = far, .last_arrival = now};
    ends_[far] = {.owner = event.to, .other = near, .last_arrival = now};
    acceptor->second.opened(far, Endpoint::v4(10, 0, 0, 1, 1), now, actions);
    perform(event.to, actions, now);
    dialler->second.connected(event.token, near, now, actions);
    perform(event.server, actions, now);
  }

  void hand_over(const Deliver& deliver) {
    for (const Arrival& arrival : std::exchange(arrivals_, {})) {
      const auto notification = quorum::read_notification(arrival.message);
      ZT_ASSERT(notification.has_value());
      deliver(arrival.to, arrival.from, *notification);
    }
  }

  quorum::Ensemble ensemble_;
  Random random_;
  Duration delay_max_;
  std::map<ServerId, ElectionLinks> servers_;
  std::map<ConnectionId, End> ends_;
  std::map<std::pair<ServerId, ServerId>, bool> cuts_;
  std::map<std::pair<MonotonicTime, uint64_t>, Event> events_;
  std::vector<Arrival> arrivals_;
  uint64_t sequence_ = 0;
  uint64_t generations_ = 0;
  uint64_t connections_ = 0;
};

}  // namespace

std::unique_ptr<Network> make_link_network(const quorum::Ensemble& ensemble, Random random,
                                           Duration delay_max) {
  return std::make_unique<LinkNetwork>(ensemble, random, delay_max);
}

}  // namespace zoetrope::zab
