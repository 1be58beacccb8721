// Writes the records of a run as a trace file. Owns one block; what is full goes out at once.
#pragma once

#include <string>
#include <string_view>

#include "sim/record.hpp"
#include "sim/record_codec.hpp"
#include "sim/run.hpp"
#include "trace/file.hpp"

namespace zoetrope::sim {

class TraceWriter : public RecordSink {
 public:
  // `plan`: the text that gives this run again.
  TraceWriter(std::string_view plan, trace::FileWriter::Out out);
  void record(const Record& record) override;
  // Writes what there is of the present block, however little.
  void flush();
  // After the run.
  void finish(const RunResult& result);

 private:
  trace::FileWriter file_;
  RecordEncoder encoder_;
  std::string block_;
  trace::Position began_;  // the block
  trace::Position now_;    // the event taken last
  uint64_t records_ = 0;
};

// The properties that broke, each once, in their order.
std::vector<std::string> broken_properties(const RunResult& result);

}  // namespace zoetrope::sim
