#include "net/file_disk.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>

namespace zoetrope::net {

namespace {

// Nothing was ever written to that part. A preallocated log is mostly hole, and reading it through
// the page cache would take most of a restart's time.
bool is_hole(int fd, uint64_t offset, uint64_t length, uint64_t size) {
  const off_t data = ::lseek(fd, static_cast<off_t>(offset), SEEK_DATA);
  const bool is_last_hole = data < 0 && errno == ENXIO;
  const uint64_t data_begin = is_last_hole ? size : data < 0 ? offset : static_cast<uint64_t>(data);
  return length != 0 && data_begin >= offset + length;
}

}  // namespace

std::expected<std::vector<storage::FileInfo>, storage::DiskError> FileDisk::list(
    storage::Folder folder) {
  const std::string& path = roots_.of(folder);
  const std::unique_ptr<DIR, int (*)(DIR*)> directory(::opendir(path.c_str()), ::closedir);
  if (directory == nullptr) return failure("open directory", path);
  std::vector<storage::FileInfo> files;
  while (true) {
    errno = 0;
    const dirent* entry = ::readdir(directory.get());
    if (entry == nullptr && errno != 0) return failure("read directory", path);
    if (entry == nullptr) break;
    struct stat info{};
    if (::fstatat(::dirfd(directory.get()), entry->d_name, &info, 0) != 0) continue;
    if (S_ISREG(info.st_mode)) {
      files.push_back({entry->d_name, static_cast<uint64_t>(info.st_size)});
    }
  }
  std::ranges::sort(files, {}, &storage::FileInfo::name);
  return files;
}

std::expected<std::string, storage::DiskError> FileDisk::read(const storage::FileName& file,
                                                              uint64_t offset, uint64_t length) {
  const std::string path = roots_.path(file);
  if (!open_file_.is_open() || open_name_ != file) {
    open_file_.reset(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    open_name_ = file;
    if (!open_file_.is_open()) return failure("open", path);
  }
  // No more than the file holds, so that "read everything" does not ask for endless memory.
  struct stat info{};
  if (::fstat(open_file_.get(), &info) != 0) return failure("read", path);
  const auto size = static_cast<uint64_t>(info.st_size);
  length = offset >= size ? 0 : std::min(length, size - offset);

  if (is_hole(open_file_.get(), offset, length, size)) return std::string(length, '\0');

  std::string bytes;
  bool failed = false;
  bytes.resize_and_overwrite(length, [&](char* buffer, size_t wanted) {
    size_t done = 0;
    while (done < wanted) {
      const ssize_t n = ::pread(open_file_.get(), buffer + done, wanted - done,
                                static_cast<off_t>(offset + done));
      if (n < 0 && errno == EINTR) continue;
      failed = n < 0;
      if (n <= 0) break;
      done += static_cast<size_t>(n);
    }
    return done;
  });
  if (failed) return failure("read", path);
  return bytes;
}

std::expected<void, storage::DiskError> FileDisk::truncate(const storage::FileName& file,
                                                           uint64_t size) {
  const std::string path = roots_.path(file);
  const UniqueFd fd(::open(path.c_str(), O_WRONLY | O_CLOEXEC));
  if (!fd.is_open() || ::ftruncate(fd.get(), static_cast<off_t>(size)) != 0 ||
      ::fsync(fd.get()) != 0) {
    return failure("truncate", path);
  }
  return {};
}

std::expected<void, storage::DiskError> FileDisk::rewrite(const storage::FileName& file,
                                                          uint64_t offset, std::string_view bytes) {
  DiskFiles files(roots_);
  auto error = files.perform(storage::WriteFile{file, offset, std::string(bytes), 0});
  if (!error) error = files.perform(storage::SyncFile{file});
  // The process that created the file may have died before its name was durable.
  if (!error) error = files.sync_directory(file.folder);
  if (error) return std::unexpected(*std::move(error));
  return {};
}

std::expected<void, storage::DiskError> FileDisk::remove(const storage::FileName& file) {
  open_file_.reset();
  DiskFiles files(roots_);
  if (auto error = files.perform(storage::RemoveFile{file}))
    return std::unexpected(*std::move(error));
  return {};
}

std::unexpected<storage::DiskError> FileDisk::failure(const char* what,
                                                      const std::string& path) const {
  return std::unexpected(
      storage::DiskError{std::string("cannot ") + what + " " + path + ": " + std::strerror(errno)});
}

}  // namespace zoetrope::net
