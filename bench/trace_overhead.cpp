// What a saved trace costs in processor time: the same runs with and without one, in turns. One
// JSON line.
//   trace_overhead [ROUNDS] [SEEDS]
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <vector>

#include "sim/trace_writer.hpp"

using namespace zoetrope;

namespace {

struct Slice {
  double seconds = 0;
  uint64_t events = 0, records = 0, bytes = 0;
};

struct Counter : sim::RecordSink {
  explicit Counter(sim::RecordSink& next) : next_(next) {}
  void record(const sim::Record& record) override {
    ++records;
    next_.record(record);
  }
  uint64_t records = 0;

 private:
  sim::RecordSink& next_;
};

Slice run_seeds(const std::vector<sim::Plan>& plans, bool saves, bool counts) {
  Slice slice;
  std::FILE* file = saves ? std::tmpfile() : nullptr;
  const std::clock_t begin = std::clock();
  for (const sim::Plan& plan : plans) {
    if (!saves) {
      slice.events += sim::run_plan(plan, sim::make_server).counts.events;
      continue;
    }
    sim::TraceWriter writer("", [&](std::string_view bytes) {
      slice.bytes += bytes.size();
      std::fwrite(bytes.data(), 1, bytes.size(), file);
    });
    Counter counter(writer);
    sim::RecordSink* sink = &writer;
    if (counts) sink = &counter;
    const sim::RunResult result = sim::run_plan(plan, sim::make_server, nullptr, sink);
    writer.finish(result);
    slice.events += result.counts.events;
    slice.records += counter.records;
  }
  if (file != nullptr) std::fflush(file);
  slice.seconds = static_cast<double>(std::clock() - begin) / CLOCKS_PER_SEC;
  if (file != nullptr) std::fclose(file);
  return slice;
}

double median(std::vector<double> values) {
  std::ranges::sort(values);
  return values[values.size() / 2];
}

}  // namespace

int main(int argc, char** argv) {
  const int rounds = argc > 1 ? std::atoi(argv[1]) : 9;
  const uint64_t seeds = argc > 2 ? std::strtoull(argv[2], nullptr, 10) : 6;
  std::vector<sim::Plan> plans;
  for (uint64_t seed = 1; seed <= seeds; ++seed) {
    sim::RunRequest request;
    request.seed = seed;
    request.profile = sim::Profile::kEnsemble;
    request.check = false;
    plans.push_back(sim::plan_of(request));
  }
  const Slice counted = run_seeds(plans, true, true);
  std::vector<double> without, with, ratios;
  for (int round = 0; round < rounds; ++round) {
    // The order changes, so that neither is always the warm one.
    const bool first = round % 2 == 0;
    const double a = run_seeds(plans, first, false).seconds;
    const double b = run_seeds(plans, !first, false).seconds;
    with.push_back(first ? a : b);
    without.push_back(first ? b : a);
    ratios.push_back(with.back() / without.back());
  }
  const auto events = static_cast<double>(counted.events);
  std::printf(
      "{\"events\":%llu,\"records_per_event\":%.2f,\"bytes_per_event\":%.1f,"
      "\"events_per_second\":%.0f,\"events_per_second_saved\":%.0f,\"overhead_percent\":%.1f}\n",
      static_cast<unsigned long long>(counted.events),
      static_cast<double>(counted.records) / events, static_cast<double>(counted.bytes) / events,
      events / median(without), events / median(with), (median(ratios) - 1) * 100);
  return 0;
}
