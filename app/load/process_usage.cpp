#include "app/load/process_usage.hpp"

#include <time.h>
#include <unistd.h>

#include <cstdio>
#include <string>

namespace zoetrope::load {
namespace {

int64_t clock_ns(clockid_t clock) {
  timespec t{};
  if (clock_gettime(clock, &t) != 0) return -1;
  return int64_t{t.tv_sec} * 1'000'000'000 + t.tv_nsec;
}

std::optional<int64_t> resident_bytes(pid_t pid) {
  const std::string path = "/proc/" + std::to_string(pid) + "/statm";
  std::FILE* file = std::fopen(path.c_str(), "re");
  if (file == nullptr) return std::nullopt;
  long total_pages = 0;
  long resident_pages = 0;
  const int fields = std::fscanf(file, "%ld %ld", &total_pages, &resident_pages);
  std::fclose(file);
  if (fields != 2) return std::nullopt;
  return int64_t{resident_pages} * sysconf(_SC_PAGESIZE);
}

}  // namespace

std::optional<ProcessUsage> process_usage(pid_t pid) {
  // The process's own CPU clock counts nanoseconds, where /proc/PID/stat counts ticks of 10 ms.
  clockid_t clock{};
  if (clock_getcpuclockid(pid, &clock) != 0) return std::nullopt;
  const std::optional<int64_t> resident = resident_bytes(pid);
  const int64_t cpu_ns = clock_ns(clock);
  if (!resident || cpu_ns < 0) return std::nullopt;
  return ProcessUsage{cpu_ns, *resident};
}

int64_t own_cpu_ns() {
  return clock_ns(CLOCK_PROCESS_CPUTIME_ID);
}
int64_t monotonic_ns() {
  return clock_ns(CLOCK_MONOTONIC);
}

}  // namespace zoetrope::load
