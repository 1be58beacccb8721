// The steps of a plan as text: one [[steps]] table each.
#pragma once

#include <string>
#include <vector>

#include "scenario/reader.hpp"
#include "sim/step.hpp"

namespace zoetrope::scenario {

// Complains to `text` of what it cannot read.
std::vector<sim::Step> read_steps(const toml::node& node, Text& text);
std::string write_steps(const std::vector<sim::Step>& steps);

}  // namespace zoetrope::scenario
