#include "app/load/send_buffer.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <deque>
#include <string>

#include "app/load/pending_ring.hpp"

namespace zoetrope::load {
namespace {

RC_GTEST_PROP(SendBuffer, IsAQueueOfBytes, ()) {
  SendBuffer buffer;
  std::string model;
  const auto steps = *rc::gen::inRange(1, 60);
  for (int i = 0; i < steps; ++i) {
    if (*rc::gen::arbitrary<bool>()) {
      const std::string bytes(*rc::gen::inRange<size_t>(0, 700), static_cast<char>('a' + i % 26));
      buffer.append(bytes);
      model += bytes;
    } else {
      const auto n = *rc::gen::inRange<size_t>(0, model.size() + 1);
      buffer.consume(n);
      model.erase(0, n);
    }
    RC_ASSERT(buffer.waiting() == model);
    RC_ASSERT(buffer.empty() == model.empty());
  }
  buffer.reset();
  RC_ASSERT(buffer.empty());
}

RC_GTEST_PROP(PendingRing, IsAQueue, ()) {
  PendingRing ring;
  std::deque<uint32_t> model;
  const auto steps = *rc::gen::inRange(1, 200);
  for (int i = 0; i < steps; ++i) {
    if (model.empty() || *rc::gen::inRange(0, 3) > 0) {
      ring.push({i, static_cast<uint32_t>(i)});
      model.push_back(static_cast<uint32_t>(i));
    } else {
      RC_ASSERT(ring.pop().tag == model.front());
      model.pop_front();
    }
    RC_ASSERT(ring.size() == model.size());
  }
  ring.clear();
  RC_ASSERT(ring.empty());
}

}  // namespace
}  // namespace zoetrope::load
