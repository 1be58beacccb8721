// The engine as the driver sees it, so that the driver's tests can put a scripted one in its place.
// Owns nothing; the contract is that of node::Server.
#pragma once

#include <optional>

#include "core/base/time.hpp"
#include "core/node/effects.hpp"
#include "core/node/input.hpp"

namespace zoetrope::net {

class Engine {
 public:
  virtual ~Engine() = default;
  virtual void start(Now now, node::Effects& out) = 0;
  virtual void step(Now now, const node::Input& input, node::Effects& out) = 0;
  virtual std::optional<MonotonicTime> next_deadline() const = 0;
};

}  // namespace zoetrope::net
