// Each watched change gives exactly one event, in the order of the changes, before any reply that
// shows the new state; nothing else gives an event; none is lost over a reconnect (A1 to A9).
// The replies of a connection cut its events into stretches; between two replies a connection must
// get exactly the events that the changes up to the later reply's zxid owe it.
#include <algorithm>
#include <map>

#include "properties/property.hpp"
#include "properties/replay.hpp"
#include "properties/watch_ledger.hpp"

namespace zoetrope::properties {
namespace {

std::string describe(const OwedEvent& event) {
  return std::string(to_string(event.type)) + ' ' + event.path + " of zxid " +
         std::to_string(event.zxid.value);
}

bool same(const WatchEvent& got, const OwedEvent& owed) {
  // Older servers put -1 in every event's header.
  const bool zxid_agrees = got.zxid.value == -1 || got.zxid == owed.zxid;
  return got.type == owed.type && got.path == owed.path && zxid_agrees;
}

class Watches : public ReplayVisitor {
 public:
  Watches(const History& history, Findings& findings) : history_(history), findings_(findings) {
    for (const WatchEvent& event : history.events) line(event.connection).events.push_back(&event);
    for (const Operation& op : history.operations) {
      if (shows_state(op)) ++line(op.connection).replies_left;
    }
  }

  bool applied(const Applied& applied, const ModelTree&) override {
    for (auto& [connection, line] : lines_) {
      if (line.finished || line.broken) continue;
      const Identities& identities = history_.connections[connection].identities;
      for (const Change& change : applied.changes) {
        line.ledger.change(change, applied.txn->zxid, identities);
      }
      finish_if_covered(line);
    }
    return true;
  }

  bool replied(const Operation& op, const ModelTree& tree) override {
    Line& line = this->line(op.connection);
    --line.replies_left;
    // A view that goes back is the finding of another property; here it would only make noise.
    if (line.broken || op.completed->sequence < line.last_reply) return true;
    line.last_reply = op.completed->sequence;
    std::vector<OwedEvent> caught_up;
    if (op.args.kind == OpKind::kSetWatches) caught_up = line.ledger.make_good(op, tree);
    settle(line, op, std::move(caught_up));
    check_registration(line, op);
    line.ledger.reply(op);
    return !findings_.full();
  }

  // After a connection's last reply some of the events owed may have been lost with the connection.
  void finished(const ModelTree&) override {
    for (auto& [connection, line] : lines_) {
      if (!line.broken && !line.finished) settle_tail(line);
    }
  }

 private:
  struct Line {
    WatchLedger ledger;
    std::vector<const WatchEvent*> events;
    size_t taken = 0;         // events accounted for
    uint64_t last_reply = 0;  // sequence of the last reply seen
    size_t replies_left = 0;
    bool broken = false;
    bool finished = false;
  };

  Line& line(uint32_t connection) { return lines_[connection]; }

  void fail(Line& line, std::string summary, std::vector<std::string> evidence) {
    findings_.add(std::move(summary), std::move(evidence));
    line.broken = true;
  }

  std::vector<const WatchEvent*> received_before(Line& line, uint64_t sequence) {
    std::vector<const WatchEvent*> received;
    while (line.taken < line.events.size() &&
           line.events[line.taken]->received.sequence < sequence) {
      received.push_back(line.events[line.taken++]);
    }
    return received;
  }

  // The events before a reply are those owed, in order, then those of its setWatches in any order.
  void settle(Line& line, const Operation& op, std::vector<OwedEvent> caught_up) {
    const std::vector<const WatchEvent*> received = received_before(line, op.completed->sequence);
    std::vector<OwedEvent> owed = std::move(line.ledger.owed());
    line.ledger.owed().clear();
    size_t i = 0;
    for (; i < owed.size(); ++i) {
      if (i < received.size() && same(*received[i], owed[i])) continue;
      return report(line, received, i, describe(owed[i]), properties::describe(op));
    }
    for (; i < received.size(); ++i) {
      const auto it = std::ranges::find_if(
          caught_up, [&](const OwedEvent& event) { return same(*received[i], event); });
      if (it == caught_up.end()) return report(line, received, i, "none", properties::describe(op));
      caught_up.erase(it);
    }
    if (!caught_up.empty()) {
      report(line, received, i, describe(caught_up.front()), properties::describe(op));
    }
  }

  void report(Line& line, const std::vector<const WatchEvent*>& received, size_t index,
              const std::string& owed, const std::string& reply) {
    std::vector<std::string> evidence = {"expected event: " + owed};
    evidence.push_back(index < received.size()
                           ? "received " + properties::describe(*received[index])
                           : "received no further event");
    evidence.push_back("before the reply " + reply);
    const bool lost = index >= received.size();
    fail(line,
         lost ? "an event is missing before the reply that shows the change"
              : "an event came that was not owed, or out of order",
         std::move(evidence));
  }

  void settle_tail(Line& line) {
    const std::vector<const WatchEvent*> received = received_before(line, UINT64_MAX);
    const std::vector<OwedEvent>& owed = line.ledger.owed();
    for (size_t i = 0; i < received.size(); ++i) {
      // A setWatches whose reply was lost: what it would have made good cannot be known.
      if (received[i]->zxid.value == -1) return;
      if (i < owed.size() && same(*received[i], owed[i])) continue;
      return fail(line, "an event came that was not owed, or out of order",
                  {"expected event: " + (i < owed.size() ? describe(owed[i]) : "none"),
                   "received " + properties::describe(*received[i]), "after the last reply"});
    }
  }

  // No reply and no event of the connection is left that what is owed does not cover.
  void finish_if_covered(Line& line) {
    if (line.broken || line.replies_left != 0) return;
    if (line.ledger.owed().size() < line.events.size() - line.taken) return;
    settle_tail(line);
    line.finished = true;
  }

  void check_registration(Line& line, const Operation& op) {
    if (line.broken) return;
    if (op.args.kind != OpKind::kCheckWatches && op.args.kind != OpKind::kRemoveWatches) return;
    const bool registered = line.ledger.watches(op.args.path, op.args.watch_type);
    const ErrorCode expected = registered ? ErrorCode::kOk : ErrorCode::kNoWatcher;
    if (op.result.error == expected) return;
    fail(line, "the server's registered watches are not those that the client made",
         {"expected " + std::string(to_string(expected)), properties::describe(op)});
  }

  const History& history_;
  Findings& findings_;
  std::map<uint32_t, Line> lines_;
};

}  // namespace

void check_watches_fire_exactly_once(const History& history, Findings& findings) {
  Watches watches(history, findings);
  replay(history, watches);
}

}  // namespace zoetrope::properties
