#include "net/data_directory.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstring>
#include <memory>
#include <optional>
#include <string_view>

namespace zoetrope::net {

namespace {

constexpr const char* kVersionFolder = "/version-2";
constexpr const char* kLockFile = "/zoetrope.lock";

std::string because(const std::string& what) {
  return what + ": " + std::strerror(errno);
}

bool is_directory(const std::string& path) {
  struct stat info{};
  return ::stat(path.c_str(), &info) == 0 && S_ISDIR(info.st_mode);
}

std::string parent_of(const std::string& path) {
  const size_t slash = path.find_last_of('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

// Creates `path` and its parents, each one durable; the text says what failed.
std::optional<std::string> create_directory(std::string path) {
  while (path.size() > 1 && path.ends_with('/')) path.pop_back();
  if (is_directory(path)) return std::nullopt;
  const std::string parent = parent_of(path);
  if (auto wrong = create_directory(parent)) return wrong;
  if (::mkdir(path.c_str(), 0755) != 0 && errno != EEXIST) {
    return because("cannot create directory " + path);
  }
  const UniqueFd fd(::open(parent.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd.is_open() || ::fsync(fd.get()) != 0) return because("cannot sync directory " + parent);
  return std::nullopt;
}

std::optional<std::string> prepare(const std::string& path, bool may_create) {
  if (is_directory(path)) return std::nullopt;
  if (!may_create) {
    return "directory " + path + " is missing and datadir.autocreate is false: create it first";
  }
  return create_directory(path);
}

// Takes the lock of one directory and leaves our process id in its file.
std::expected<UniqueFd, std::string> lock(const std::string& directory) {
  const std::string path = directory + kLockFile;
  UniqueFd fd(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644));
  if (!fd.is_open()) return std::unexpected(because("cannot open " + path));
  if (::flock(fd.get(), LOCK_EX | LOCK_NB) != 0) {
    char pid[16] = {};
    const ssize_t n = ::pread(fd.get(), pid, sizeof pid - 1, 0);
    std::string holder = n > 0 ? " (process " + std::string(pid, strcspn(pid, "\n")) + ")" : "";
    return std::unexpected("another server" + holder + " uses the data directory " + directory +
                           ": stop it or choose another dataDir");
  }
  const std::string pid = std::to_string(::getpid()) + "\n";
  if (::ftruncate(fd.get(), 0) != 0 ||
      ::pwrite(fd.get(), pid.data(), pid.size(), 0) != static_cast<ssize_t>(pid.size())) {
    return std::unexpected(because("cannot write " + path));
  }
  return fd;
}

// A file in `directory` whose name begins with `prefix`; upstream refuses to start over it.
std::optional<std::string> misplaced_file(const std::string& directory, std::string_view prefix) {
  const std::unique_ptr<DIR, int (*)(DIR*)> handle(::opendir(directory.c_str()), ::closedir);
  if (handle == nullptr) return std::nullopt;
  while (const dirent* entry = ::readdir(handle.get())) {
    if (std::string_view(entry->d_name).starts_with(prefix)) return directory + "/" + entry->d_name;
  }
  return std::nullopt;
}

bool is_same_directory(const std::string& a, const std::string& b) {
  struct stat info_a{}, info_b{};
  return ::stat(a.c_str(), &info_a) == 0 && ::stat(b.c_str(), &info_b) == 0 &&
         info_a.st_dev == info_b.st_dev && info_a.st_ino == info_b.st_ino;
}

}  // namespace

std::expected<DataDirectory, std::string> DataDirectory::open(const ServerConfig& config) {
  DataDirectory opened;
  opened.roots_ = {config.data_log_dir + kVersionFolder, config.data_dir + kVersionFolder,
                   config.config_dir};
  for (const std::string& path : {opened.roots_.snapshot, opened.roots_.log}) {
    if (auto wrong = prepare(path, config.datadir_autocreate)) return std::unexpected(*wrong);
  }
  const bool is_one = is_same_directory(opened.roots_.snapshot, opened.roots_.log);
  for (const std::string& path : {config.data_dir, config.data_log_dir}) {
    if (is_one && !opened.locks_.empty()) break;
    auto held = lock(path);
    if (!held) return std::unexpected(held.error());
    opened.locks_.push_back(*std::move(held));
  }
  if (!is_one) {
    if (const auto file = misplaced_file(opened.roots_.log, "snapshot.")) {
      return std::unexpected(*file +
                             " is a snapshot in the log directory: check dataDir and dataLogDir");
    }
    if (const auto file = misplaced_file(opened.roots_.snapshot, "log.")) {
      return std::unexpected(*file +
                             " is a log in the snapshot directory: check dataDir and dataLogDir");
    }
  }
  opened.had_initialize_file_ = ::unlink((config.data_log_dir + "/initialize").c_str()) == 0;
  return opened;
}

}  // namespace zoetrope::net
