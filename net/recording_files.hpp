// The ring of files of a recording: mappings that outlive the process, whichever way that ends. Its
// thread makes the next file, backs it with disk space (so that no store into it can fail), brings
// its pages in ahead of what is written, and removes the oldest files. The engine's thread waits
// for none of that. When the disk is full the recording stops; the server does not notice.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <expected>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "record/recorder.hpp"

namespace zoetrope::net {

class RecordingFiles final : public record::Files {
 public:
  using Note = std::function<void(const std::string& line)>;

  // Goes on behind the files that are in `directory`, which is made when it is not there. `size`:
  // of all files together. The error is one line; a full disk is none.
  static std::expected<std::unique_ptr<RecordingFiles>, std::string> open(std::string directory,
                                                                          uint64_t size, Note note);
  ~RecordingFiles() override;
  RecordingFiles(const RecordingFiles&) = delete;
  RecordingFiles& operator=(const RecordingFiles&) = delete;

  bool has_next() const override;
  std::optional<record::Room> next() override;
  std::optional<std::string> failure() const override;
  void hurry(const record::Room& room, size_t used) override;
  void done(const record::Room& room, size_t used) override;
  void note(const std::string& line) override { note_(line); }

 private:
  struct File {
    record::Room room;
    std::string path;
    std::atomic<size_t> ready = 0;
    size_t wanted = 0;           // to be ready
    std::optional<size_t> used;  // nothing more is written
    ~File();
  };

  RecordingFiles(std::string directory, uint64_t size, Note note);
  void work();
  std::unique_ptr<File> make_file();
  std::unique_ptr<File> fail(const std::string& path, const char* what, int error);
  bool make_room();
  void bring_in(File& file, size_t end);
  void finish(File& file);

  std::string directory_;
  uint64_t file_size_;
  Note note_;
  uint32_t next_number_ = 1;

  mutable std::mutex mutex_;  // of all below
  std::condition_variable changed_;
  std::unique_ptr<File> next_, current_;
  std::vector<std::unique_ptr<File>> finished_;
  std::optional<std::string> failure_;
  bool is_stopping_ = false;
  std::atomic<bool> has_next_ = false;
  std::thread thread_;
};

}  // namespace zoetrope::net
