// The driver's other half: steps of the engine and the carrying out of effects.
#include <utility>

#include "core/base/assert.hpp"
#include "core/quorum/address_text.hpp"
#include "net/clock.hpp"
#include "net/driver.hpp"
#include "net/history.hpp"
#include "net/host_facts.hpp"

namespace zoetrope::net {

namespace {

template <class... Cases>
struct Match : Cases... {
  using Cases::operator()...;
};

}  // namespace

void Driver::step(const node::Input& input) {
  if (halt_) return;
  has_stepped_ = true;
  engine_->step(now_, input, effects_);
}

void Driver::receive(ConnectionId id, std::string_view bytes) {
  inline_sync_.received(id, now_.monotonic);
  const size_t before = effects_.list().size();
  step(node::Received{id, bytes});
  const bool is_answered = effects_.list().size() > before &&
                           std::holds_alternative<node::Send>(effects_.list()[before]);
  if (is_answered) inline_sync_.answered_at_once(now_.monotonic);
}

// Carrying effects out can itself make inputs (a sync done at once, a connection that turned out to
// be broken); the batch ends when none is left.
void Driver::finish_batch() {
  while (has_stepped_ && !halt_) {
    step(node::BatchEnd{});
    has_stepped_ = false;
    carry_out();
    batch_begun_ = now_.monotonic;
  }
}

void Driver::carry_out() {
  for (node::Effect& effect : effects_.list()) sort_out(effect);
  // A sync in the disk's thread begins before the answers go out, one in this thread after them.
  const bool do_them_now = !disk_ops_.empty() && may_do_now(disk_ops_);
  if (!disk_ops_.empty() && !do_them_now) disks_.submit(disk_ops_);
  connections_.flush(broken_, unsent_);
  close_connections();
  effects_.clear();
  if (do_them_now) do_now(disk_ops_);
  now_ = read_clocks();
  report_what_followed();
}

void Driver::sort_out(node::Effect& effect) {
  std::visit(Match{
                 [this](const node::Send& send) {
                   connections_.queue(send.connection, effects_.bytes(send));
                 },
                 [this](const node::Close& close) { closes_.push_back(close); },
                 [this](const node::PauseReading& pause) {
                   connections_.set_paused(pause.connection, true);
                 },
                 [this](const node::ResumeReading& resume) {
                   connections_.set_paused(resume.connection, false);
                   readable_.push_back(resume.connection);
                 },
                 [this](const node::AskBacklog& ask) { backlog_asks_.push_back(ask); },
                 [this](node::Disk& disk) { disk_ops_.push_back(std::move(disk.op)); },
                 [this](node::ReadFile& read) { reads_.submit(std::move(read)); },
                 [this](const node::Connect& connect) { dialer_.dial(connect.token, connect.to); },
                 [this](const node::AbandonConnect& abandon) { dialer_.abandon(abandon.token); },
                 [this](const node::Listen& listen) { set_listening(listen); },
                 [this](const node::Rebind& rebind) { move_port(rebind); },
                 [this](const node::Reload& reload) { reload_ = reload; },
                 [this](const node::HostFactsQuery&) { wants_host_facts_ = true; },
                 [this](const node::Log& log) { log_(log.severity, log.text); },
                 [this](const node::Halt& halt) {
                   if (!halt_) halt_ = halt;
                 },
             },
             effect);
}

void Driver::set_listening(const node::Listen& listen) {
  if (is_stopping_ || halt_) return;
  if (!listen.on) return port(listen.port).close();
  const char* consequence =
      listen.port == node::Port::kQuorum ? ": this server stops, so that another one leads" : "";
  port(listen.port).keep_opening([this, consequence](const std::string& why) {
    if (!halt_) halt_ = node::Halt{false, why + consequence};
  });
}

void Driver::move_port(const node::Rebind& rebind) {
  if (is_stopping_ || halt_) return;
  const bool on_all = config_.peers && config_.peers->on_all && rebind.port != node::Port::kClient;
  std::vector<ListenAddress> addresses;
  for (const quorum::HostPort& address : rebind.addresses) {
    const bool is_any = on_all || quorum::is_wildcard_host(address.host);
    addresses.push_back({is_any ? "" : address.host, address.port});
  }
  log_(node::Severity::kInfo,
       "the " + port(rebind.port).name() + " moves to " + shown(addresses.front()));
  port(rebind.port).move_to(std::move(addresses));
}

// Synchronous, as at start: the engine has nothing else to do until it has its state again.
void Driver::reload() {
  ZT_ASSERT(disks_.is_idle(storage::Lane::kLog) && disks_.is_idle(storage::Lane::kSnapshot));
  const std::optional<Zxid> last = std::exchange(reload_, std::nullopt)->last;
  disks_.close_files();
  if (last) {
    if (const auto wrong = cut_history(config_.roots, *last)) {
      halt_ = node::Halt{false, *wrong};
      return;
    }
  }
  auto recovered = recover_history(config_.roots, config_.recovery);
  if (!recovered) {
    halt_ = node::Halt{false, recovered.error()};
    return;
  }
  for (const std::string& note : recovered->notes) log_(node::Severity::kWarning, note);
  now_ = read_clocks();
  step(node::Reloaded{&*recovered});
}

void Driver::close_connections() {
  for (const node::Close& close : closes_) {
    if (close.how == node::CloseHow::kReset) {
      connections_.reset(close.connection);
    } else if (close.how != node::CloseHow::kFinished ||
               !connections_.close_now(close.connection)) {
      connections_.close_after_flush(close.connection, now_.monotonic);
      arm_closing_timer();
    }
  }
  closes_.clear();
}

bool Driver::may_do_now(const std::vector<storage::DiskOp>& ops) const {
  if (!disks_.is_idle(storage::Lane::kLog)) return false;
  uint64_t bytes = 0;
  for (const storage::DiskOp& op : ops) {
    if (op.lane != storage::Lane::kLog) return false;
    if (const auto* write = std::get_if<storage::WriteFile>(&op.action))
      bytes += write->bytes.size();
  }
  return inline_sync_.allows(bytes, now_.monotonic);
}

void Driver::do_now(std::vector<storage::DiskOp>& ops) {
  for (storage::DiskOp& op : ops) {
    DiskCompletion completion = disks_.perform_now(std::move(op));
    now_ = read_clocks();
    inline_sync_.synced(completion.sync_time, now_.monotonic);
    report_completion(completion);
  }
  ops.clear();
}

void Driver::report_completion(DiskCompletion& completion) {
  if (!completion.synced_file.empty()) {
    log_(node::Severity::kWarning, "sync of " + completion.synced_file + " took " +
                                       std::to_string(completion.sync_time.ms()) +
                                       " ms: the disk is slow or busy, and writes wait for it");
  }
  step(node::DiskDone{completion.op, std::move(completion.error)});
}

void Driver::report_backlog(ConnectionId id) {
  if (const auto unsent_bytes = connections_.backlog_change(id)) {
    step(node::Backlog{id, *unsent_bytes});
  }
}

void Driver::report_what_followed() {
  for (const ConnectionId id : broken_) {
    if (connections_.is_closing(id)) {
      connections_.drop(id);
    } else if (connections_.is_live(id)) {
      connections_.drop(id);
      step(node::Closed{id});
    }
  }
  broken_.clear();
  for (const ConnectionId id : unsent_) report_backlog(id);
  unsent_.clear();
  // What was sent before the question has had its chance by now.
  for (const node::AskBacklog& ask : std::exchange(backlog_asks_, {})) {
    if (connections_.ask_backlog(ask.connection, ask.at_most)) {
      step(node::Backlog{ask.connection, connections_.unsent_bytes(ask.connection)});
    }
  }
  if (wants_host_facts_) {
    wants_host_facts_ = false;
    step(read_host_facts());
  }
  if (reload_ && !halt_) reload();
}

}  // namespace zoetrope::net
