// A data directory on the file system for tools that only look: reads are real, changes are written
// down and not done.
#pragma once

#include <string>
#include <vector>

#include "core/storage/disk.hpp"

namespace zoetrope::app {

class ReadOnlyDisk final : public storage::Disk {
 public:
  ReadOnlyDisk(std::string log_directory, std::string snapshot_directory);

  std::expected<std::vector<storage::FileInfo>, storage::DiskError> list(
      storage::Folder folder) override;
  std::expected<std::string, storage::DiskError> read(const storage::FileName& file,
                                                      uint64_t offset, uint64_t length) override;
  std::expected<void, storage::DiskError> truncate(const storage::FileName& file,
                                                   uint64_t size) override;
  // Changes nothing, so nothing is written down.
  std::expected<void, storage::DiskError> rewrite(const storage::FileName&, uint64_t,
                                                  std::string_view) override {
    return {};
  }
  std::expected<void, storage::DiskError> remove(const storage::FileName& file) override;

  std::string path(const storage::FileName& file) const;
  // What would have been changed, in order, as sentences.
  const std::vector<std::string>& changes() const { return changes_; }

 private:
  const std::string& directory(storage::Folder folder) const;

  std::string log_directory_, snapshot_directory_;
  std::vector<std::string> changes_;
};

}  // namespace zoetrope::app
