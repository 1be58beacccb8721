#include "net/recording_files.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <utility>

#include "core/base/assert.hpp"
#include "net/unique_fd.hpp"
#include "record/file.hpp"

namespace zoetrope::net {

namespace fs = std::filesystem;

namespace {

// The files of a ring: of three the oldest may be gone any moment, the fourth is made ready.
constexpr uint64_t kFiles = 4;
constexpr size_t kPage = 4096;
// Made ready at once, so that whoever wants it waits in between as well.
constexpr size_t kPiece = 1 << 20;
constexpr size_t kReadyAtFirst = 8 << 20;
constexpr size_t kAhead = 16 << 20;

// Files of recordings in the directory, oldest first.
std::vector<std::pair<uint32_t, fs::path>> files_in(const std::string& directory) {
  std::vector<std::pair<uint32_t, fs::path>> files;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(directory, error)) {
    const auto number = record::parse_file_name(entry.path().filename().string());
    if (number) files.emplace_back(*number, entry.path());
  }
  std::sort(files.begin(), files.end());
  return files;
}

uint64_t size_of(const fs::path& path) {
  std::error_code error;
  const uintmax_t size = fs::file_size(path, error);
  return error ? 0 : size;
}

// Made ready by a server that died before it came to it.
bool is_unused(const fs::path& path) {
  const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  char head[record::kHeadSize] = {};
  return fd.is_open() && ::pread(fd.get(), head, sizeof head, 0) >= 0 &&
         record::FileReader::is_unused({head, sizeof head});
}

}  // namespace

RecordingFiles::File::~File() {
  if (room.at != nullptr) ::munmap(room.at, room.size);
}

std::expected<std::unique_ptr<RecordingFiles>, std::string> RecordingFiles::open(
    std::string directory, uint64_t size, Note note) {
  std::error_code error;
  fs::create_directories(directory, error);
  if (error || ::access(directory.c_str(), W_OK | X_OK) != 0) {
    const std::string why = error ? error.message() : std::strerror(errno);
    return std::unexpected("cannot record in " + directory + ": " + why);
  }
  return std::unique_ptr<RecordingFiles>(
      new RecordingFiles(std::move(directory), size, std::move(note)));
}

RecordingFiles::RecordingFiles(std::string directory, uint64_t size, Note note)
    : directory_(std::move(directory)),
      file_size_(size / kFiles / kPage * kPage),
      note_(std::move(note)) {
  for (const auto& [number, path] : files_in(directory_)) {
    std::error_code error;
    if (is_unused(path)) {
      fs::remove(path, error);
    } else {
      next_number_ = number + 1;
    }
  }
  next_ = make_file();
  has_next_ = next_ != nullptr;
  thread_ = std::thread([this] { work(); });
}

RecordingFiles::~RecordingFiles() {
  {
    const std::lock_guard lock(mutex_);
    is_stopping_ = true;
  }
  changed_.notify_one();
  thread_.join();
  if (current_) finish(*current_);
  if (next_) ::unlink(next_->path.c_str());
}

bool RecordingFiles::has_next() const {
  return has_next_.load(std::memory_order_relaxed);
}

std::optional<record::Room> RecordingFiles::next() {
  const std::lock_guard lock(mutex_);
  has_next_ = false;
  if (!next_) return std::nullopt;
  ZT_ASSERT(!current_);
  current_ = std::move(next_);
  changed_.notify_one();
  return current_->room;
}

std::optional<std::string> RecordingFiles::failure() const {
  const std::lock_guard lock(mutex_);
  return failure_;
}

void RecordingFiles::hurry(const record::Room&, size_t used) {
  const std::lock_guard lock(mutex_);
  current_->wanted = std::max(current_->wanted, used + kAhead);
  changed_.notify_one();
}

void RecordingFiles::done(const record::Room&, size_t used) {
  const std::lock_guard lock(mutex_);
  current_->used = used;
  finished_.push_back(std::move(current_));
  changed_.notify_one();
}

void RecordingFiles::work() {
  std::unique_lock lock(mutex_);
  const auto wants_pages = [this] {
    return current_ && current_->ready < std::min(current_->wanted, current_->room.size);
  };
  for (;;) {
    const auto wants_file = [this] { return !next_ && !failure_; };
    changed_.wait(
        lock, [&] { return is_stopping_ || !finished_.empty() || wants_file() || wants_pages(); });
    if (wants_pages()) {
      // It is this thread that lets go of a file, so it stays while the engine may be done with it.
      File& file = *current_;
      const size_t end = std::min(file.wanted, file.room.size);
      lock.unlock();
      bring_in(file, end);
      lock.lock();
    } else if (!finished_.empty()) {
      auto files = std::exchange(finished_, {});
      lock.unlock();
      for (auto& file : files) finish(*file);
      files.clear();
      lock.lock();
    } else if (is_stopping_) {
      return;
    } else if (wants_file()) {
      lock.unlock();
      auto file = make_file();
      lock.lock();
      next_ = std::move(file);
      has_next_ = next_ != nullptr;
    }
  }
}

std::unique_ptr<RecordingFiles::File> RecordingFiles::fail(const std::string& path,
                                                           const char* what, int error) {
  ::unlink(path.c_str());
  const std::lock_guard lock(mutex_);
  failure_ = std::string(what) + " " + path + ": " + std::strerror(error);
  return nullptr;
}

// The ring keeps its size with the file that is about to be made.
bool RecordingFiles::make_room() {
  auto files = files_in(directory_);
  uint64_t bytes = file_size_;
  for (const auto& [number, path] : files) bytes += size_of(path);
  for (const auto& [number, path] : files) {
    if (bytes <= file_size_ * kFiles || number + 1 == next_number_) break;
    bytes -= size_of(path);
    std::error_code error;
    if (!fs::remove(path, error)) return false;
  }
  return true;
}

std::unique_ptr<RecordingFiles::File> RecordingFiles::make_file() {
  auto file = std::make_unique<File>();
  file->path = directory_ + "/" + record::file_name(next_number_);
  if (!make_room()) return fail(file->path, "cannot remove a file older than", EACCES);
  const UniqueFd fd(::open(file->path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  if (!fd.is_open()) return fail(file->path, "cannot create", errno);
  if (const int error = ::posix_fallocate(fd.get(), 0, static_cast<off_t>(file_size_))) {
    return fail(file->path, "no space for", error);
  }
  void* at = ::mmap(nullptr, file_size_, PROT_READ | PROT_WRITE, MAP_SHARED, fd.get(), 0);
  if (at == MAP_FAILED) return fail(file->path, "cannot map", errno);
  file->room = {next_number_++, static_cast<char*>(at), file_size_, &file->ready};
  bring_in(*file, std::min<size_t>(kReadyAtFirst, file_size_));
  return file;
}

void RecordingFiles::bring_in(File& file, size_t end) {
  for (size_t at = file.ready; at < end; at = file.ready) {
    const size_t size = std::min(kPiece, file.room.size - at);
#ifdef MADV_POPULATE_WRITE
    if (::madvise(file.room.at + at, size, MADV_POPULATE_WRITE) != 0)
#endif
    {
      for (size_t page = at; page < at + size; page += kPage) {
        *static_cast<volatile char*>(file.room.at + page) = 0;
      }
    }
    file.ready.store(at + size, std::memory_order_release);
  }
}

// Gives back what was not used. A file that was left in the middle, by a server that stops without
// a word, stays as it is.
void RecordingFiles::finish(File& file) {
  if (!file.used) return;
  if (*file.used == 0) {
    ::unlink(file.path.c_str());
  } else if (::truncate(file.path.c_str(), static_cast<off_t>(*file.used)) != 0) {
    return;  // its zeros are read as its end
  }
}

}  // namespace zoetrope::net
