// Nothing of a session is committed after its end (E4), it is never resumed (E5), and its id is
// never given again.
#include <map>

#include "properties/property.hpp"
#include "properties/replay.hpp"

namespace zoetrope::properties {
namespace {

using Ends = std::map<SessionId, const CommittedTxn*>;

void check_committed(const History& history, Ends& ends, Findings& findings) {
  const WriteIndex index(history);
  for (const CommittedTxn& txn : history.committed) {
    const auto end = ends.find(txn.session);
    const Operation* op = txn.cxid > 0 ? index.find(txn.session, txn.cxid) : nullptr;
    // What was refused did nothing, and a client may close what has just expired.
    const bool is_nothing =
        op != nullptr && (does_nothing(*op) || op->args.kind == OpKind::kCloseSession);
    const bool did_something = txn.error == ErrorCode::kOk && !is_nothing;
    if (end != ends.end() && did_something) {
      findings.add("a session did something after its end",
                   {describe(*end->second), describe(txn)});
    }
    if (txn.type == kTxnCloseSession) ends.emplace(txn.session, &txn);
  }
}

void check_replies(const History& history, const Ends& ends, Findings& findings) {
  for (const Operation& op : history.operations) {
    if (!op.completed || op.result.error != ErrorCode::kOk) continue;
    if (op.args.kind == OpKind::kAuth || op.args.kind == OpKind::kMalformed) continue;
    const auto end = ends.find(session_of(history, op));
    if (end == ends.end() || op.zxid <= end->second->zxid) continue;
    findings.add("a session was served after its end", {describe(*end->second), describe(op)});
  }
}

std::string text_of(const Connection& connection) {
  return "at " + std::to_string(connection.opened.at.ms()) + "ms client " +
         std::to_string(connection.client) + " asked for session " +
         std::to_string(connection.requested_session.value) + " and was given " +
         std::to_string(connection.session.value);
}

void check_resumed(const History& history, const Ends& ends, Findings& findings) {
  std::map<SessionId, const Operation*> closes;
  for (const Operation& op : history.operations) {
    if (op.args.kind == OpKind::kCloseSession && op.completed &&
        op.result.error == ErrorCode::kOk) {
      closes.emplace(session_of(history, op), &op);
    }
  }
  for (const Connection& connection : history.connections) {
    const SessionId session = connection.requested_session;
    if (!connection.established || session.value == 0 || connection.session != session) continue;
    const auto close = closes.find(session);
    if (close != closes.end() && close->second->completed->sequence < connection.opened.sequence) {
      findings.add("a closed session was resumed", {describe(*close->second), text_of(connection)});
    }
    const auto end = ends.find(session);
    // A leader that has lost its followers may not know of the end yet.
    const Duration unheard = history.setup.unheard_max;
    if (end != ends.end() && end->second->applied &&
        *end->second->applied + unheard < connection.opened.at) {
      findings.add("an ended session was resumed", {describe(*end->second), text_of(connection)});
    }
  }
}

// A session that was made anew has an id that no session ever had.
void check_ids(const History& history, Findings& findings) {
  std::map<SessionId, const Connection*> makers;
  for (const Connection& connection : history.connections) {
    if (!connection.established || connection.session == connection.requested_session) continue;
    const auto [it, fresh] = makers.emplace(connection.session, &connection);
    if (fresh) continue;
    findings.add("one session id was given to two sessions",
                 {text_of(*it->second), text_of(connection)});
  }
}

}  // namespace

void check_closed_sessions_are_silent(const History& history, Findings& findings) {
  Ends ends;
  check_committed(history, ends, findings);
  check_replies(history, ends, findings);
  check_resumed(history, ends, findings);
  check_ids(history, findings);
}

}  // namespace zoetrope::properties
