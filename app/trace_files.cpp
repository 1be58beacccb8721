#include "app/trace_files.hpp"

#include <CLI/Error.hpp>
#include <utility>

#include "app/sim_campaign.hpp"
#include "scenario/scenario.hpp"

namespace zoetrope::app {

TraceFile::TraceFile(std::string path, const sim::Plan& plan)
    : path_(std::move(path)), file_(std::fopen(path_.c_str(), "wb")) {
  if (file_ == nullptr) throw CLI::ValidationError("--save", "cannot write " + path_);
  writer_ = std::make_unique<sim::TraceWriter>(scenario::print(plan),
                                               [this](std::string_view bytes) { write(bytes); });
  // A broken invariant is worth its trace up to the very end.
  before_abort([this] {
    try {
      writer_->flush();
    } catch (const CLI::ValidationError&) {
      // The disk is full: what is there is there.
    }
    std::fflush(file_);
  });
}

TraceFile::~TraceFile() {
  before_abort(nullptr);
  if (file_ != nullptr) std::fclose(file_);
}

void TraceFile::write(std::string_view bytes) {
  if (std::fwrite(bytes.data(), 1, bytes.size(), file_) == bytes.size()) return;
  throw CLI::ValidationError("--save", "cannot write " + path_);
}

void TraceFile::finish(const sim::RunResult& result) {
  writer_->finish(result);
  if (std::fclose(std::exchange(file_, nullptr)) == 0) return;
  throw CLI::ValidationError("--save", "cannot write " + path_);
}

void show_trace_commands(const std::string& path) {
  if (path.empty()) return;
  std::printf("%s; replay it with:\n  zoetrope replay %s\n", path.c_str(), path.c_str());
}

std::unique_ptr<TraceFile> save_trace(const std::string& path, const sim::Plan& plan) {
  return path.empty() ? nullptr : std::make_unique<TraceFile>(path, plan);
}

}  // namespace zoetrope::app
