// A fleet of sessions that do nothing but ping: what a session costs a server in memory, and a ping
// in processor time. Latency is that of the pings. Owns the usage of the servers before the fleet.
#pragma once

#include "app/load/workload.hpp"

namespace zoetrope::load {

class IdleSessions : public Workload {
 public:
  using Workload::Workload;
  // Measures the servers for a while without the fleet.
  void prepare(Setup& setup) override;
  void begin_measuring() override;
  void end_measuring() override;
  std::vector<ExtraFigure> extra_figures(const FleetUsage& usage) const override;

 protected:
  void begin(Connection& connection, int64_t now_ns) override;
  void on_reply(Connection&, const Pending&, const Reply&, int64_t) override {}
  void on_pong(Connection&, int64_t latency_ns) override { measurement_.count(latency_ns); }

 private:
  struct Usage {
    int64_t cpu_ns = 0;
    int64_t rss_bytes = 0;
    int64_t at_ns = 0;
  };
  Usage usage_now() const;

  int64_t rss_bytes_empty_ = 0;
  double cpu_ns_a_ns_empty_ = 0;  // of all servers together, without the fleet
  Usage begun_;
  Usage ended_;
};

}  // namespace zoetrope::load
