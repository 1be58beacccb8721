// Files whose contents on the disk are unknown, because writing, cutting or syncing them failed.
// Drivers ask it before each operation: what was queued behind the failed one must not go on, or a
// rename would put a file in place that the disk may not hold, before the engine hears of it.
// Owns the names; it touches no file.
#pragma once

#include <map>
#include <optional>

#include "core/storage/disk.hpp"

namespace zoetrope::storage {

class FailedFiles {
 public:
  // Why the action must not be carried out; nullopt: it may. Writing a file from its beginning
  // starts anew, and what is removed or closed needs no contents.
  std::optional<DiskError> refuse(const DiskAction& action);
  // The action was carried out and failed.
  void failed(const DiskAction& action, const DiskError& error);

 private:
  std::map<FileName, DiskError> files_;
};

}  // namespace zoetrope::storage
