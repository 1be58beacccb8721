// Compares the records of a run with those of a file, byte by byte as they would be written, and
// ends the run at the first difference. Owns what it found.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "sim/record.hpp"
#include "sim/record_codec.hpp"
#include "trace/file.hpp"

namespace zoetrope::sim {

struct Difference {
  uint64_t number = 0;  // of the event
  MonotonicTime at;
  std::string expected, found;  // empty: nothing more
};

class Comparison : public RecordSink {
 public:
  // `servers`: of the plan. `last`: the run ends behind that event. `file` outlives this.
  Comparison(const trace::File& file, uint32_t servers, std::optional<uint64_t> last)
      : file_(file), servers_(servers), last_(last) {}

  void record(const Record& record) override;
  // After a run that was not ended here: whether the file goes on, or says something else of it.
  void finish(uint64_t hash, uint64_t events, MonotonicTime virtual_time);

  const std::optional<Difference>& difference() const { return difference_; }
  uint64_t records() const { return records_; }  // that are equal
  const trace::Position& position() const { return now_; }
  // A file without an end was compared up to where it is good.
  bool is_prefix_over() const { return is_prefix_over_; }

 private:
  bool begin_block();
  void differ(const Record* found);
  std::string expected() const;

  const trace::File& file_;
  uint32_t servers_;
  std::optional<uint64_t> last_;
  size_t block_ = 0;  // behind the one at hand
  std::string_view left_;
  RecordEncoder encoder_;
  std::string scratch_;
  trace::Position now_;
  uint64_t records_ = 0;
  bool is_prefix_over_ = false;
  std::optional<Difference> difference_;
};

}  // namespace zoetrope::sim
