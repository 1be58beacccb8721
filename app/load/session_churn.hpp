// Opens client sessions and closes them again, each slot of the fleet one after the other; an
// operation is one TCP connection, handshake, closeSession and its answer.
// Owns the times at which each slot began; never sends anything else.
#pragma once

#include "app/load/workload.hpp"

namespace zoetrope::load {

class SessionChurn : public Workload {
 public:
  SessionChurn(Reactor& reactor, const Options& options)
      : Workload(reactor, options), begun_ns_(options.connections, 0) {}

 protected:
  void begin(Connection& connection, int64_t now_ns) override;
  void on_reply(Connection&, const Pending&, const Reply&, int64_t) override {}
  void on_closed(Connection& connection, std::string_view why, int64_t now_ns) override;

 private:
  std::vector<int64_t> begun_ns_;  // by slot; 0 for the session of the preparation
};

}  // namespace zoetrope::load
