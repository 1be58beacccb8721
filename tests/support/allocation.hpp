// Counts what this program takes from the heap by operator new, for tests that bound it. Link
// test_allocation to use it.
#pragma once

#include <cstdint>

namespace zoetrope::test {

struct Allocations {
  uint64_t calls = 0;      // of operator new
  uint64_t bytes = 0;      // asked for, in sum
  int64_t live_bytes = 0;  // now in use, as the allocator rounds them
};

// Since the program began. Single-threaded tests only.
Allocations allocations();

// What went on since it was made.
class AllocationWatch {
 public:
  AllocationWatch() : before_(allocations()) {}
  uint64_t calls() const { return allocations().calls - before_.calls; }
  uint64_t bytes() const { return allocations().bytes - before_.bytes; }
  int64_t live_bytes() const { return allocations().live_bytes - before_.live_bytes; }

 private:
  Allocations before_;
};

}  // namespace zoetrope::test
