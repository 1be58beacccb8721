// The three things that `zoetrope inspect` prints. Each returns true when it found no damage.
#pragma once

#include <string>
#include <string_view>

#include "core/storage/compression.hpp"

namespace zoetrope::app {

// `name` is for the text only; `file` is the whole file.
bool inspect_log(std::string_view name, std::string_view file, bool json);
bool inspect_snapshot(std::string_view name, std::string_view file,
                      storage::Compression compression, bool json);
// Directories as ZooKeeper's version-2. Nothing is changed.
bool inspect_directory(const std::string& log_directory, const std::string& snapshot_directory,
                       bool json);

}  // namespace zoetrope::app
