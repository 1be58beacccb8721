// `zoetrope inspect PATH`: prints a transaction log, a snapshot or a whole data directory, Java's
// or ours. Reads only; damaged files are shown as far as they go, with the place of the damage.
#pragma once

#include <string>

namespace zoetrope::app {

struct InspectOptions {
  // A log, a snapshot, or a data directory (the one of zoo.cfg, or its version-2).
  std::string path;
  // dataLogDir, when it is not dataDir; for a directory only.
  std::string log_path;
  // One JSON object a line instead of text for people.
  bool json = false;
};

// Prints to stdout. kExitHeld; kExitViolated when damage was found or recovery would refuse;
// kExitUsage, with a line on stderr, when there is nothing at `path` that can be inspected.
int run_inspect(const InspectOptions& options);

}  // namespace zoetrope::app
