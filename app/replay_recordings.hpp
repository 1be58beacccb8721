// Replays recordings of real servers: the half of `zoetrope replay` that is given directories.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "app/picture.hpp"

namespace zoetrope::app {

struct RecordingOptions {
  std::vector<std::string> directories;
  PictureOptions picture;                 // of all; standard output is its alone
  std::optional<int64_t> from_ms, to_ms;  // the part that is drawn, from the first event on
};

// Says what was found, a recording after the other, and on standard error what is wrong with one.
// The exit status: 1 when something else came of a step than had, 2 when a file is damaged (the
// rest was replayed) or a directory holds no recording.
int replay_recordings(const RecordingOptions& options);

}  // namespace zoetrope::app
