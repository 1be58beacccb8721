// A process that is not infinitely fast: it is paused, or its processor takes time for every input.
// What comes for it meanwhile waits in its order: bytes in the buffers of its kernel, whatever else
// in the inbox. The disk works on by itself while the processor is busy, not while all is paused.
#include <algorithm>
#include <utility>

#include "core/base/assert.hpp"
#include "sim/process.hpp"

namespace zoetrope::sim {
namespace {

bool is_of_disk(const Event& event) {
  return event.kind == EventKind::kDiskDone || event.kind == EventKind::kFileRead ||
         event.kind == EventKind::kReload;
}

}  // namespace

void Process::wait(Waiting waiting) {
  inbox_.push_back(std::move(waiting));
  work();
}

void Process::wait_for(const Delivery& delivery) {
  Delivery without_bytes = delivery;
  if (delivery.kind == Delivery::Kind::kBytes) network_.put_back(delivery);
  without_bytes.bytes = {};
  wait(without_bytes);
}

void Process::wait_for(const Event& event) {
  if (event.kind == EventKind::kServed) return served(event);
  if (is_of_disk(event) && disk_stalled_until_ > queue_.now()) {
    return plan(event.kind, disk_stalled_until_, event.detail);
  }
  if (!queues_) return act_on(event);
  if (!running()) return;
  if (event.kind != EventKind::kDiskDone || pauses_ > 0) return wait(event);
  // The disk does not wait for the processor; only the word of it does.
  if (event.detail >> 1 != generation_) return;
  if (auto report = finish_disk(static_cast<storage::Lane>(event.detail & 1))) {
    wait(*std::move(report));
  }
}

std::optional<int64_t> Process::service_time(const Waiting& waiting) const {
  struct Visit {
    const Process& p;
    const ServiceTimes& times;
    std::optional<int64_t> operator()(const Delivery& delivery) const {
      switch (delivery.kind) {
        case Delivery::Kind::kAccepted: return times.opened;
        case Delivery::Kind::kConnected:
        case Delivery::Kind::kRefused: return times.connected;
        case Delivery::Kind::kClosed: return times.closed;
        case Delivery::Kind::kBytes: break;
      }
      const uint64_t bytes = p.network_.readable(delivery.connection, delivery.side);
      if (bytes == 0) return std::nullopt;
      return times.received + times.received_byte * static_cast<int64_t>(bytes);
    }
    std::optional<int64_t> operator()(const Event& event) const {
      switch (event.kind) {
        case EventKind::kDiskDone: return times.disk_done;
        case EventKind::kFileRead: return times.file_read;
        case EventKind::kReload: return times.reload;
        case EventKind::kBatchEnd: return times.batch_end;
        default: return times.tick;
      }
    }
    std::optional<int64_t> operator()(const node::DiskDone&) const { return times.disk_done; }
    std::optional<int64_t> operator()(const Drained&) const { return 0; }
    std::optional<int64_t> operator()(const ShutdownAsked&) const { return 0; }
  };
  const auto usual = std::visit(Visit{*this, config_.service}, waiting);
  if (!usual) return std::nullopt;
  return std::max(*usual / 100 * static_cast<int64_t>(cpu_factor_percent_) +
                      *usual % 100 * static_cast<int64_t>(cpu_factor_percent_) / 100,
                  cpu_input_ns_);
}

void Process::work() {
  if (is_working_) return;
  is_working_ = true;
  while (running() && pauses_ == 0 && !is_busy_ && !inbox_.empty()) {
    const auto time = service_time(inbox_.front());
    if (time && *time > 0) {
      is_busy_ = true;
      const auto* delivery = std::get_if<Delivery>(&inbox_.front());
      bytes_max_ =
          delivery == nullptr ? 0 : network_.readable(delivery->connection, delivery->side);
      plan(EventKind::kServed, queue_.now() + Duration{*time}, generation_);
      break;
    }
    const Waiting next = std::move(inbox_.front());
    inbox_.pop_front();
    bytes_max_ = UINT64_MAX;
    if (time) work_off(next);
  }
  is_working_ = false;
  queues_ = pauses_ > 0 || is_busy_ || !inbox_.empty() || cpu_input_ns_ > 0 ||
            config_.service != ServiceTimes{};
}

void Process::served(const Event& event) {
  if (event.detail != generation_ || !running() || !is_busy_) return;
  if (pauses_ > 0) {
    is_served_ = true;
    return;
  }
  is_busy_ = false;
  ZT_ASSERT(!inbox_.empty());
  const Waiting done = std::move(inbox_.front());
  inbox_.pop_front();
  is_working_ = true;
  work_off(done);
  is_working_ = false;
  work();
}

void Process::work_off(const Waiting& waiting) {
  struct Visit {
    Process& p;
    void operator()(const Delivery& delivery) {
      if (delivery.kind != Delivery::Kind::kBytes) return p.take(delivery);
      const auto again = p.network_.read_again(delivery.connection, delivery.side, p.bytes_max_);
      if (!again) return;
      p.trace_.bytes(again->bytes);
      p.trace_.delivery(*again, false);
      p.take(*again);
      p.network_.release(*again);
    }
    void operator()(const Event& event) { p.act_on(event); }
    void operator()(const node::DiskDone& done) {
      p.report_disk(done);
      p.run_deferred();
    }
    void operator()(const Drained& drained) {
      if (p.socket(drained.connection) == nullptr) return;
      p.report_backlog(drained.connection);
      p.run_deferred();
    }
    void operator()(const ShutdownAsked&) {
      p.step(node::Shutdown{});
      p.run_deferred();
    }
  };
  std::visit(Visit{*this}, waiting);
}

uint64_t Process::pause(bool machine) {
  ++pauses_;
  queues_ = true;
  if (machine) clock_.stall(queue_.now());
  trace_.number(pauses_);
  if (trace_.readable()) trace_.note(server_name(config_.server.server_id) + " is paused");
  record(StateChange::kPaused);
  return generation_;
}

void Process::resume(uint64_t number) {
  if (!running() || number != generation_ || pauses_ == 0) return;
  if (--pauses_ > 0) return;
  clock_.go_on(queue_.now());
  if (trace_.readable()) trace_.note(server_name(config_.server.server_id) + " goes on");
  record(StateChange::kGoesOn);
  if (std::exchange(is_served_, false)) {
    Event event;
    event.kind = EventKind::kServed;
    event.detail = generation_;
    return served(event);
  }
  work();
}

void Process::slow_down(uint64_t factor_percent, int64_t input_ns) {
  cpu_factor_percent_ = factor_percent;
  cpu_input_ns_ = input_ns;
  work();
}

void Process::drift(int64_t ppm) {
  clock_.drift(queue_.now(), ppm);
  if (!running() || pauses_ > 0) return;
  // The time-outs come at other times now.
  tick_planned_.reset();
  plan_tick();
}

MonotonicTime Process::disk_time(const Latency& latency, Site& site) const {
  const int64_t ns = latency.draw(site).ns;
  const MonotonicTime from = std::max(queue_.now(), disk_stalled_until_);
  return from + Duration{ns / 100 * static_cast<int64_t>(disk_factor_percent_) +
                         ns % 100 * static_cast<int64_t>(disk_factor_percent_) / 100};
}

}  // namespace zoetrope::sim
