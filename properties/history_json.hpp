// A history as JSON lines: one object a line, the setup first, then connections, operations,
// events, server events, committed transactions and final znodes. For people, notebooks and other
// checkers.
#pragma once

#include <string>

#include "properties/history.hpp"
#include "properties/property.hpp"

namespace zoetrope::properties {

// Appends `text` in quotes; bytes that are no printable ASCII become \u00XX.
void append_json_string(std::string& out, std::string_view text);
std::string to_json_lines(const History& history);
std::string to_json(const Violation& violation);

}  // namespace zoetrope::properties
