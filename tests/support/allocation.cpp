#include "tests/support/allocation.hpp"

#include <malloc.h>

#include <cstdlib>
#include <new>

namespace {
zoetrope::test::Allocations counted;

void* take(size_t size) {
  void* p = std::malloc(size == 0 ? 1 : size);
  if (p == nullptr) throw std::bad_alloc();
  ++counted.calls;
  counted.bytes += size;
  counted.live_bytes += static_cast<int64_t>(malloc_usable_size(p));
  return p;
}

void give_back(void* p) noexcept {
  if (p == nullptr) return;
  counted.live_bytes -= static_cast<int64_t>(malloc_usable_size(p));
  std::free(p);
}
}  // namespace

void* operator new(size_t size) {
  return take(size);
}
void* operator new[](size_t size) {
  return take(size);
}
void operator delete(void* p) noexcept {
  give_back(p);
}
void operator delete[](void* p) noexcept {
  give_back(p);
}
void operator delete(void* p, size_t) noexcept {
  give_back(p);
}
void operator delete[](void* p, size_t) noexcept {
  give_back(p);
}

namespace zoetrope::test {
Allocations allocations() {
  return counted;
}
}  // namespace zoetrope::test
