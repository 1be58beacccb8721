#include "core/node/effects.hpp"

namespace zoetrope::node {

namespace {
constexpr size_t kArenaBytesKept = 1 << 20;
constexpr size_t kEffectsKept = 1 << 14;
}  // namespace

void Effects::clear() {
  list_.clear();
  arena_.clear();
  if (arena_.capacity() > kArenaBytesKept) std::string().swap(arena_);
  if (list_.capacity() > kEffectsKept) std::vector<Effect>().swap(list_);
}

}  // namespace zoetrope::node
