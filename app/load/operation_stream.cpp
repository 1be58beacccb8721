#include "app/load/operation_stream.hpp"

namespace zoetrope::load {

OperationStream::OperationStream(Reactor& reactor, const Options& options,
                                 std::unique_ptr<Operation> operation)
    : Workload(reactor, options), operation_(std::move(operation)) {}

void OperationStream::begin(Connection& connection, int64_t now_ns) {
  if (open_loop()) return;
  for (size_t i = 0; i < options_.outstanding; ++i) send_one(connection, now_ns);
}

void OperationStream::send_one(Connection& connection, int64_t since_ns) {
  if (exhausted_) return;
  if (operation_->append(connection, since_ns))
    ++sent_;
  else
    exhausted_ = true;
}

void OperationStream::on_reply(Connection& connection, const Pending& pending, const Reply& reply,
                               int64_t now_ns) {
  ++answered_;
  if (reply.error != ErrorCode::kOk) {
    measurement_.error(to_string(reply.error));
  } else if (!operation_->verify(pending, reply.body)) {
    measurement_.error("malformed reply");
  } else {
    measurement_.count(now_ns - pending.since_ns);
  }
  if (!open_loop() && !stopping_) send_one(connection, now_ns);
}

int64_t OperationStream::on_time(int64_t now_ns) {
  if (!open_loop() || exhausted_) return INT64_MAX;
  if (first_ns_ == 0) first_ns_ = now_ns;
  const double interval_ns = 1e9 / options_.rate;
  const auto due_ns = [&] {
    return first_ns_ + static_cast<int64_t>(static_cast<double>(scheduled_) * interval_ns);
  };
  for (; due_ns() <= now_ns; ++scheduled_) {
    Connection* connection = next_ready();
    if (connection == nullptr) {
      measurement_.error("no connection when a request was due");
      continue;
    }
    send_one(*connection, due_ns());
    touched_.push_back(connection);
  }
  for (Connection* connection : touched_) reactor_.flush(*connection);
  touched_.clear();
  return due_ns();
}

Connection* OperationStream::next_ready() {
  for (size_t i = 0; i < fleet_.size(); ++i) {
    Connection* connection = fleet_[next_connection_++ % fleet_.size()];
    if (connection->ready()) return connection;
  }
  return nullptr;
}

}  // namespace zoetrope::load
