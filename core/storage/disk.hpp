// What the engine may ask of a disk, at the level of files. Two ways in: Disk, for recovery before
// the server runs (synchronous, read mostly), and DiskOp, an effect of the running server, whose
// completion comes back as an input. Drivers implement both; no format is known there.
#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace zoetrope::storage {

// The directories of a server (facts/disk-format.md section 1).
enum class Folder : uint8_t {
  kLog,       // <dataLogDir>/version-2
  kSnapshot,  // <dataDir>/version-2; may be the same directory as kLog
  kConfig,    // where zoo.cfg is; of members of an ensemble that may change
};

struct FileName {
  Folder folder = Folder::kLog;
  std::string name;
  auto operator<=>(const FileName&) const = default;
};

struct FileInfo {
  std::string name;
  uint64_t size = 0;
};

struct DiskError {
  std::string message;  // names the file and says what failed
};

// Synchronous access for recovery and for tools. Every call may fail.
class Disk {
 public:
  virtual ~Disk() = default;
  virtual std::expected<std::vector<FileInfo>, DiskError> list(Folder folder) = 0;
  // Up to `length` bytes from `offset`; fewer only at the end of the file.
  virtual std::expected<std::string, DiskError> read(const FileName& file, uint64_t offset,
                                                     uint64_t length) = 0;
  // Durable when it returns.
  virtual std::expected<void, DiskError> truncate(const FileName& file, uint64_t size) = 0;
  // Writes what `file` holds at `offset` once more, so that it and the file's name are durable when
  // this returns: the bytes may be in a cache that believes them to be on the disk already.
  virtual std::expected<void, DiskError> rewrite(const FileName& file, uint64_t offset,
                                                 std::string_view bytes) = 0;
  virtual std::expected<void, DiskError> remove(const FileName& file) = 0;
};

// Operations of a lane are done in the order in which they were issued; lanes are independent, so
// that writing a snapshot never delays a log sync. When one fails, those behind it that rest on the
// contents of its file fail too and are not carried out (FailedFiles).
enum class Lane : uint8_t { kLog, kSnapshot };

// Writes `bytes` at `offset`, creating the file (with the first `size_min` bytes of it zero-filled)
// when needed: size_min is the preallocation that the log format asks for.
struct WriteFile {
  FileName file;
  uint64_t offset = 0;
  std::string bytes;
  uint64_t size_min = 0;
};
// All that was written to the file is durable when it completes (data, size, and its directory
// entry).
struct SyncFile {
  FileName file;
};
// Atomic replacement; durable when it completes.
struct RenameFile {
  FileName from;
  std::string to;
};
struct RemoveFile {
  FileName file;
};
struct TruncateFile {
  FileName file;
  uint64_t size = 0;
};
// Releases what the driver keeps open for the file.
struct CloseFile {
  FileName file;
};

using DiskAction =
    std::variant<WriteFile, SyncFile, RenameFile, RemoveFile, TruncateFile, CloseFile>;

struct DiskOp {
  uint64_t id = 0;  // ascending over all lanes; the completion names it
  Lane lane = Lane::kLog;
  DiskAction action;
};

}  // namespace zoetrope::storage
