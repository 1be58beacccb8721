#include "sim/trace.hpp"

#include <cstdio>

#include "core/node/effects.hpp"

namespace zoetrope::sim {

std::string time_text(MonotonicTime at) {
  char text[40];
  std::snprintf(text, sizeof text, "%lld.%06lldms", static_cast<long long>(at.ns / 1'000'000),
                static_cast<long long>(at.ns % 1'000'000));
  return text;
}

void Trace::event(const Event& event) {
  ++event_count_;
  const uint64_t what = uint64_t{static_cast<uint8_t>(event.kind)} << 8 | event.side;
  hash_.add(static_cast<uint64_t>(event.at.ns) * 64 + what);
  hash_.add(event.subject ^ event.detail << 40);
  if (records_ != nullptr) {
    at_ = event.at;
    Record record;
    record.what = static_cast<uint8_t>(event.kind);
    record.side = event.side != 0;
    record.cause = event.cause;
    record.subject = event.subject;
    record.detail = event.detail;
    this->record(record);
  }
  if (sink_ == nullptr) return;
  // A client's wake-up is its own plan; what it does is noted by what it sends.
  if (event.kind == EventKind::kClientWake) return;
  sink_->line(time_text(event.at) + "  " + std::string(to_string(event.kind)) + "  " +
              std::to_string(event.subject & 0xFFFFFFFF) + (event.side != 0 ? "<" : ">") + "  " +
              std::to_string(event.detail));
}

void Trace::record(Record record) {
  record.at = at_;
  record.number = event_count_;
  records_->record(record);
}

namespace {

Record told(RecordKind kind, uint8_t what, uint32_t lane, uint64_t subject, std::string_view text) {
  Record record;
  record.kind = kind;
  record.what = what;
  record.lane = lane;
  record.subject = subject;
  record.text = text;
  return record;
}

}  // namespace

void Trace::state(uint32_t lane, StateChange change, uint64_t subject, std::string_view text) {
  if (records_ == nullptr) return;
  record(told(RecordKind::kState, static_cast<uint8_t>(change), lane, subject, text));
}

void Trace::fault(FaultPhase phase, uint64_t subject, std::string_view text) {
  if (records_ == nullptr) return;
  record(told(RecordKind::kFault, static_cast<uint8_t>(phase), kWorldLane, subject, text));
}

void Trace::delivery(const Delivery& delivery, bool waits) {
  if (records_ == nullptr) return;
  Record record;
  record.kind = RecordKind::kDelivery;
  record.what = static_cast<uint8_t>(delivery.kind);
  record.side = delivery.side == Side::kAcceptor;
  record.waits = waits;
  record.lane = delivery.host.value;
  record.subject = delivery.connection.value;
  record.detail = delivery.bytes.size();
  record.peer = delivery.peer.value;
  record.port = delivery.port;
  record.bytes = delivery.bytes;
  // The running hash has just taken them.
  if (!delivery.bytes.empty()) record.digest = static_cast<uint16_t>(hash());
  this->record(record);
}

void Trace::send(uint32_t lane, ConnectionId connection, std::string_view bytes) {
  Record record;
  record.kind = RecordKind::kEffect;
  record.what = static_cast<uint8_t>(node::Effect(node::Send{}).index());
  record.lane = lane;
  record.subject = connection.value;
  record.detail = bytes.size();
  record.bytes = bytes;
  record.digest = static_cast<uint16_t>(hash_bytes(bytes));
  this->record(record);
}

void Trace::note(std::string_view text) {
  if (sink_ != nullptr) sink_->line("    " + std::string(text));
}

}  // namespace zoetrope::sim
