// The files of one simulated machine: what is durable, and what only the page cache holds. A power
// loss keeps, loses or tears what was not synced, sector by sector and name by name; the death of a
// process loses nothing. Owns the bytes; it knows no time and no format.
#pragma once

#include <cstdint>
#include <expected>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/storage/disk.hpp"
#include "sim/choices.hpp"
#include "sim/step.hpp"

namespace zoetrope::sim {

inline constexpr uint64_t kSectorBytes = 512;

// Faults and lies; all off by default. Odds are "one in n", 0 for never.
struct DiskFaults {
  uint64_t sync_fails_one_in = 0;
  uint64_t write_fails_one_in = 0;
  uint64_t read_fails_one_in = 0;
  uint64_t capacity_bytes = UINT64_MAX;  // of all files together
  // As on Linux: after a failed sync the pages count as clean although any part of them may not
  // have reached the disk, so that no later sync makes them durable. Off: they stay dirty, as some
  // file systems have it.
  bool failed_sync_forgets = false;
  // A planted defect: a sync says that it is done and does nothing.
  bool sync_lies = false;
};

// How often each kind of fault has struck.
struct DiskFaultCounts {
  uint64_t syncs_failed = 0;
  uint64_t syncs_forgotten = 0;  // of those
  uint64_t writes_failed = 0;
  uint64_t writes_without_room = 0;
  uint64_t reads_failed = 0;
  uint64_t losses = 0;  // power losses that lost something
};

class SimDisk {
 public:
  // `site`, which outlives the disk and its copies, says what a power loss keeps and what fails.
  explicit SimDisk(Site& site) : site_(&site) {}

  DiskFaults& faults() { return faults_; }

  // Carries out one operation of a running server on the page cache (and, for a sync, the disk).
  std::expected<void, storage::DiskError> execute(const storage::DiskAction& action);

  // The machine loses power: afterwards the page cache is what the disk has.
  void power_loss(Unsynced unsynced = Unsynced::kAny);
  // A copy of this disk as it would be after a power loss that keeps nothing unsynced.
  SimDisk after_power_loss() const;
  // A copy of it as it is, with all unsynced data durable.
  SimDisk as_it_is() const;
  // Every file is gone, or is what `other` has durable. The faults stay.
  void wipe();
  void become(const SimDisk& other);

  // --- synchronous access, as the recovery code sees it
  // -------------------------------------------
  std::vector<storage::FileInfo> list(storage::Folder folder) const;
  std::expected<std::string, storage::DiskError> read(const storage::FileName& file,
                                                      uint64_t offset, uint64_t length);
  // All three are durable when they succeed.
  std::expected<void, storage::DiskError> truncate(const storage::FileName& file, uint64_t size);
  std::expected<void, storage::DiskError> rewrite(const storage::FileName& file, uint64_t offset,
                                                  std::string_view bytes);
  std::expected<void, storage::DiskError> remove(const storage::FileName& file);

  // The present content; nullptr when there is no such file.
  const std::string* content(const storage::FileName& file) const;
  // Flips one bit of the durable and the present content.
  void rot(const storage::FileName& file, uint64_t bit);
  uint64_t used_bytes() const;
  // Bytes written but not synced.
  uint64_t unsynced_bytes() const;
  const DiskFaultCounts& counts() const { return counts_; }

 private:
  // One unsynced change of a file: bytes at an offset, and the size that the file has after it.
  struct Change {
    uint64_t offset = 0;
    std::string bytes;
    uint64_t size_after = 0;
  };
  struct Inode {
    std::string durable;
    std::string current;
    std::vector<Change> unsynced;
  };
  using InodePtr = std::shared_ptr<Inode>;
  using Directory = std::map<storage::FileName, InodePtr>;
  // One unsynced change of the directories: a name that appears, goes, or both at once (a rename).
  struct NameChange {
    std::optional<storage::FileName> gone;
    std::optional<storage::FileName> appeared;
    InodePtr inode;
  };

  using Done = std::expected<void, storage::DiskError>;
  Done write(const storage::WriteFile& op);
  Done sync(const storage::SyncFile& op);
  Done rename(const storage::RenameFile& op);
  Done remove_unsynced(const storage::RemoveFile& op);
  Done truncate_unsynced(const storage::TruncateFile& op);
  static void apply(const NameChange& change, Directory& directory);
  void make_names_durable(const storage::FileName& file);
  void write_some(Inode& inode, Unsynced unsynced = Unsynced::kAny);
  void write_up_to(Inode& inode, uint64_t changes);
  std::string torn(const Inode& inode, uint64_t size);

  Site* site_;
  DiskFaults faults_;
  Directory current_, durable_;
  std::vector<NameChange> names_unsynced_;
  DiskFaultCounts counts_;
};

// "write log.100000001 [0, 120)", for a person.
std::string text_of(const storage::DiskAction& action);

// SimDisk behind the interface of the recovery code, which can be made to stop at any point.
class RecoveryDisk : public storage::Disk {
 public:
  // After `calls_max` calls every call fails: the machine crashes during recovery.
  RecoveryDisk(SimDisk& disk, uint64_t calls_max) : disk_(disk), calls_left_(calls_max) {}

  std::expected<std::vector<storage::FileInfo>, storage::DiskError> list(
      storage::Folder folder) override;
  std::expected<std::string, storage::DiskError> read(const storage::FileName& file,
                                                      uint64_t offset, uint64_t length) override;
  std::expected<void, storage::DiskError> truncate(const storage::FileName& file,
                                                   uint64_t size) override;
  std::expected<void, storage::DiskError> rewrite(const storage::FileName& file, uint64_t offset,
                                                  std::string_view bytes) override;
  std::expected<void, storage::DiskError> remove(const storage::FileName& file) override;

  // True when a call failed because of the crash or of an injected fault, so that a recovery that
  // refused to go on was right to do so.
  bool interfered() const { return interfered_; }
  // True when the crash has come.
  bool stopped() const { return stopped_; }

 private:
  bool crashed();

  SimDisk& disk_;
  uint64_t calls_left_;
  bool interfered_ = false;
  bool stopped_ = false;
};

}  // namespace zoetrope::sim
