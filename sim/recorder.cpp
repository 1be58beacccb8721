#include "sim/recorder.hpp"

#include <algorithm>

namespace zoetrope::sim {

uint32_t Recorder::open_connection(properties::Connection connection) {
  history_.connections.push_back(std::move(connection));
  return static_cast<uint32_t>(history_.connections.size() - 1);
}

void Recorder::finish(properties::Operation&& operation) {
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
