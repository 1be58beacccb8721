// The real disk as recovery and tools see it: synchronous reads of whole directories and files.
// Owns at most one open file; never writes but to cut or remove what recovery tells it to.
#pragma once

#include "core/storage/disk.hpp"
#include "net/disk_files.hpp"
#include "net/unique_fd.hpp"

namespace zoetrope::net {

class FileDisk final : public storage::Disk {
 public:
  explicit FileDisk(DiskRoots roots) : roots_(std::move(roots)) {}

  // Regular files, ascending by name.
  std::expected<std::vector<storage::FileInfo>, storage::DiskError> list(
      storage::Folder folder) override;
  std::expected<std::string, storage::DiskError> read(const storage::FileName& file,
                                                      uint64_t offset, uint64_t length) override;
  std::expected<void, storage::DiskError> truncate(const storage::FileName& file,
                                                   uint64_t size) override;
  std::expected<void, storage::DiskError> rewrite(const storage::FileName& file, uint64_t offset,
                                                  std::string_view bytes) override;
  std::expected<void, storage::DiskError> remove(const storage::FileName& file) override;

 private:
  std::unexpected<storage::DiskError> failure(const char* what, const std::string& path) const;

  DiskRoots roots_;
  storage::FileName open_name_;
  UniqueFd open_file_;
};

}  // namespace zoetrope::net
