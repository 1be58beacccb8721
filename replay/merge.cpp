// Several tellings become one story.
#include <algorithm>
#include <cstdlib>
#include <optional>
#include <tuple>

#include "replay/story.hpp"

namespace zoetrope::replay {

namespace {

// Two ends of the same addresses and ports that are further apart are two connections.
constexpr int64_t kSameConnection = 60'000'000'000;

struct Place {
  size_t lane = 0, moment = 0;
};
struct Link {
  Place from, to;
  uint64_t bytes = 0;
};

class Merger {
 public:
  explicit Merger(std::vector<Told> servers) : servers_(std::move(servers)) {
    std::ranges::sort(servers_, {}, &Told::server);
  }

  trace::Story merge() {
    match();
    set_clocks();
    keep_causes_first();
    return story();
  }

 private:
  using Stream = std::pair<Endpoint, Endpoint>;
  struct Arrival {
    uint64_t begin = 0, end = 0;
    Place place;
  };

  int64_t& at(const Place& place) { return servers_[place.lane].moments[place.moment].at; }

  // What was sent last of a piece arrived when that byte did.
  void match() {
    // By connection, as who received it knows it, since the same ends may come again.
    using Arrivals = std::map<std::tuple<size_t, uint64_t, ConnectionId>, std::vector<Arrival>>;
    std::map<Stream, Arrivals> streams;
    for (size_t lane = 0; lane < servers_.size(); ++lane) {
      for (const Told::Piece& piece : servers_[lane].received) {
        streams[piece.stream][{lane, piece.run, piece.connection}].push_back(
            {piece.begin, piece.end, {lane, piece.moment}});
      }
    }
    for (size_t lane = 0; lane < servers_.size(); ++lane) {
      for (const Told::Piece& piece : servers_[lane].sent) {
        const Place from{lane, piece.moment};
        const Arrival* nearest = nullptr;
        int64_t least = kSameConnection;
        for (const auto& [connection, pieces] : streams[piece.stream]) {
          const auto it = std::ranges::lower_bound(pieces, piece.end, {}, &Arrival::end);
          if (it == pieces.end() || it->begin >= piece.end) continue;
          const int64_t apart = std::abs(at(it->place) - at(from));
          if (apart < least) nearest = &*it;
          least = std::min(least, apart);
        }
        if (nearest != nullptr) {
          links_.push_back({from, nearest->place, piece.end - piece.begin});
        }
      }
    }
  }

  // The smallest corrections of the clocks after which nothing arrives before it was sent, as far
  // as one for each server can do it.
  void set_clocks() {
    const size_t n = servers_.size();
    std::vector<std::optional<int64_t>> shortest(n * n);
    for (const Link& link : links_) {
      auto& least = shortest[link.from.lane * n + link.to.lane];
      const int64_t took = at(link.to) - at(link.from);
      least = least ? std::min(*least, took) : took;
    }
    std::vector<int64_t> correction(n, 0);
    for (size_t round = 0; round < n; ++round) {
      for (size_t from = 0; from < n; ++from) {
        for (size_t to = 0; to < n; ++to) {
          const auto& least = shortest[from * n + to];
          if (!least) continue;
          const int64_t took = *least + correction[to] - correction[from];
          if (took < 0) correction[to] -= took;
        }
      }
    }
    for (size_t lane = 0; lane < n; ++lane) {
      for (auto& moment : servers_[lane].moments) moment.at += correction[lane];
    }
  }

  // What is left: a server reads its clock before it reads its sockets.
  void keep_causes_first() {
    std::vector<std::vector<const Link*>> causes;
    for (const Told& told : servers_)
      first_.push_back(std::exchange(events_, events_ + told.moments.size()));
    causes.resize(events_);
    for (const Link& link : links_) causes[first_[link.to.lane] + link.to.moment].push_back(&link);
    std::vector<size_t> next(servers_.size(), 0);
    std::vector<bool> is_done(events_, false);
    for (size_t done = 0; done < events_; ++done) {
      std::optional<Place> chosen;
      for (size_t lane = 0; lane < servers_.size(); ++lane) {
        const Place place{lane, next[lane]};
        if (place.moment == servers_[lane].moments.size()) continue;
        const bool is_ready = std::ranges::all_of(
            causes[first_[lane] + place.moment],
            [&](const Link* link) { return is_done[first_[link->from.lane] + link->from.moment]; });
        if (is_ready && (!chosen || at(place) < at(*chosen))) chosen = place;
      }
      // A circle, which only recordings make that do not belong together.
      for (size_t lane = 0; !chosen; ++lane) {
        if (next[lane] < servers_[lane].moments.size()) chosen = Place{lane, next[lane]};
      }
      int64_t& time = at(*chosen);
      if (chosen->moment > 0) time = std::max(time, at({chosen->lane, chosen->moment - 1}));
      for (const Link* link : causes[first_[chosen->lane] + chosen->moment]) {
        time = std::max(time, at(link->from) + 1);
      }
      order_.push_back(*chosen);
      is_done[first_[chosen->lane] + chosen->moment] = true;
      ++next[chosen->lane];
    }
    std::ranges::stable_sort(order_, {}, [this](const Place& place) { return at(place); });
  }

  trace::Story story() {
    trace::Story story;
    story.title = "recorded";
    for (const Told& told : servers_) {
      story.lanes.push_back(
          {"server " + std::to_string(told.server.value), trace::LaneKind::kServer});
    }
    std::vector<uint64_t> index(events_);
    const int64_t zero = order_.empty() ? 0 : at(order_.front());
    for (const Place& place : order_) {
      index[first_[place.lane] + place.moment] = story.events.size();
      Told::Moment& moment = servers_[place.lane].moments[place.moment];
      story.events.push_back({.at = MonotonicTime{moment.at - zero},
                              .lane = static_cast<uint32_t>(place.lane),
                              .kind = moment.kind,
                              .text = std::move(moment.text),
                              .number = moment.step});
    }
    for (const Link& link : links_) {
      const uint64_t from = index[first_[link.from.lane] + link.from.moment];
      const uint64_t to = index[first_[link.to.lane] + link.to.moment];
      if (from < to) story.messages.push_back({from, to, story.events[from].text, link.bytes});
    }
    add_spans(story);
    return story;
  }

  // How long each role lasted.
  void add_spans(trace::Story& story) const {
    std::vector<std::optional<trace::Span>> open(servers_.size());
    const auto close = [&](uint32_t lane, MonotonicTime to) {
      if (!open[lane]) return;
      open[lane]->to = to;
      story.spans.push_back(std::move(*open[lane]));
      open[lane].reset();
    };
    for (const trace::Event& event : story.events) {
      const bool is_state = event.kind == trace::EventKind::kState;
      if (!is_state && event.kind != trace::EventKind::kLife) continue;
      close(event.lane, event.at);
      if (is_state) open[event.lane] = {event.lane, event.at, event.at, event.kind, event.text};
    }
    if (story.events.empty()) return;
    for (uint32_t lane = 0; lane < servers_.size(); ++lane) close(lane, story.events.back().at);
  }

  std::vector<Told> servers_;
  std::vector<Link> links_;
  std::vector<size_t> first_;  // event of each lane, of all events
  size_t events_ = 0;
  std::vector<Place> order_;
};

}  // namespace

trace::Story merge(std::vector<Told> servers) {
  return Merger(std::move(servers)).merge();
}

}  // namespace zoetrope::replay
