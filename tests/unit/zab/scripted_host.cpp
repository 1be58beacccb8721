#include "tests/unit/zab/scripted_host.hpp"

#include <algorithm>
#include <utility>

#include "core/base/assert.hpp"

namespace zoetrope::zab {

namespace {

[[noreturn]] void not_a_leaders_call() {
  assertion_failed("a call that no leader makes", __FILE__, __LINE__);
}

}  // namespace

void ScriptedHost::settle(Zxid zxid, std::string payload) {
  log(zxid, std::move(payload));
  committed = zxid;
  make_durable(zxid);
}

void ScriptedHost::make_durable(Zxid zxid) {
  durable_zxid = std::max(durable_zxid, zxid);
  apply();
}

void ScriptedHost::apply() {
  for (const Record& record : records) {
    if (record.zxid <= applied) continue;
    if (record.zxid > committed || record.zxid > durable_zxid) return;
    applied = record.zxid;
    committed_window.add(record.zxid, record.payload);
  }
}

std::string& ScriptedHost::begin_send() {
  ZT_ASSERT(!std::exchange(is_sending_, true));
  outgoing_.clear();
  return outgoing_;
}

void ScriptedHost::end_send(ConnectionId connection) {
  ZT_ASSERT(std::exchange(is_sending_, false));
  ZT_ASSERT(!connections.at(connection).is_closed);
  connections.at(connection).sent += outgoing_;
}

void ScriptedHost::close(ConnectionId connection) {
  ZT_ASSERT(!std::exchange(connections.at(connection).is_closed, true));
}

void ScriptedHost::disk(std::vector<storage::DiskOp> more) {
  for (storage::DiskOp& op : more) ops.push_back(std::move(op));
}

void ScriptedHost::commit(Zxid zxid) {
  ZT_ASSERT(zxid > committed && zxid <= last_logged());
  committed = zxid;
  apply();
  if (on_commit) on_commit();
}

void ScriptedHost::visit_unapplied(
    Zxid after, const std::function<void(Zxid, std::string_view payload)>& visit) const {
  for (const Record& record : records) {
    if (record.zxid > applied && record.zxid > after) visit(record.zxid, record.payload);
  }
}

bool ScriptedHost::begin_stream() {
  if (stream_left || !stream_allowed) return false;
  stream_left = stream_bytes;
  return true;
}

bool ScriptedHost::next_piece(std::string& out, size_t bytes_min) {
  const size_t bytes = std::min({bytes_min, *stream_left, piece_bytes_max});
  out.append(bytes, 's');
  *stream_left -= bytes;
  if (*stream_left > 0) return true;
  stream_left.reset();
  return false;
}

void ScriptedHost::end_stream() {
  ZT_ASSERT(stream_left.has_value());
  stream_left.reset();
}

bool ScriptedHost::begin_history(Zxid after, int32_t) {
  ZT_ASSERT(!history_after);
  if (history_allowed) history_after = after;
  return history_allowed;
}

void ScriptedHost::ask_history() {
  ZT_ASSERT(history_after && !std::exchange(history_asked, true));
}

void ScriptedHost::end_history() {
  ZT_ASSERT(history_after.has_value());
  history_after.reset();
  history_asked = false;
}

void ScriptedHost::lead(Zxid epoch_start) {
  ZT_ASSERT(!led);
  led = epoch_start;
  if (on_lead) on_lead();
}

void ScriptedHost::learner_request(ConnectionId learner, const quorum::ForwardedRequest& request,
                                   std::optional<std::string_view> auth) {
  calls.push_back("request " + std::to_string(learner.slot()) + " " +
                  std::to_string(request.session.value) + " " + std::to_string(request.type) + " " +
                  std::string(request.body) + (auth ? " with identities" : ""));
  if (on_request) on_request();
}

void ScriptedHost::learner_touched(ConnectionId learner, SessionId session, int32_t timeout_ms) {
  calls.push_back("touched " + std::to_string(learner.slot()) + " " +
                  std::to_string(session.value) + " " + std::to_string(timeout_ms));
}

bool ScriptedHost::learner_revalidates(ConnectionId learner, SessionId session, int32_t) {
  calls.push_back("revalidates " + std::to_string(learner.slot()) + " " +
                  std::to_string(session.value));
  return session.value % 2 == 0;
}

void ScriptedHost::synced() {
  ++syncs;
  if (on_synced) on_synced();
}

void ScriptedHost::connect(DialToken, const quorum::HostPort&) {
  not_a_leaders_call();
}
void ScriptedHost::abandon(DialToken) {
  not_a_leaders_call();
}
void ScriptedHost::append(Zxid, std::string_view) {
  not_a_leaders_call();
}
void ScriptedHost::reload(std::optional<Zxid>) {
  not_a_leaders_call();
}
void ScriptedHost::begin_restore(Zxid) {
  not_a_leaders_call();
}
Host::Restore ScriptedHost::restore(std::string_view) {
  not_a_leaders_call();
}
void ScriptedHost::persist_snapshot() {
  not_a_leaders_call();
}
void ScriptedHost::follow() {
  not_a_leaders_call();
}
void ScriptedHost::retire() {
  not_a_leaders_call();
}
void ScriptedHost::take_touched(std::string&) {
  not_a_leaders_call();
}
void ScriptedHost::revalidated(SessionId, bool) {
  not_a_leaders_call();
}

}  // namespace zoetrope::zab
