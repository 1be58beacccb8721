#include <optional>
#include <utility>

#include "core/storage/data_files.hpp"
#include "core/storage/recovery.hpp"
#include "core/storage/transaction_log.hpp"

namespace zoetrope::storage {

namespace {
using Actions = std::expected<std::vector<DiskAction>, RecoveryError>;

std::unexpected<RecoveryError> refuse(Zxid last, const std::string& why) {
  return std::unexpected(
      RecoveryError{"cannot cut the history after 0x" + zxid_hex(last) + ": " + why});
}

// Snapshots newer than `last`, newest first, after making sure that one up to `last` can be read.
std::optional<RecoveryError> cut_snapshots(Disk& disk, const DataFiles& files, Zxid last,
                                           std::vector<DiskAction>& actions) {
  bool has_base = false;
  for (size_t i = files.snapshots.size(); i-- > 0 && !has_base;) {
    const SnapshotFile& file = files.snapshots[i];
    if (file.name.zxid > last) {
      actions.push_back(RemoveFile{{Folder::kSnapshot, file.info.name}});
      continue;
    }
    std::optional<DiskError> read_error;
    const auto snapshot =
        decode_snapshot(file.name, snapshot_source(disk, file.info.name, read_error), {});
    if (read_error) return RecoveryError{read_error->message};
    has_base = snapshot.has_value();
  }
  if (has_base) return std::nullopt;
  return refuse(last, "there is no valid snapshot up to it").error();
}

// End of the last record up to `last`; nullopt when the file holds none.
std::expected<std::optional<uint64_t>, RecoveryError> end_of(Disk& disk, const std::string& name,
                                                             Zxid last) {
  auto bytes = read_log_file(disk, name);
  if (!bytes) return std::unexpected(RecoveryError{bytes.error().message});
  std::optional<uint64_t> end;
  const auto scan = scan_log(*bytes, [&](const LogRecord& record) {
    if (record.header.zxid > last) return false;
    end = record.offset + kRecordOverhead + record.payload.size();
    return true;
  });
  if (scan) return end;
  return refuse(
      last, name + ": " + scan.error().what + ", at offset " + std::to_string(scan.error().offset));
}
}  // namespace

Actions truncation(Disk& disk, Zxid last) {
  auto files = list_data_files(disk);
  if (!files) return std::unexpected(RecoveryError{files.error().message});
  std::vector<DiskAction> actions;
  if (auto error = cut_snapshots(disk, *files, last, actions)) return std::unexpected(*error);
  for (size_t i = files->logs.size(); i-- > 0;) {
    const FileName name{Folder::kLog, files->logs[i].info.name};
    std::optional<uint64_t> end;
    if (files->logs[i].first <= last) {
      auto found = end_of(disk, name.name, last);
      if (!found) return std::unexpected(found.error());
      end = *found;
    }
    if (end) {
      if (*end < files->logs[i].info.size) actions.push_back(TruncateFile{name, *end});
      break;
    }
    actions.push_back(RemoveFile{name});
  }
  return actions;
}

}  // namespace zoetrope::storage
