// A disk in memory for tests of storage: carries out disk operations, and at a crash keeps what was
// synced and, of the rest, whichever sectors a seed chooses. Owns the files' bytes; knows no
// format.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "core/base/random.hpp"
#include "core/storage/disk.hpp"

namespace zoetrope::storage {

class MemoryDisk : public Disk {
 public:
  std::expected<std::vector<FileInfo>, DiskError> list(Folder folder) override;
  std::expected<std::string, DiskError> read(const FileName& file, uint64_t offset,
                                             uint64_t length) override;
  std::expected<void, DiskError> truncate(const FileName& file, uint64_t size) override;
  std::expected<void, DiskError> rewrite(const FileName& file, uint64_t offset,
                                         std::string_view bytes) override;
  std::expected<void, DiskError> remove(const FileName& file) override;

  // Carries one operation out. Nothing of it is durable unless the operation says so.
  void perform(const DiskAction& action);
  // Power failure: see the head of this file.
  void crash(Random& random);

  // Direct access; what is put is durable.
  void put(const FileName& file, std::string bytes);
  void put_log(const std::string& name, std::string bytes) {
    put({Folder::kLog, name}, std::move(bytes));
  }
  void put_snapshot(const std::string& name, std::string bytes) {
    put({Folder::kSnapshot, name}, std::move(bytes));
  }
  const std::string& bytes(const FileName& file) const { return files_.at(file).bytes; }
  bool has(const FileName& file) const { return files_.contains(file); }
  std::vector<std::string> names() const;

  // Both folders are one directory, as without dataLogDir.
  bool one_directory = false;
  // Reads of this file fail.
  std::optional<std::string> unreadable;
  // And nothing of this one can be written again.
  std::optional<std::string> unwritable;
  // Changes made through the Disk interface, as text.
  std::vector<std::string> changes;
  // Ranges that were written once more as they were, as "name [begin, end)".
  std::vector<std::string> rewrites;

 private:
  struct File {
    std::string bytes;          // as a reader sees it now
    std::string synced;         // as of the last sync
    bool entry_synced = false;  // its name survives a crash
    std::set<uint64_t> dirty;   // sectors written since the last sync
  };

  FileName where(const FileName& file) const;
  void write(const WriteFile& action);
  static void crash_file(File& file, Random& random);

  std::map<FileName, File> files_;
};

}  // namespace zoetrope::storage
