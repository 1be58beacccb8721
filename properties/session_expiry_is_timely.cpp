// A session that was heard within its time-out is not expired (E1); a silent one is, within its
// time-out, one tick and the commit's delay, as long as a server runs (E2). A client that is told
// that its session is no more has lost it as by an expiry. A request that was answered was heard
// not before it was sent; a server that starts gives every session its full time. In an ensemble
// the leader watches over the sessions, and may hear of a client later than the server that it
// speaks to, or never, when that ends or leaves its leader and so closes the connection; a new
// leader gives every session its full time. Where sessions may be local it is only from its
// createSession on that all this is promised.
#include <algorithm>
#include <map>
#include <set>

#include "properties/property.hpp"
#include "properties/replay.hpp"

namespace zoetrope::properties {
namespace {

constexpr MonotonicTime kNever{INT64_MIN};

struct Sessions {
  struct Sign {
    MonotonicTime at;
    const Connection* connection = nullptr;  // on which it was heard
    const Operation* operation = nullptr;    // nullptr: the connection's beginning itself
  };
  // Signs of life, those that the server certainly had and all that were sent.
  std::vector<Sign> heard;
  MonotonicTime last_sent = kNever;
  int32_t timeout_ms_min = INT32_MAX;
  int32_t timeout_ms_max = 0;
};

std::string text_of(const Connection& c) {
  return "at " + std::to_string(c.opened.at.ms()) + "ms client " + std::to_string(c.client) +
         " connected, time-out " + std::to_string(c.timeout_ms) + "ms";
}

std::string text_of(const Sessions::Sign& sign) {
  return sign.operation != nullptr ? describe(*sign.operation) : text_of(*sign.connection);
}

std::map<SessionId, Sessions> signs_of_life(const History& history) {
  std::map<SessionId, Sessions> sessions;
  for (const Connection& c : history.connections) {
    if (c.requested_session.value != 0) {
      Sessions& asked = sessions[c.requested_session];
      asked.last_sent = std::max(asked.last_sent, c.opened.at);
    }
    if (!c.established) continue;
    Sessions& session = sessions[c.session];
    session.heard.push_back({c.opened.at, &c});
    session.last_sent = std::max(session.last_sent, c.opened.at);
    session.timeout_ms_min = std::min(session.timeout_ms_min, c.timeout_ms);
    session.timeout_ms_max = std::max(session.timeout_ms_max, c.timeout_ms);
  }
  for (const Operation& op : history.operations) {
    const auto it = sessions.find(session_of(history, op));
    if (it == sessions.end()) continue;
    it->second.last_sent = std::max(it->second.last_sent, op.invoked.at);
    if (!op.completed || op.args.kind == OpKind::kMalformed) continue;
    const Connection& c = history.connections[op.connection];
    it->second.heard.push_back({op.invoked.at, &c, &op});
  }
  return sessions;
}

MonotonicTime last_start(const History& history, MonotonicTime until) {
  MonotonicTime start = kNever;
  for (const ServerEvent& event : history.server_events) {
    if (event.kind == ServerEventKind::kStarted && event.when.at <= until) start = event.when.at;
  }
  return start;
}

std::string expiry_text(const CommittedTxn& txn) {
  return describe(txn) + " applied at " + std::to_string(txn.applied->ms()) + "ms";
}

// Until when one that was heard then has its session for certain.
MonotonicTime safe_until(const History& history, const Sessions::Sign& sign) {
  return MonotonicTime{(sign.at + Duration::from_ms(sign.connection->timeout_ms)).ns -
                       history.setup.unheard_max.ns};
}

// The server that heard it ended, or closed the connection, before it had to have told the leader.
bool may_be_untold(const History& history, const Sessions::Sign& sign) {
  const MonotonicTime told = sign.at + history.setup.unheard_max;
  const auto& closed = sign.connection->closed;
  if (closed && closed->at <= told) return true;
  return std::ranges::any_of(history.server_events, [&](const ServerEvent& event) {
    return event.server == sign.connection->server && event.kind != ServerEventKind::kStarted &&
           event.when.at >= sign.at && event.when.at <= told;
  });
}

void check_not_early(const History& history, const CommittedTxn& txn, const Sessions& session,
                     Findings& findings) {
  for (const Sessions::Sign& sign : session.heard) {
    if (*txn.applied < sign.at || *txn.applied >= safe_until(history, sign)) continue;
    if (history.setup.servers > 1 && may_be_untold(history, sign)) continue;
    findings.add("a session was expired although it had been heard within its time-out",
                 {text_of(sign), expiry_text(txn)});
    return;
  }
  if (history.setup.servers > 1) return;
  // One that is applied as the server starts was decided and logged before.
  const MonotonicTime start = last_start(history, MonotonicTime{txn.applied->ns - 1});
  if (start == kNever || session.timeout_ms_min == INT32_MAX) return;
  if (*txn.applied < start + Duration::from_ms(session.timeout_ms_min)) {
    findings.add("a session was expired before a started server had given it its time",
                 {"server started at " + std::to_string(start.ms()) + "ms", expiry_text(txn)});
  }
}

// When a session that says nothing more must be gone.
MonotonicTime latest_end(const History& history, const Sessions& session, MonotonicTime start) {
  const Duration delay{history.setup.delay_max.ns + history.setup.unheard_max.ns};
  return std::max(session.last_sent + delay, start) +
         Duration::from_ms(int64_t{session.timeout_ms_max} + history.setup.tick_time_ms) + delay;
}

void check_not_late(const History& history, const CommittedTxn& txn, const Sessions& session,
                    Findings& findings) {
  const MonotonicTime start = last_start(history, *txn.applied);
  if (*txn.applied <= latest_end(history, session, start)) return;
  findings.add("a silent session was expired too late",
               {"it sent its last at " + std::to_string(session.last_sent.ms()) + "ms, time-out " +
                    std::to_string(session.timeout_ms_max) + "ms",
                expiry_text(txn)});
}

// Since when one server has watched over the sessions, up to the end; nullopt when none does.
std::optional<MonotonicTime> watched_since(const History& history) {
  if (history.setup.servers > 1) return history.setup.calm_since;
  if (history.server_events.empty()) return std::nullopt;
  const ServerEvent& last = history.server_events.back();
  if (last.kind != ServerEventKind::kStarted) return std::nullopt;
  return last.when.at;
}

void check_all_silent_ended(const History& history, const std::map<SessionId, Sessions>& sessions,
                            const std::map<SessionId, const CommittedTxn*>& ends,
                            Findings& findings) {
  const auto start = watched_since(history);
  if (!start) return;
  for (const auto& [id, session] : sessions) {
    if (session.timeout_ms_max == 0 || ends.contains(id)) continue;
    if (history.end <= latest_end(history, session, *start)) continue;
    findings.add("a silent session was never expired",
                 {"session " + std::to_string(id.value) + " sent its last at " +
                  std::to_string(session.last_sent.ms()) + "ms, time-out " +
                  std::to_string(session.timeout_ms_max) + "ms, end of the history " +
                  std::to_string(history.end.ms()) + "ms"});
  }
}

// Sessions whose client asked for their end, whatever became of that.
std::set<SessionId> given_up(const History& history) {
  std::set<SessionId> sessions;
  for (const Operation& op : history.operations) {
    if (op.args.kind == OpKind::kCloseSession) sessions.insert(session_of(history, op));
  }
  return sessions;
}

// A session that nobody ended and that was heard within its time-out must be taken up again. The
// refusal was decided between the opening of the connection and its end.
void check_not_turned_away(const History& history, const std::map<SessionId, Sessions>& sessions,
                           const std::map<SessionId, const CommittedTxn*>& ends,
                           Findings& findings) {
  const std::set<SessionId> ended_by_client = given_up(history);
  for (const Connection& c : history.connections) {
    if (!c.refused || !c.closed || ends.contains(c.requested_session)) continue;
    const auto it = sessions.find(c.requested_session);
    if (it == sessions.end() || ended_by_client.contains(c.requested_session)) continue;
    for (const Sessions::Sign& sign : it->second.heard) {
      if (c.opened.at < sign.at || c.closed->at >= safe_until(history, sign)) continue;
      findings.add("a session was refused although it had been heard within its time-out",
                   {text_of(sign), "at " + std::to_string(c.closed->at.ms()) + "ms client " +
                                       std::to_string(c.client) + " was told that session " +
                                       std::to_string(c.requested_session.value) + " is no more"});
      break;
    }
  }
}

// Forgets what was heard of sessions while they were local.
void keep_global(const History& history, std::map<SessionId, Sessions>& sessions) {
  std::map<SessionId, MonotonicTime> created;
  for (const CommittedTxn& txn : history.committed) {
    if (txn.type == kTxnCreateSession && txn.applied) created.emplace(txn.session, *txn.applied);
  }
  for (auto& [id, session] : sessions) {
    const auto since = created.find(id);
    std::erase_if(session.heard, [&](const Sessions::Sign& sign) {
      return since == created.end() || sign.at < since->second;
    });
  }
  std::erase_if(sessions, [&](const auto& entry) { return !created.contains(entry.first); });
}

}  // namespace

void check_session_expiry_is_timely(const History& history, Findings& findings) {
  if (!history.has_committed) return;
  std::map<SessionId, Sessions> sessions = signs_of_life(history);
  if (history.setup.local_sessions) keep_global(history, sessions);
  const bool bounded = history.setup.delay_max.ns > 0;
  std::map<SessionId, const CommittedTxn*> ends;
  for (const CommittedTxn& txn : history.committed) {
    if (txn.type != kTxnCloseSession) continue;
    ends.emplace(txn.session, &txn);
    const auto it = sessions.find(txn.session);
    if (txn.cxid != 0 || !txn.applied || it == sessions.end()) continue;
    check_not_early(history, txn, it->second, findings);
    if (bounded && history.setup.servers == 1 && it->second.timeout_ms_max != 0)
      check_not_late(history, txn, it->second, findings);
  }
  check_not_turned_away(history, sessions, ends, findings);
  if (bounded) check_all_silent_ended(history, sessions, ends, findings);
}

}  // namespace zoetrope::properties
