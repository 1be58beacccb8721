#include "app/load/workload.hpp"

#include <algorithm>

#include "app/load/process_usage.hpp"

namespace zoetrope::load {
namespace {

constexpr int64_t kSecondNs = 1'000'000'000;
constexpr int64_t kReopenDelayNs = 100'000'000;
// Connections that may be on their way at once while the fleet opens: fewer than the shortest
// usual listen queue, so that no connect has to be repeated after a second.
constexpr size_t kOpeningMax = 40;

}  // namespace

void Workload::open_fleet() {
  const size_t wanted = fleet_size();
  fleet_.reserve(wanted);
  int64_t deadline = monotonic_ns() + 10 * kSecondNs;
  while (ready_ < wanted) {
    while (fleet_.size() < wanted && fleet_.size() - ready_ < kOpeningMax) {
      fleet_.push_back(&reactor_.open(*this, fleet_.size()));
    }
    const size_t before = ready_;
    reactor_.poll(deadline);
    if (!failure_.empty()) throw LoadError(failure_);
    if (ready_ > before) deadline = reactor_.now_ns() + 10 * kSecondNs;
    if (reactor_.now_ns() >= deadline) {
      throw LoadError("only " + std::to_string(ready_) + " of " + std::to_string(wanted) +
                      " sessions were opened within 10 s");
    }
  }
}

void Workload::start() {
  started_ = true;
  for (Connection* connection : fleet_) {
    if (!connection->ready()) continue;
    begin(*connection, monotonic_ns());
    reactor_.flush(*connection);
  }
}

void Workload::turn(int64_t until_ns) {
  const int64_t now_ns = monotonic_ns();
  reopen_lost(now_ns);
  const int64_t due_ns = stopping_ ? INT64_MAX : on_time(now_ns);
  reactor_.poll(std::min(until_ns, due_ns));
}

void Workload::reopen_lost(int64_t now_ns) {
  if (lost_.empty() || stopping_) return;
  for (const Lost& lost : std::exchange(lost_, {})) {
    if (lost.reopen_ns > now_ns)
      lost_.push_back(lost);
    else
      reactor_.reopen(*lost.connection);
  }
}

void Workload::on_ready(Connection& connection, int64_t now_ns) {
  ++ready_;
  if (started_ && !stopping_) begin(connection, now_ns);
}

void Workload::on_closed(Connection& connection, std::string_view why, int64_t now_ns) {
  if (stopping_) return;
  if (!started_) {
    // Each server may refuse a few times before the whole run gives up.
    if (++attempts_ > 8)
      failure_ = why;
    else
      reactor_.reopen(connection);
    return;
  }
  measurement_.error(why);
  forget(connection);
  lost_.push_back({now_ns + kReopenDelayNs, &connection});
}

void Workload::drain() {
  stopping_ = true;
  const int64_t deadline = monotonic_ns() + 10 * kSecondNs;
  const auto busy = [](const Connection* c) { return c->ready() && c->outstanding() > 0; };
  while (std::any_of(fleet_.begin(), fleet_.end(), busy)) {
    reactor_.poll(deadline);
    if (reactor_.now_ns() >= deadline) {
      measurement_.error("no reply within 10 s");
      return;
    }
  }
}

void Workload::close_fleet() {
  stopping_ = true;
  const int64_t deadline = monotonic_ns() + 10 * kSecondNs;
  size_t open = fleet_.size();
  while (open > 0 && reactor_.now_ns() < deadline) {
    open = 0;
    for (Connection* connection : fleet_) {
      if (connection->fd() < 0) continue;
      ++open;
      // One that was still connecting gets its session first, and loses it in the next round.
      if (!connection->ready()) continue;
      connection->close_session();
      reactor_.flush(*connection);
      if (open % kOpeningMax == 0) reactor_.poll(0);
    }
    if (open > 0) reactor_.poll(deadline);
  }
  for (Connection* connection : fleet_) reactor_.drop(*connection);
}

}  // namespace zoetrope::load
