// Plans as text, for people and for files: TOML that says only what differs from the defaults.
// parse(print(plan)) is a plan of the same run. No files here: text in, text out.
//
// The form is described in docs/scenarios.md.
#pragma once

#include <expected>
#include <string>
#include <string_view>
#include <vector>

#include "sim/plan.hpp"

namespace zoetrope::scenario {

// Mistakes, one line each: "<name>:<line>: what is wrong, and what was expected".
using Mistakes = std::vector<std::string>;

// `name` is what mistakes call the text, as a rule its file's path.
std::expected<sim::Plan, Mistakes> parse(std::string_view text, std::string_view name);

std::string print(const sim::Plan& plan);

// What steps there are, with their parts: for help and for documents.
std::string list_of_steps();

}  // namespace zoetrope::scenario
