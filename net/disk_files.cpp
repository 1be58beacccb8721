#include "net/disk_files.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/uio.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <thread>

namespace zoetrope::net {

namespace {

// A sync of data that overwrites real zeros needs no change of the file's block map, which halves
// its cost; a hole costs like growing. So each write that passes the end of the zeros carries more
// of them along, and the sync that follows makes both durable. A step is what one sync can carry
// unnoticed.
constexpr size_t kZeroStepMin = 64 * 1024;
constexpr size_t kZeroStepMax = 256 * 1024;
alignas(4096) constexpr char kZeros[kZeroStepMax] = {};

constexpr uint64_t kBlockBytes = 4096;

// Nobody reads a log back but a server that starts and a member that was away, yet its pages would
// fill the page cache. Every page that is new there has to be allocated, which under a hypervisor
// that takes unused memory away can cost more than all else in a write. So the kernel is told to
// forget, in steps, what is synced and older than the newest part of a log, and the pages of the
// old part take up the new one.
constexpr uint64_t kCachedBytes = 16 << 20;
constexpr uint64_t kForgetStep = 1 << 20;

// Files that are written without preallocation (snapshots) go to the disk in pieces, one at a time,
// so that a sync of the log waits for one piece at most and not for all that the page cache holds.
// After each piece the writer rests for as long as it took, so that half of the disk is the log's.
constexpr uint64_t kWritebackBytes = 256 << 10;
constexpr std::chrono::milliseconds kRestMax{20};

// Writes all of `parts` (which it changes) at `offset`; false with errno set when that fails.
bool write_fully(int fd, std::vector<iovec> parts, uint64_t offset) {
  size_t first = 0;
  while (first < parts.size()) {
    const ssize_t n = ::pwritev(fd, parts.data() + first, static_cast<int>(parts.size() - first),
                                static_cast<off_t>(offset));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return false;
    offset += static_cast<uint64_t>(n);
    auto rest = static_cast<size_t>(n);
    while (first < parts.size() && rest >= parts[first].iov_len) rest -= parts[first++].iov_len;
    if (first < parts.size()) {
      parts[first].iov_base = static_cast<char*>(parts[first].iov_base) + rest;
      parts[first].iov_len -= rest;
    }
  }
  return true;
}

template <class... Cases>
struct Match : Cases... {
  using Cases::operator()...;
};

}  // namespace

std::optional<storage::DiskError> DiskFiles::perform(const storage::DiskAction& action) {
  Failure refused = failed_.refuse(action);
  if (refused) return refused;
  Failure failed = carry_out(action);
  if (failed) failed_.failed(action, *failed);
  return failed;
}

DiskFiles::Failure DiskFiles::carry_out(const storage::DiskAction& action) {
  return std::visit(Match{
                        [this](const storage::WriteFile& a) { return write(a); },
                        [this](const storage::SyncFile& a) { return sync(a); },
                        [this](const storage::RenameFile& a) { return rename(a); },
                        [this](const storage::RemoveFile& a) { return remove(a); },
                        [this](const storage::TruncateFile& a) { return truncate(a); },
                        [this](const storage::CloseFile& a) {
                          close(a.file);
                          return Failure();
                        },
                    },
                    action);
}

DiskFiles::Failure DiskFiles::write(const storage::WriteFile& action) {
  Failure failed;
  OpenFile* file = open(action.file, true, failed);
  if (file == nullptr) return failed;
  if (failed = extend(*file, action.size_min); failed) return failed;

  const uint64_t end = action.offset + action.bytes.size();
  const size_t zeros = zeros_wanted(*file, end);
  std::vector<iovec> parts;
  parts.push_back({const_cast<char*>(action.bytes.data()), action.bytes.size()});
  if (zeros != 0) parts.push_back({const_cast<char*>(kZeros), zeros});
  if (!write_fully(file->fd.get(), std::move(parts), action.offset)) {
    return failure("write", action.file);
  }
  if (zeros != 0) file->zeros_end = end + zeros;
  file->data_end = std::max(file->data_end, end);
  file->size = std::max(file->size, end + zeros);
  if (action.size_min == 0) write_back(*file, end);
  return std::nullopt;
}

DiskFiles::Failure DiskFiles::sync(const storage::SyncFile& action) {
  Failure failed;
  OpenFile* file = open(action.file, false, failed);
  if (file == nullptr) return failed;
  // fdatasync also makes a new size durable; only times are left out.
  if (::fdatasync(file->fd.get()) != 0) return failure("sync", action.file);
  forget_synced(*file);
  if (!file->is_new) return std::nullopt;
  if (failed = sync_directory(action.file.folder); failed) return failed;
  file->is_new = false;
  return std::nullopt;
}

DiskFiles::Failure DiskFiles::rename(const storage::RenameFile& action) {
  const storage::FileName to{action.from.folder, action.to};
  if (::rename(roots_.path(action.from).c_str(), roots_.path(to).c_str()) != 0) {
    return failure("rename", action.from);
  }
  close(to);
  for (auto& file : files_) {
    if (file->name == action.from) file->name = to;
  }
  return sync_directory(action.from.folder);
}

DiskFiles::Failure DiskFiles::remove(const storage::RemoveFile& action) {
  close(action.file);
  if (::unlink(roots_.path(action.file).c_str()) != 0 && errno != ENOENT) {
    return failure("remove", action.file);
  }
  return sync_directory(action.file.folder);
}

DiskFiles::Failure DiskFiles::truncate(const storage::TruncateFile& action) {
  Failure failed;
  OpenFile* file = open(action.file, false, failed);
  if (file == nullptr) return failed;
  if (::ftruncate(file->fd.get(), static_cast<off_t>(action.size)) != 0 ||
      ::fsync(file->fd.get()) != 0) {
    return failure("truncate", action.file);
  }
  // Zeros behind the cut are gone with it.
  close(action.file);
  return std::nullopt;
}

void DiskFiles::close(const storage::FileName& name) {
  std::erase_if(files_, [&](const auto& file) { return file->name == name; });
}

DiskFiles::OpenFile* DiskFiles::open(const storage::FileName& name, bool create, Failure& failed) {
  for (auto& file : files_) {
    if (file->name == name) return file.get();
  }
  auto file = std::make_unique<OpenFile>();
  file->name = name;
  const std::string path = roots_.path(name);
  constexpr int kFlags = O_RDWR | O_CLOEXEC;
  if (create) {
    file->fd.reset(::open(path.c_str(), kFlags | O_CREAT | O_EXCL, 0644));
    file->is_new = file->is_ours = file->fd.is_open();
  }
  if (!file->fd.is_open()) file->fd.reset(::open(path.c_str(), kFlags));
  struct stat info{};
  if (!file->fd.is_open() || ::fstat(file->fd.get(), &info) != 0) {
    failed = failure("open", name);
    return nullptr;
  }
  file->size = static_cast<uint64_t>(info.st_size);
  files_.push_back(std::move(file));
  return files_.back().get();
}

DiskFiles::Failure DiskFiles::extend(OpenFile& file, uint64_t size_min) {
  if (size_min <= file.size) return std::nullopt;
  if (::ftruncate(file.fd.get(), static_cast<off_t>(size_min)) != 0) {
    return failure("extend", file.name);
  }
  file.size = size_min;
  return std::nullopt;
}

// How many zeros to write behind a write that ends at `write_end`. Only at the end of the data of a
// file that we created and that the engine wants longer: nothing but zeros can lie there.
size_t DiskFiles::zeros_wanted(const OpenFile& file, uint64_t write_end) const {
  if (!file.is_ours || write_end < file.data_end) return 0;
  if (write_end <= file.zeros_end || write_end >= file.size) return 0;
  const uint64_t step = std::clamp<uint64_t>(write_end, kZeroStepMin, kZeroStepMax);
  // Up to a block boundary, so that no later write finds half a block.
  const uint64_t zeros_end = std::min((write_end + step) / kBlockBytes * kBlockBytes, file.size);
  return zeros_end > write_end ? static_cast<size_t>(zeros_end - write_end) : 0;
}

void DiskFiles::write_back(OpenFile& file, uint64_t write_end) {
  if (write_end < file.writeback_begin + kWritebackBytes) return;
  const auto before = std::chrono::steady_clock::now();
  // Advice only: a failure shows in the sync at the end.
  ::sync_file_range(
      file.fd.get(), static_cast<off_t>(file.writeback_begin),
      static_cast<off_t>(write_end - file.writeback_begin),
      SYNC_FILE_RANGE_WAIT_BEFORE | SYNC_FILE_RANGE_WRITE | SYNC_FILE_RANGE_WAIT_AFTER);
  file.writeback_begin = write_end;
  const std::chrono::nanoseconds taken = std::chrono::steady_clock::now() - before;
  std::this_thread::sleep_for(std::min<std::chrono::nanoseconds>(taken, kRestMax));
}

void DiskFiles::forget_synced(OpenFile& file) {
  const uint64_t end = file.data_end / kBlockBytes * kBlockBytes;
  if (file.zeros_end == 0 || end < file.forgotten_end + kCachedBytes + kForgetStep) return;
  const uint64_t bytes = end - kCachedBytes - file.forgotten_end;
  // Advice only: that it may fail harms nobody.
  static_cast<void>(::posix_fadvise(file.fd.get(), static_cast<off_t>(file.forgotten_end),
                                    static_cast<off_t>(bytes), POSIX_FADV_DONTNEED));
  file.forgotten_end += bytes;
}

DiskFiles::Failure DiskFiles::sync_directory(storage::Folder folder) {
  const UniqueFd directory(::open(roots_.of(folder).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!directory.is_open() || ::fsync(directory.get()) != 0) {
    return storage::DiskError{"cannot sync directory " + roots_.of(folder) + ": " +
                              std::strerror(errno)};
  }
  return std::nullopt;
}

storage::DiskError DiskFiles::failure(const char* what, const storage::FileName& name) const {
  const int code = errno;
  return {std::string("cannot ") + what + " " + roots_.path(name) + ": " + std::strerror(code)};
}

}  // namespace zoetrope::net
