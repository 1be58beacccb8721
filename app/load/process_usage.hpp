// What a process has used: processor time and memory, read from the kernel.
// Owns nothing; never changes the process that it looks at.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>

namespace zoetrope::load {

struct ProcessUsage {
  int64_t cpu_ns = 0;     // user and system time of all threads, also of those that have ended
  int64_t rss_bytes = 0;  // resident set
};

// nullopt when there is no such process.
std::optional<ProcessUsage> process_usage(pid_t pid);
// Processor time of this process, in nanoseconds.
int64_t own_cpu_ns();
// Monotonic time, in nanoseconds.
int64_t monotonic_ns();

}  // namespace zoetrope::load
