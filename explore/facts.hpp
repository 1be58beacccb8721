// The properties that concern the whole ensemble, as contradictions between two facts.
#pragma once

#include <optional>

#include "explore/node.hpp"

namespace zoetrope::explore {

// The same whichever comes first.
std::optional<Violation> contradiction(const Fact& a, const Fact& b);

}  // namespace zoetrope::explore
