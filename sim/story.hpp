// A run as a story for pictures: takes its records and keeps what a person looks at. Owns the
// story, and of every connection what is on its way.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "properties/property.hpp"
#include "sim/message_names.hpp"
#include "sim/record.hpp"
#include "trace/story.hpp"

namespace zoetrope::sim {

class StoryTeller : public RecordSink {
 public:
  // Lanes: servers, clients, and one for faults and judgements.
  StoryTeller(std::string title, uint32_t servers, uint32_t clients);
  void record(const Record& record) override;
  // What was found when the run was over.
  void judged(const properties::Violation& violation);
  // What still lasts ends at the last record.
  trace::Story take();

 private:
  struct UnderWay {
    uint64_t end = 0;  // of the message in the stream of bytes
    uint64_t event = 0;
    std::string text;
    uint64_t bytes = 0;
  };
  struct Stream {
    explicit Stream(node::Port port, bool is_of_opener) : names(port, is_of_opener) {}
    MessageNames names;
    std::deque<UnderWay> under_way;
    uint64_t sent = 0, read = 0;
  };
  using Key = std::pair<uint64_t, std::string>;  // of what lasts, within a lane

  void take_event(const Record& record);
  void take_delivery(const Record& record);
  void take_input(const Record& record);
  void take_effect(const Record& record);
  void take_state(const Record& record);
  void take_fault(const Record& record);
  void take_operation(const Record& record);

  uint64_t add(const Record& record, trace::EventKind kind, std::string text);
  void sends(const Record& record);
  void reads(const Record& record);
  void ends(uint32_t lane);
  void begin(const Record& record, Key key, trace::EventKind kind, std::string text);
  void end(const Record& record, const Key& key);
  uint32_t lane_of(const Record& record) const;

  trace::Story story_;
  uint32_t servers_;
  uint32_t world_;  // the lane
  MonotonicTime now_;
  // By the number of an event of the run: an event of the story that happened in it, or else in the
  // nearest of its causes.
  std::vector<std::optional<uint64_t>> nearest_{std::nullopt};
  bool has_own_ = false;  // the present one
  // By connection: the hosts at both ends, and what each of them sends.
  struct Line {
    uint32_t opener = 0;
    Stream streams[2] = {Stream(node::Port::kClient, true), Stream(node::Port::kClient, false)};
  };
  std::map<uint64_t, Line> lines_;
  std::map<std::pair<uint32_t, Key>, uint64_t> lasting_;       // index of the span
  std::map<std::pair<uint32_t, uint64_t>, std::string> disk_;  // by lane: operations under way
};

}  // namespace zoetrope::sim
