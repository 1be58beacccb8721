// Simulated runs whose servers are recorded, as the net recorder would: into memory.
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "record/recorder.hpp"
#include "sim/run.hpp"

namespace zoetrope::test {

class MemoryFiles : public record::Files {
 public:
  explicit MemoryFiles(size_t size) : ready(size), size_(size) {}

  bool has_next() const override { return !is_full; }
  std::optional<record::Room> next() override {
    if (is_full) return std::nullopt;
    files.emplace_back(size_, '\0');
    const auto number = static_cast<uint32_t>(files.size());
    return record::Room{number, files.back().data(), size_, &ready};
  }
  std::optional<std::string> failure() const override {
    return is_full ? std::optional<std::string>("no space") : std::nullopt;
  }
  void hurry(const record::Room&, size_t) override {}
  void done(const record::Room& room, size_t used) override { files[room.number - 1].resize(used); }
  void note(const std::string& line) override { notes.push_back(line); }

  // Strings that never move once they are given out.
  std::deque<std::string> files;
  std::vector<std::string> notes;
  std::atomic<size_t> ready;
  bool is_full = false;

 private:
  size_t size_;
};

// What the servers of one run left, by their ids.
struct RecordedRun {
  std::map<int64_t, std::unique_ptr<MemoryFiles>> files;
  std::map<int64_t, uint64_t> steps;  // that were taken
  std::map<int64_t, uint64_t> fingerprints;
  uint64_t hash = 0;
};

inline RecordedRun record_run(sim::Profile profile, uint64_t seed, size_t file_size = 1 << 18) {
  RecordedRun run;
  std::map<int64_t, std::unique_ptr<record::Recorder>> recorders;
  uint64_t lives = 0;
  const auto factory = sim::make_server_with([&](std::unique_ptr<node::Server>& server, Now now,
                                                 const node::Input* input, node::Effects& out) {
    const int64_t id = server->config().server_id.value;
    auto& files = run.files[id];
    if (!files) files = std::make_unique<MemoryFiles>(file_size);
    auto& recorder = recorders[id];
    ++run.steps[id];
    if (input == nullptr) {
      recorder = std::make_unique<record::Recorder>(*server, *files, ++lives);
      recorder->start(now, out);
    } else {
      recorder->step(now, *input, out);
    }
    run.fingerprints[id] = server->fingerprint();
  });
  run.hash = sim::run_plan(sim::plan_of({.seed = seed, .profile = profile}), factory).hash;
  return run;
}

}  // namespace zoetrope::test
