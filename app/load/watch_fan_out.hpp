// Watch fan-out: every connection of the fleet but the last watches one znode; the last one changes
// it; an operation is one change that all have been told of. Then all watch again.
// Owns the count of who was told; never changes the node before all watch it.
#pragma once

#include "app/load/workload.hpp"

namespace zoetrope::load {

class WatchFanOut : public Workload {
 public:
  WatchFanOut(Reactor& reactor, const Options& options);
  void prepare(Setup& setup) override;
  // One more, which writes.
  size_t fleet_size() const override { return options_.connections + 1; }
  std::vector<ExtraFigure> extra_figures(const FleetUsage& usage) const override;

 protected:
  void begin(Connection& connection, int64_t now_ns) override;
  void forget(Connection& connection) override;
  void on_reply(Connection& connection, const Pending& pending, const Reply& reply,
                int64_t now_ns) override;
  void on_event(Connection& connection, jute::EventType type, std::string_view path,
                int64_t now_ns) override;

 private:
  bool writes(const Connection& connection) const {
    return connection.index() == options_.connections;
  }
  void watch(Connection& connection, int64_t now_ns);
  void write_if_all_watch(int64_t now_ns);

  std::string path_;
  std::string watch_frame_;
  std::string write_frame_;
  std::vector<bool> watching_;
  size_t watching_count_ = 0;
  size_t told_ = 0;
  int64_t written_ns_ = 0;  // 0 while no change is on its way
  Histogram notifications_;
};

}  // namespace zoetrope::load
