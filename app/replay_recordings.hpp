// Replays recordings of real servers: the half of `zoetrope replay` that is given directories.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "trace/story.hpp"

namespace zoetrope::app {

// What was found, on standard output, a recording after the other; what is wrong with one on
// standard error. `story` gets all of them merged, where it is asked for. The exit status: 1 when
// something else came of a step than had, 2 when a file is damaged (the rest was replayed) or a
// directory holds no recording.
int replay_recordings(const std::vector<std::string>& directories, trace::Story* story);

}  // namespace zoetrope::app
