// Trace files on the disk: one that a run is written to, and one that is read. Owns the open file.
#pragma once

#include <cstdio>
#include <memory>
#include <string>

#include "sim/trace_writer.hpp"

namespace zoetrope::app {

class TraceFile {
 public:
  // The plan is that of the run. A file that cannot be written is bad usage of `--save`.
  TraceFile(std::string path, const sim::Plan& plan);
  ~TraceFile();
  TraceFile(const TraceFile&) = delete;
  TraceFile& operator=(const TraceFile&) = delete;

  sim::RecordSink* records() { return &*writer_; }
  void finish(const sim::RunResult& result);

 private:
  void write(std::string_view bytes);

  std::string path_;
  std::FILE* file_;
  std::unique_ptr<sim::TraceWriter> writer_;
};

// nullptr for an empty path.
std::unique_ptr<TraceFile> save_trace(const std::string& path, const sim::Plan& plan);
inline sim::RecordSink* records_of(const std::unique_ptr<TraceFile>& file) {
  return file ? file->records() : nullptr;
}
// What can be done with a trace that was written; nothing for an empty path.
void show_trace_commands(const std::string& path);

}  // namespace zoetrope::app
