// Replays a trace file of a simulated run: the half of `zoetrope replay` that is given a file.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "app/picture.hpp"

namespace zoetrope::app {

struct TraceReplay {
  std::string file;
  std::optional<uint64_t> from, to, around;  // events
  std::optional<uint64_t> server;            // by its id, as those below
  std::vector<uint64_t> compare;
  PictureOptions picture;

  bool looks() const { return server || !compare.empty(); }
};

// Runs what the file tells of once more and compares every record; shows what led to an event, and
// what servers are like behind it. The exit status: 1 when this run is another one, 2 when the file
// is damaged (what stands before that was replayed).
int replay_trace(const TraceReplay& options);

}  // namespace zoetrope::app
