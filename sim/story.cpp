#include "sim/story.hpp"

#include <algorithm>

#include "core/node/effects.hpp"
#include "core/node/input.hpp"
#include "properties/history.hpp"
#include "sim/event_queue.hpp"

namespace zoetrope::sim {

using Look = trace::EventKind;

namespace {

constexpr const char* kLife = "life";
constexpr const char* kStanding = "standing";

template <class Variant, class Alternative>
const uint8_t kIndex = static_cast<uint8_t>(Variant(Alternative{}).index());

}  // namespace

StoryTeller::StoryTeller(std::string title, uint32_t servers, uint32_t clients)
    : servers_(servers), world_(servers + clients) {
  story_.title = std::move(title);
  for (uint32_t lane = 0; lane < world_; ++lane) {
    story_.lanes.push_back({lane_name(lane, servers),
                            lane < servers ? trace::LaneKind::kServer : trace::LaneKind::kClient});
  }
  story_.lanes.push_back({"faults", trace::LaneKind::kWorld});
}

// Strangers, who are neither servers nor clients, belong to the faults.
uint32_t StoryTeller::lane_of(const Record& record) const {
  return std::min(record.lane, world_);
}

void StoryTeller::record(const Record& record) {
  now_ = record.at;
  switch (record.kind) {
    case RecordKind::kEvent: return take_event(record);
    case RecordKind::kDelivery: return take_delivery(record);
    case RecordKind::kInput: return take_input(record);
    case RecordKind::kEffect: return take_effect(record);
    case RecordKind::kState: return take_state(record);
    case RecordKind::kFault: return take_fault(record);
    case RecordKind::kOperation: return take_operation(record);
    case RecordKind::kViolation: add(record, Look::kViolation, std::string(record.text)); return;
  }
}

void StoryTeller::take_event(const Record& record) {
  nearest_.resize(record.number + 1);
  nearest_[record.number] = nearest_[record.cause];
  has_own_ = false;
}

uint64_t StoryTeller::add(const Record& record, Look kind, std::string text) {
  trace::Event event;
  event.at = record.at;
  event.lane = lane_of(record);
  event.kind = kind;
  event.text = std::move(text);
  event.number = record.number;
  event.cause = nearest_[record.number];
  const uint64_t index = story_.events.size();
  story_.events.push_back(std::move(event));
  // What comes of this event of the run goes back to the first that it shows.
  if (!std::exchange(has_own_, true)) nearest_[record.number] = index;
  return index;
}

// --- messages
// ---------------------------------------------------------------------------------

void StoryTeller::take_delivery(const Record& record) {
  switch (static_cast<Delivery::Kind>(record.what)) {
    case Delivery::Kind::kAccepted:
    case Delivery::Kind::kConnected: {
      if (lines_.contains(record.subject)) return;
      Line& line = lines_[record.subject];
      line.opener = record.side ? record.peer : record.lane;
      for (const bool is_opener : {true, false}) {
        line.streams[is_opener ? 0 : 1] = Stream(record.port, is_opener);
      }
      return;
    }
    case Delivery::Kind::kBytes:
      if (!record.waits) reads(record);
      return;
    case Delivery::Kind::kRefused: return;
    case Delivery::Kind::kClosed:
      add(record, Look::kStep, "connection " + connection_text(record.subject) + " is gone");
      return;
  }
}

void StoryTeller::sends(const Record& record) {
  const auto line = lines_.find(record.subject);
  if (line == lines_.end() || record.waits) return;
  Stream& stream = line->second.streams[record.lane == line->second.opener ? 0 : 1];
  stream.sent += record.bytes.size();
  UnderWay message;
  message.end = stream.sent;
  message.bytes = record.bytes.size();
  message.text = stream.names.take(record.bytes);
  message.event = add(record, Look::kSend, message.text);
  stream.under_way.push_back(std::move(message));
}

// A message has arrived with its last byte.
void StoryTeller::reads(const Record& record) {
  const auto line = lines_.find(record.subject);
  if (line == lines_.end()) return;
  Stream& stream = line->second.streams[record.lane == line->second.opener ? 1 : 0];
  stream.read += record.detail;
  while (!stream.under_way.empty() && stream.under_way.front().end <= stream.read) {
    UnderWay message = std::move(stream.under_way.front());
    stream.under_way.pop_front();
    const uint64_t to = add(record, Look::kReceive, message.text);
    story_.messages.push_back({message.event, to, std::move(message.text), message.bytes});
  }
}

void StoryTeller::take_input(const Record& record) {
  if (record.what == kIndex<node::Input, node::Tick>) add(record, Look::kTimer, "tick");
  if (record.what != kIndex<node::Input, node::DiskDone>) return;
  const std::string why(record.text);
  add(record, Look::kDisk,
      disk_[{record.lane, record.subject}] + (why.empty() ? ": done" : ": failed, " + why));
  disk_.erase({record.lane, record.subject});
}

void StoryTeller::take_effect(const Record& record) {
  const std::string text(record.text);
  if (record.what == kIndex<node::Effect, node::Send>) {
    sends(record);
  } else if (record.what == kIndex<node::Effect, node::Disk>) {
    std::string& what = disk_[{record.lane, record.subject}];
    what = text.empty() ? "write " + std::to_string(record.detail) + " bytes" : text;
    add(record, Look::kDisk, what);
  } else if (record.what == kIndex<node::Effect, node::Connect>) {
    add(record, Look::kStep, "connects to " + text);
  } else if (record.what == kIndex<node::Effect, node::Log>) {
    add(record, Look::kStep, text);
  }
}

// --- what lasts
// ---------------------------------------------------------------------------------

void StoryTeller::begin(const Record& record, Key key, Look kind, std::string text) {
  end(record, key);
  lasting_[{lane_of(record), std::move(key)}] = story_.spans.size();
  story_.spans.push_back({lane_of(record), record.at, record.at, kind, std::move(text)});
}

void StoryTeller::end(const Record& record, const Key& key) {
  const auto lasting = lasting_.find({lane_of(record), key});
  if (lasting == lasting_.end()) return;
  story_.spans[lasting->second].to = record.at;
  lasting_.erase(lasting);
}

void StoryTeller::take_state(const Record& record) {
  const std::string text(record.text);
  const Key life{0, kLife}, standing{0, kStanding};
  const auto goes = [&](const std::string& how, const std::string& then) {
    add(record, Look::kLife, how);
    end(record, standing);
    begin(record, life, Look::kLife, then);
  };
  switch (static_cast<StateChange>(record.what)) {
    case StateChange::kStarted:
      end(record, life);
      add(record, Look::kLife, "starts with " + zxid_text(record.subject));
      return;
    case StateChange::kRefused: add(record, Look::kLife, "refuses to start: " + text); return;
    case StateChange::kStanding:
      add(record, Look::kState, text);
      return begin(record, standing, Look::kState, text);
    case StateChange::kApplied:
      add(record, Look::kCommit, "applies " + zxid_text(record.subject));
      return;
    case StateChange::kKilled: return goes("is killed", "down");
    case StateChange::kPowerLost: return goes("loses power", "without power");
    case StateChange::kHalted: add(record, Look::kLife, "halts: " + text); return;
    case StateChange::kReloads: add(record, Look::kLife, "cuts its history"); return;
    case StateChange::kPaused:
      add(record, Look::kFault, "is paused");
      return begin(record, {1, kLife}, Look::kFault, "paused");
    case StateChange::kGoesOn: add(record, Look::kFault, "goes on"); return end(record, {1, kLife});
  }
}

void StoryTeller::take_fault(const Record& record) {
  const std::string text(record.text);
  const Key key{record.subject, text};
  switch (static_cast<FaultPhase>(record.what)) {
    case FaultPhase::kStep: add(record, Look::kFault, "step: " + text); return;
    case FaultPhase::kBegins:
      add(record, Look::kFault, text);
      return begin(record, key, Look::kFault, text);
    case FaultPhase::kEnds: add(record, Look::kFault, text + " ends"); return end(record, key);
  }
}

void StoryTeller::take_operation(const Record& record) {
  const auto phase = static_cast<OperationPhase>(record.detail);
  const auto kind = static_cast<properties::OpKind>(record.what);
  std::string text(to_string(kind));
  if (!record.text.empty()) text += " " + std::string(record.text);
  // Pings come again and again, and the messages show them.
  if (kind == properties::OpKind::kPing) return;
  const Key key{record.subject, std::string(to_string(kind))};
  switch (phase) {
    case OperationPhase::kInvoked:
      add(record, Look::kOperation, text);
      return begin(record, key, Look::kOperation, text);
    case OperationPhase::kAnswered: add(record, Look::kOperation, text + " answered"); break;
    case OperationPhase::kUnknown: add(record, Look::kOperation, text + " lost"); break;
  }
  end(record, key);
}

void StoryTeller::judged(const properties::Violation& violation) {
  trace::Event event;
  event.at = now_;
  event.lane = world_;
  event.kind = Look::kViolation;
  event.text = violation.property + ": " + violation.summary;
  event.number = nearest_.size() - 1;
  story_.events.push_back(std::move(event));
}

trace::Story StoryTeller::take() {
  for (const auto& [key, span] : lasting_) story_.spans[span].to = now_;
  lasting_.clear();
  return std::move(story_);
}

}  // namespace zoetrope::sim
