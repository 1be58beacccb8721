// A stream of single operations over the fleet: closed loop (so many outstanding on each
// connection) or open loop (a rate, latency from the time at which a request should have been
// sent). Owns the operation; never sends more than it is told to.
#pragma once

#include "app/load/operation.hpp"
#include "app/load/workload.hpp"

namespace zoetrope::load {

class OperationStream : public Workload {
 public:
  OperationStream(Reactor& reactor, const Options& options, std::unique_ptr<Operation> operation);

  void prepare(Setup& setup) override { operation_->prepare(setup); }
  bool finished() const override { return exhausted_ && answered_ == sent_; }
  std::vector<ExtraFigure> extra_figures(const FleetUsage& usage) const override {
    return operation_->extra_figures(usage);
  }

 protected:
  void begin(Connection& connection, int64_t now_ns) override;
  void on_reply(Connection& connection, const Pending& pending, const Reply& reply,
                int64_t now_ns) override;
  int64_t on_time(int64_t now_ns) override;

 private:
  bool open_loop() const { return options_.rate > 0; }
  void send_one(Connection& connection, int64_t since_ns);
  Connection* next_ready();

  std::unique_ptr<Operation> operation_;
  uint64_t sent_ = 0;
  uint64_t answered_ = 0;
  bool exhausted_ = false;
  // Open loop.
  int64_t first_ns_ = 0;
  uint64_t scheduled_ = 0;
  size_t next_connection_ = 0;
  std::vector<Connection*> touched_;
};

}  // namespace zoetrope::load
