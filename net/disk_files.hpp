// Carries out the disk operations of one lane on the real file system. Owns the descriptors of the
// files that the lane writes; knows no format, starts no thread, and is used by one thread at a
// time.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/storage/disk.hpp"
#include "core/storage/failed_files.hpp"
#include "net/unique_fd.hpp"

namespace zoetrope::net {

// The directory of each folder (with version-2 but for that of the configuration); they may be
// equal.
struct DiskRoots {
  std::string log;
  std::string snapshot;
  std::string config = {};  // empty where no configuration is ever written
  const std::string& of(storage::Folder folder) const {
    switch (folder) {
      case storage::Folder::kLog: return log;
      case storage::Folder::kSnapshot: return snapshot;
      case storage::Folder::kConfig: return config;
    }
    return log;
  }
  std::string path(const storage::FileName& file) const {
    return of(file.folder) + "/" + file.name;
  }
};

class DiskFiles {
 public:
  explicit DiskFiles(DiskRoots roots) : roots_(std::move(roots)) {}

  // Done when it returns nullopt. A failed write may have been done in part. Behind it nothing is
  // done that rests on the file's contents.
  std::optional<storage::DiskError> perform(const storage::DiskAction& action);
  // Makes the names in a folder durable.
  std::optional<storage::DiskError> sync_directory(storage::Folder folder);
  // Forgets every open file; what was not synced stays unsynced.
  void close_all() { files_.clear(); }

 private:
  struct OpenFile {
    storage::FileName name;
    UniqueFd fd;
    uint64_t size = 0;
    bool is_ours = false;          // created by us: what was not written is zero
    bool is_new = false;           // its directory entry is not yet durable
    uint64_t data_end = 0;         // end of the furthest write
    uint64_t zeros_end = 0;        // end of the real zeros behind it
    uint64_t forgotten_end = 0;    // before it the page cache keeps nothing
    uint64_t writeback_begin = 0;  // up to here the kernel was asked to write back
  };
  using Failure = std::optional<storage::DiskError>;

  Failure carry_out(const storage::DiskAction& action);
  Failure write(const storage::WriteFile& action);
  Failure sync(const storage::SyncFile& action);
  Failure rename(const storage::RenameFile& action);
  Failure remove(const storage::RemoveFile& action);
  Failure truncate(const storage::TruncateFile& action);
  void close(const storage::FileName& name);

  // The open file of that name, opened (and created when `create`) as needed; null after an error.
  OpenFile* open(const storage::FileName& name, bool create, Failure& failure);
  Failure extend(OpenFile& file, uint64_t size_min);
  size_t zeros_wanted(const OpenFile& file, uint64_t write_end) const;
  void forget_synced(OpenFile& file);
  void write_back(OpenFile& file, uint64_t write_end);
  storage::DiskError failure(const char* what, const storage::FileName& name) const;

  DiskRoots roots_;
  std::vector<std::unique_ptr<OpenFile>> files_;
  storage::FailedFiles failed_;
};

}  // namespace zoetrope::net
