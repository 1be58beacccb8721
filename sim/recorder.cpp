#include "sim/recorder.hpp"

#include <algorithm>

namespace zoetrope::sim {

uint32_t Recorder::open_connection(properties::Connection connection) {
  history_.connections.push_back(std::move(connection));
  return static_cast<uint32_t>(history_.connections.size() - 1);
}

void Recorder::record(const properties::Operation& operation, OperationPhase phase) {
  if (!trace_.records()) return;
  Record record;
  record.kind = RecordKind::kOperation;
  record.what = static_cast<uint8_t>(operation.args.kind);
  record.lane = first_client_ + operation.client;
  record.subject = static_cast<uint32_t>(operation.xid.value);
  record.detail = static_cast<uint64_t>(phase);
  std::string text = operation.args.path;
  if (phase == OperationPhase::kAnswered && operation.result.error != ErrorCode::kOk) {
    text += (text.empty() ? "" : " ") + std::string(to_string(operation.result.error));
  }
  record.text = text;
  trace_.record(record);
}

void Recorder::sends(uint32_t client, ConnectionId connection, std::string_view bytes) {
  if (trace_.records()) trace_.send(first_client_ + client, connection, bytes);
}

void Recorder::begin(properties::Operation& operation) {
  operation.invoked = moment();
  record(operation, OperationPhase::kInvoked);
}

void Recorder::finish(properties::Operation&& operation) {
  record(operation, operation.completed ? OperationPhase::kAnswered : OperationPhase::kUnknown);
  const bool counts = operation.args.kind != properties::OpKind::kPing;
  if (counts) ++(operation.completed ? answered_ : unknown_);
  if (keep_) history_.operations.push_back(std::move(operation));
}

void Recorder::event(properties::WatchEvent event) {
  ++event_count_;
  if (keep_) history_.events.push_back(std::move(event));
}

void Recorder::server_event(ServerId server, properties::ServerEventKind kind) {
  history_.server_events.push_back({server, kind, moment()});
}

properties::History Recorder::take() {
  std::ranges::sort(history_.operations, {},
                    [](const properties::Operation& op) { return op.invoked.sequence; });
  history_.end = queue_.now();
  return std::move(history_);
}

}  // namespace zoetrope::sim
