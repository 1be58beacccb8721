#include "app/load/watch_fan_out.hpp"

#include "app/load/frame_builder.hpp"

namespace zoetrope::load {

WatchFanOut::WatchFanOut(Reactor& reactor, const Options& options)
    : Workload(reactor, options),
      path_(options.root + "/watched"),
      watch_frame_(read_frame(jute::OpCode::kGetData, path_, true)),
      write_frame_(set_frame(path_, std::string(options.value_bytes, 'v'))),
      watching_(options.connections, false) {}

void WatchFanOut::prepare(Setup& setup) {
  setup.put(path_, "");
}

void WatchFanOut::begin(Connection& connection, int64_t now_ns) {
  if (!writes(connection)) watch(connection, now_ns);
}

void WatchFanOut::forget(Connection& connection) {
  // What a lost connection was to be told it will not be: the change counts for nothing.
  if (!writes(connection) && watching_[connection.index()]) {
    watching_[connection.index()] = false;
    --watching_count_;
  }
  if (written_ns_ == 0) return;
  written_ns_ = 0;
  measurement_.error("a change whose watchers were not all told");
}

void WatchFanOut::watch(Connection& connection, int64_t now_ns) {
  connection.append_request(watch_frame_, Pending{now_ns, 0});
}

void WatchFanOut::on_reply(Connection& connection, const Pending&, const Reply& reply,
                           int64_t now_ns) {
  if (reply.error != ErrorCode::kOk) return measurement_.error(to_string(reply.error));
  if (stopping_ || writes(connection)) return;
  watching_[connection.index()] = true;
  ++watching_count_;
  write_if_all_watch(now_ns);
}

void WatchFanOut::write_if_all_watch(int64_t now_ns) {
  Connection& writer = *fleet_.back();
  if (watching_count_ < options_.connections || written_ns_ != 0 || !writer.ready()) return;
  told_ = 0;
  written_ns_ = now_ns;
  writer.append_request(write_frame_, Pending{now_ns, 0});
  reactor_.flush(writer);
}

void WatchFanOut::on_event(Connection& connection, jute::EventType type, std::string_view path,
                           int64_t now_ns) {
  if (stopping_) return;
  if (type != jute::EventType::kNodeDataChanged || path != path_ || writes(connection) ||
      !watching_[connection.index()] || written_ns_ == 0) {
    return measurement_.error("an event that nobody waited for");
  }
  watching_[connection.index()] = false;
  --watching_count_;
  if (measurement_.on) notifications_.record(now_ns - written_ns_);
  if (++told_ < options_.connections) return;
  measurement_.count(now_ns - written_ns_);
  written_ns_ = 0;
  for (Connection* watcher : fleet_) {
    if (writes(*watcher) || !watcher->ready()) continue;
    watch(*watcher, now_ns);
    reactor_.flush(*watcher);
  }
}

std::vector<ExtraFigure> WatchFanOut::extra_figures(const FleetUsage&) const {
  return {{"notifications", static_cast<int64_t>(notifications_.count())},
          {"notification_p50_ns", notifications_.quantile(5000)},
          {"notification_p99_ns", notifications_.quantile(9900)}};
}

}  // namespace zoetrope::load
