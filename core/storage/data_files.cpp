#include "core/storage/data_files.hpp"

#include <algorithm>
#include <cstring>
#include <tuple>

#include "core/storage/recovery.hpp"
#include "core/storage/transaction_log.hpp"

namespace zoetrope::storage {

namespace {
constexpr uint64_t kLogPiece = 1 << 20;
constexpr uint64_t kSnapshotPiece = 4 << 20;
constexpr std::string_view kUnfinishedPrefix = "tmp.snapshot.";

std::optional<DiskError> misplaced(const std::vector<FileInfo>& logs,
                                   const std::vector<FileInfo>& snapshots) {
  for (const FileInfo& file : logs) {
    if (!parse_snapshot_name(file.name)) continue;
    return DiskError{"the log directory holds the snapshot " + file.name +
                     ": check dataDir and dataLogDir"};
  }
  for (const FileInfo& file : snapshots) {
    if (!zxid_of_log_name(file.name)) continue;
    return DiskError{"the snapshot directory holds the log " + file.name +
                     ": check dataDir and dataLogDir"};
  }
  return std::nullopt;
}
}  // namespace

std::string unfinished_snapshot_name(Zxid zxid) {
  return std::string(kUnfinishedPrefix) + zxid_hex(zxid);
}

bool is_unfinished_snapshot(std::string_view name) {
  return name.starts_with(kUnfinishedPrefix);
}

std::expected<DataFiles, DiskError> list_data_files(Disk& disk) {
  auto logs = disk.list(Folder::kLog);
  if (!logs) return std::unexpected(logs.error());
  auto snapshots = disk.list(Folder::kSnapshot);
  if (!snapshots) return std::unexpected(snapshots.error());
  const auto by_name = [](const FileInfo& a, const FileInfo& b) { return a.name < b.name; };
  std::sort(logs->begin(), logs->end(), by_name);
  std::sort(snapshots->begin(), snapshots->end(), by_name);
  // One directory for both shows the same names twice.
  const auto same_name = [](const FileInfo& a, const FileInfo& b) { return a.name == b.name; };
  if (!std::equal(logs->begin(), logs->end(), snapshots->begin(), snapshots->end(), same_name)) {
    if (auto error = misplaced(*logs, *snapshots)) return std::unexpected(*error);
  }
  DataFiles files;
  for (FileInfo& file : *logs) {
    if (const auto first = zxid_of_log_name(file.name)) files.logs.push_back({file, *first});
  }
  for (FileInfo& file : *snapshots) {
    if (const auto name = parse_snapshot_name(file.name)) files.snapshots.push_back({file, *name});
    if (is_unfinished_snapshot(file.name)) files.unfinished.push_back(file.name);
  }
  // Two names may say the same zxid: with and without leading zeros or a suffix.
  std::ranges::sort(files.logs, [](const LogFile& a, const LogFile& b) {
    return std::tie(a.first, a.info.name) < std::tie(b.first, b.info.name);
  });
  std::ranges::sort(files.snapshots, [](const SnapshotFile& a, const SnapshotFile& b) {
    return std::tie(a.name.zxid, a.info.name) < std::tie(b.name.zxid, b.info.name);
  });
  return files;
}

size_t first_log_after(const std::vector<LogFile>& logs, Zxid zxid) {
  size_t first = 0;
  for (size_t i = 0; i < logs.size() && logs[i].first <= zxid.next(); ++i) first = i;
  return first;
}

std::expected<std::string, DiskError> read_log_file(Disk& disk, const std::string& name) {
  const FileName file{Folder::kLog, name};
  std::string bytes;
  uint64_t zeros = 0;  // pieces of nothing but zeros are held back until something follows
  for (uint64_t offset = 0;; offset += kLogPiece) {
    auto piece = disk.read(file, offset, kLogPiece);
    if (!piece) return std::unexpected(piece.error());
    if (piece->empty()) return bytes;
    if ((*piece)[0] == 0 && std::memcmp(piece->data(), piece->data() + 1, piece->size() - 1) == 0) {
      zeros += piece->size();
    } else {
      bytes.append(zeros, '\0');
      zeros = 0;
      bytes.append(*piece);
    }
    if (piece->size() < kLogPiece) return bytes;
  }
}

ByteSource snapshot_source(Disk& disk, const std::string& name, std::optional<DiskError>& error) {
  return [&disk, &error, file = FileName{Folder::kSnapshot, name}, offset = uint64_t{0},
          piece = std::string()]() mutable -> std::string_view {
    if (error) return {};
    auto bytes = disk.read(file, offset, kSnapshotPiece);
    if (!bytes) {
      error = bytes.error();
      return {};
    }
    piece = std::move(*bytes);
    offset += piece.size();
    return piece;
  };
}

bool looks_finished(Disk& disk, const SnapshotFile& file) {
  constexpr std::string_view kEnd("\0\0\0\1/", 5);
  constexpr uint64_t kSizeMin = 10;
  const FileName name{Folder::kSnapshot, file.info.name};
  std::string_view expected = kEnd;
  uint64_t offset = file.info.size - kEnd.size();
  if (file.name.compression == Compression::kGzip) expected = std::string_view("\x1f\x8b", 2);
  if (file.name.compression == Compression::kSnappy) expected = std::string_view("\x82SNAPPY\0", 8);
  if (file.name.compression != Compression::kNone) offset = 0;
  if (file.info.size < kSizeMin) return false;
  const auto bytes = disk.read(name, offset, expected.size());
  return bytes && *bytes == expected;
}

}  // namespace zoetrope::storage
