// Gathers what the simulated clients and servers did into a History. Owns it until it is taken;
// when it is told not to keep, it only counts.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "properties/history.hpp"
#include "sim/event_queue.hpp"
#include "sim/trace.hpp"

namespace zoetrope::sim {

class Recorder {
 public:
  // `trace` is told of every operation; `first_client` is the host of client 0.
  Recorder(const EventQueue& queue, bool keep, Trace& trace, uint32_t first_client)
      : queue_(queue), keep_(keep), trace_(trace), first_client_(first_client) {}

  properties::Moment moment() { return {queue_.now(), ++sequence_}; }
  bool keeps() const { return keep_; }

  // Connections are kept in any case: clients refer to them by index.
  uint32_t open_connection(properties::Connection connection);
  properties::Connection& connection(uint32_t index) { return history_.connections[index]; }

  void sends(uint32_t client, ConnectionId connection, std::string_view bytes);
  // An operation is about to be sent.
  void begin(properties::Operation& operation);
  // An operation is over: answered, or its outcome will never be known.
  void finish(properties::Operation&& operation);
  void event(properties::WatchEvent event);
  void server_event(ServerId server, properties::ServerEventKind kind);
  // Something that no server may ever do and that is no matter of any property of a history.
  void anomaly(std::string text) {
    if (anomalies_.size() < 8) anomalies_.push_back(std::move(text));
  }
  const std::vector<std::string>& anomalies() const { return anomalies_; }

  uint64_t answered() const { return answered_; }
  uint64_t unknown() const { return unknown_; }
  uint64_t events() const { return event_count_; }
  uint64_t sessions() const { return session_count_; }
  void count_session() { ++session_count_; }

  // Puts the operations into the order of their invocation and gives the history away.
  properties::History take();
  properties::History& history() { return history_; }

 private:
  void record(const properties::Operation& operation, OperationPhase phase);

  const EventQueue& queue_;
  bool keep_;
  Trace& trace_;
  uint32_t first_client_;
  uint64_t sequence_ = 0;
  uint64_t answered_ = 0, unknown_ = 0, event_count_ = 0, session_count_ = 0;
  properties::History history_;
  std::vector<std::string> anomalies_;
};

}  // namespace zoetrope::sim
