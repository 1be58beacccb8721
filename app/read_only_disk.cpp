#include "app/read_only_disk.hpp"

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <memory>

namespace zoetrope::app {

namespace {
struct CloseFile {
  void operator()(std::FILE* file) const { std::fclose(file); }
};

std::unexpected<storage::DiskError> failed(const std::string& path) {
  return std::unexpected(storage::DiskError{path + ": " + std::strerror(errno)});
}
}  // namespace

ReadOnlyDisk::ReadOnlyDisk(std::string log_directory, std::string snapshot_directory)
    : log_directory_(std::move(log_directory)),
      snapshot_directory_(std::move(snapshot_directory)) {}

const std::string& ReadOnlyDisk::directory(storage::Folder folder) const {
  return folder == storage::Folder::kLog ? log_directory_ : snapshot_directory_;
}

std::string ReadOnlyDisk::path(const storage::FileName& file) const {
  return directory(file.folder) + "/" + file.name;
}

std::expected<std::vector<storage::FileInfo>, storage::DiskError> ReadOnlyDisk::list(
    storage::Folder folder) {
  std::vector<storage::FileInfo> files;
  std::error_code error;
  for (std::filesystem::directory_iterator at(directory(folder), error), end; !error && at != end;
       at.increment(error)) {
    if (!at->is_regular_file(error)) continue;
    files.push_back({at->path().filename().string(), at->file_size(error)});
  }
  if (error) {
    return std::unexpected(storage::DiskError{directory(folder) + ": " + error.message()});
  }
  return files;
}

std::expected<std::string, storage::DiskError> ReadOnlyDisk::read(const storage::FileName& file,
                                                                  uint64_t offset,
                                                                  uint64_t length) {
  const std::string name = path(file);
  const std::unique_ptr<std::FILE, CloseFile> stream(std::fopen(name.c_str(), "rb"));
  if (!stream) return failed(name);
  if (fseeko(stream.get(), static_cast<off_t>(offset), SEEK_SET) != 0) return failed(name);
  std::string bytes(length, '\0');
  bytes.resize(std::fread(bytes.data(), 1, length, stream.get()));
  if (std::ferror(stream.get()) != 0) return failed(name);
  return bytes;
}

std::expected<void, storage::DiskError> ReadOnlyDisk::truncate(const storage::FileName& file,
                                                               uint64_t size) {
  changes_.push_back("cut " + file.name + " to " + std::to_string(size) + " bytes");
  return {};
}

std::expected<void, storage::DiskError> ReadOnlyDisk::remove(const storage::FileName& file) {
  changes_.push_back("remove " + file.name);
  return {};
}

}  // namespace zoetrope::app
