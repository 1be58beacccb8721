// What all workloads share: a fleet of connections, the count of what was done and of what went
// wrong, reconnecting. Owns the measurement; a workload decides what is sent and what counts.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "app/load/histogram.hpp"
#include "app/load/options.hpp"
#include "app/load/reactor.hpp"
#include "app/load/setup.hpp"

namespace zoetrope::load {

// What is counted while `on`.
struct Measurement {
  bool on = false;
  uint64_t operations = 0;
  Histogram latency;
  std::map<std::string, uint64_t, std::less<>> errors;  // by what went wrong

  void count(int64_t latency_ns) {
    if (!on) return;
    ++operations;
    latency.record(latency_ns);
  }
  // Errors count also outside of the measured time: they make the figures worthless.
  void error(std::string_view what) {
    const auto found = errors.find(what);
    if (found != errors.end())
      ++found->second;
    else
      errors.emplace(what, 1);
  }
};

// A figure that only one workload has, such as the bytes of memory a znode takes.
struct ExtraFigure {
  std::string name;  // with its unit: "rss_bytes_per_znode"
  int64_t value = 0;
};

// How the servers changed over the measurement, as far as their processes were given.
struct FleetUsage {
  int64_t rss_bytes_before = 0;
  int64_t rss_bytes_after = 0;
  int64_t measured_ns = 0;
};

class Workload : public ConnectionListener {
 public:
  Workload(Reactor& reactor, const Options& options) : options_(options), reactor_(reactor) {}

  // Creates the znodes that the workload needs; the root is there.
  virtual void prepare(Setup&) {}
  // Connections of the fleet.
  virtual size_t fleet_size() const { return options_.connections; }
  // Opens the whole fleet and waits for its sessions. Throws LoadError.
  void open_fleet();
  // Everything is ready: the load begins.
  void start();
  // One turn: events until `until_ns` at the latest, and what is due by the clock.
  void turn(int64_t until_ns);
  // Stops sending and waits a while for what is on its way.
  void drain();
  // Closes every session of the fleet.
  void close_fleet();
  // True when a workload that has an end has reached it.
  virtual bool finished() const { return false; }
  virtual void begin_measuring() { measurement_.on = true; }
  virtual void end_measuring() { measurement_.on = false; }
  // Called after the measurement.
  virtual std::vector<ExtraFigure> extra_figures(const FleetUsage&) const { return {}; }
  const Measurement& measurement() const { return measurement_; }

 protected:
  // A session of the fleet may be used: at the start, and after it was lost.
  virtual void begin(Connection& connection, int64_t now_ns) = 0;
  // The connection and all that was on its way are lost; a new session follows.
  virtual void forget(Connection&) {}
  // What is due by the clock; returns when it wants to be called again.
  virtual int64_t on_time(int64_t /*now_ns*/) { return INT64_MAX; }

  void on_ready(Connection& connection, int64_t now_ns) final;
  void on_closed(Connection& connection, std::string_view why, int64_t now_ns) override;

  const Options options_;
  Reactor& reactor_;
  Measurement measurement_;
  std::vector<Connection*> fleet_;
  bool started_ = false;
  bool stopping_ = false;

 private:
  void reopen_lost(int64_t now_ns);

  struct Lost {
    int64_t reopen_ns;
    Connection* connection;
  };
  std::vector<Lost> lost_;
  size_t ready_ = 0;
  int attempts_ = 0;
  std::string failure_;
};

// One line of `zoetrope bench --list`.
struct WorkloadKind {
  std::string_view name;
  std::string_view summary;
  std::unique_ptr<Workload> (*make)(Reactor& reactor, const Options& options);
  bool streams = true;          // --outstanding or --rate say how much is on its way
  bool ends_by_itself = false;  // measured from its start to its end, whatever time that takes
};
// Every workload there is, in the order of the list.
const std::vector<WorkloadKind>& workload_kinds();
// nullptr when there is none of that name.
const WorkloadKind* find_workload(std::string_view name);

}  // namespace zoetrope::load
