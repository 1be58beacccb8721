#include "core/storage/failed_files.hpp"

#include <variant>

namespace zoetrope::storage {

namespace {

// The file whose contents the action adds to or relies on; nullptr: those of none.
const FileName* contents_of(const DiskAction& action) {
  if (const auto* write = std::get_if<WriteFile>(&action)) return &write->file;
  if (const auto* truncate = std::get_if<TruncateFile>(&action)) return &truncate->file;
  if (const auto* sync = std::get_if<SyncFile>(&action)) return &sync->file;
  if (const auto* rename = std::get_if<RenameFile>(&action)) return &rename->from;
  return nullptr;
}

}  // namespace

std::optional<DiskError> FailedFiles::refuse(const DiskAction& action) {
  if (files_.empty()) return std::nullopt;
  const FileName* file = contents_of(action);
  if (file == nullptr) return std::nullopt;
  const auto it = files_.find(*file);
  if (it == files_.end()) return std::nullopt;
  const auto* write = std::get_if<WriteFile>(&action);
  if (write == nullptr || write->offset != 0) return it->second;
  files_.erase(it);
  return std::nullopt;
}

void FailedFiles::failed(const DiskAction& action, const DiskError& error) {
  if (std::holds_alternative<RenameFile>(action)) return;  // its contents are as they were
  if (const FileName* file = contents_of(action)) files_.emplace(*file, error);
}

}  // namespace zoetrope::storage
