// One run of the load generator from start to end, and its report. Owns nothing that outlives it.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "app/load/workload.hpp"

namespace zoetrope::load {

// What one server process used during the measured time.
struct ServerUsage {
  pid_t pid = 0;
  int64_t cpu_ns = 0;
  int64_t rss_bytes_before = 0;  // when the measurement began
  int64_t rss_bytes_after = 0;
};

struct Report {
  Options options;
  Measurement measurement;
  int64_t measured_ns = 0;
  int64_t generator_cpu_ns = 0;
  std::vector<ServerUsage> servers;
  std::vector<ExtraFigure> extra;
  bool interrupted = false;

  uint64_t errors() const;
  double throughput() const;  // operations a second
};

// Where a run stands; told about twice a second.
struct Progress {
  std::string_view phase;
  double seconds = 0;              // since the phase began
  double seconds_total = 0;        // 0: until the work is done
  uint64_t operations = 0;         // counted so far
  double operations_a_second = 0;  // lately
};

// Runs one workload. `progress` may be empty; `interrupted` is asked at every turn. Throws
// LoadError.
Report run(const Options& options, const std::function<void(const Progress&)>& progress,
           const std::function<bool()>& interrupted);

// The report as a table for people, and as one JSON object (times in nanoseconds).
std::string to_table(const Report& report);
std::string to_json(const Report& report);

}  // namespace zoetrope::load
