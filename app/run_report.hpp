// What a single simulated run shows on a terminal, and the files that it leaves. Shared by `sim`,
// `run` and `shrink`. Owns nothing between two calls.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "sim/run.hpp"

namespace zoetrope::app {

// "1h02m" or "3m05s".
std::string virtual_text(uint64_t ms);

// The numbers of a run, in one or two lines.
void show_counts(const sim::RunResult& result);
void show_violations(const std::vector<properties::Violation>& violations);

// Writes readable traces line by line. Throws CLI::ValidationError when it cannot.
std::unique_ptr<sim::TraceSink> open_trace(const std::string& path);
void write_history(const std::string& path, const properties::History& history);
void write_text(const std::string& option, const std::string& path, const std::string& text);
// The whole of a file. Throws CLI::ValidationError when there is none.
std::string read_text(const std::string& path);

}  // namespace zoetrope::app
