// The scripts of clients as text: one inline table an action, { do = "create", path = "/a" }.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "scenario/reader.hpp"
#include "sim/script.hpp"

namespace zoetrope::scenario {

// Complains to `text` of what it cannot read.
std::vector<sim::ClientAction> read_script(const toml::node& node, Text& text);
// A TOML array, one action a line.
std::string write_script(const std::vector<sim::ClientAction>& script);

}  // namespace zoetrope::scenario
