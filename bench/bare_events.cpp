// The least possible simulator: a binary heap of events, each of which plans another one. Nothing
// happens in them; what a simulator does beyond this is the world and what runs in it.
//
//   bare_events SECONDS     JSON on standard output: events a second of processor time
#include <algorithm>
#include <cinttypes>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <vector>

#include "app/load/process_usage.hpp"
#include "core/base/random.hpp"

namespace {

constexpr size_t kPending = 200;  // about as many as a simulated ensemble under load has
constexpr uint64_t kBatch = 100'000;

struct Event {
  int64_t at = 0;
  uint64_t sequence = 0, subject = 0, detail = 0;
};

bool later(const Event& a, const Event& b) {
  return a.at != b.at ? a.at > b.at : a.sequence > b.sequence;
}

}  // namespace

int main(int count, char** arguments) {
  const double seconds = count == 2 ? std::atof(arguments[1]) : 0;
  if (!(seconds > 0)) {
    std::fprintf(stderr, "usage: bare_events SECONDS\n");
    return 2;
  }
  zoetrope::Random random(1);
  std::vector<Event> heap;
  uint64_t sequence = 0, events = 0, sum = 0;
  const auto push = [&](int64_t at, uint64_t subject) {
    heap.push_back({at + static_cast<int64_t>(random.below(100'000)), ++sequence, subject, 0});
    std::push_heap(heap.begin(), heap.end(), later);
  };
  for (size_t i = 0; i < kPending; ++i) push(0, i);
  const int64_t begin = zoetrope::load::own_cpu_ns();
  double used = 0;
  while (used < seconds) {
    for (uint64_t i = 0; i < kBatch; ++i) {
      std::pop_heap(heap.begin(), heap.end(), later);
      const Event event = heap.back();
      heap.pop_back();
      sum += event.subject;
      push(event.at, event.subject);
    }
    events += kBatch;
    used = static_cast<double>(zoetrope::load::own_cpu_ns() - begin) / 1e9;
  }
  std::printf("{\"events_a_second\":%.0f,\"sum\":%" PRIu64 "}\n",
              static_cast<double>(events) / used, sum);
  return 0;
}
