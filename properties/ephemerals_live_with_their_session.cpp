// An ephemeral goes with the end of its session, at one zxid, and not before unless it is deleted
// (E3 E6); it never has children (E7). This needs no model: Stats name the owner.
#include <algorithm>
#include <map>
#include <set>

#include "properties/property.hpp"
#include "properties/replay.hpp"

namespace zoetrope::properties {
namespace {

struct Life {
  SessionId owner;
  Zxid born;
  const Operation* creation = nullptr;
};

class Ephemerals {
 public:
  Ephemerals(const History& history, Findings& findings) : history_(history), findings_(findings) {
    const WriteIndex index(history);
    for (const CommittedTxn& txn : history.committed) {
      if (txn.type == kTxnCloseSession) ends_.emplace(txn.session, &txn);
      const Operation* op = index.find(txn.session, txn.cxid);
      if (op == nullptr || txn.error != ErrorCode::kOk) continue;
      note_delete(op->args, txn.zxid);
      for (const Arguments& part : op->parts) note_delete(part, txn.zxid);
    }
    for (const Operation& op : history.operations) note_creations(op);
  }

  void check() {
    for (const Operation& op : history_.operations) {
      if (!op.completed) continue;
      const auto text = [&] { return describe(op); };
      look(op.result, op.zxid, text);
      if (!multi_failed(op.part_results)) {
        for (const Result& part : op.part_results) look(part, op.zxid, text);
      }
      if (op.args.kind == OpKind::kExists && op.result.error == ErrorCode::kNoNode) absent(op);
    }
    for (const FinalNode& node : history_.final_nodes) {
      Result result;
      result.stat = node.stat;
      look(result, Zxid(INT64_MAX),
           [&] { return "at the end " + node.path + ' ' + describe(node.stat); });
    }
    check_survivors();
  }

 private:
  void note_delete(const Arguments& args, Zxid zxid) {
    if (args.kind == OpKind::kDelete) deletes_[args.path].push_back(zxid);
  }

  void note_creations(const Operation& op) {
    if (!op.completed || multi_failed(op.part_results)) return;
    const auto note = [&](const Arguments& args, const Result& result) {
      if (args.kind != OpKind::kCreate || !is_ephemeral(args.mode)) return;
      if (result.error == ErrorCode::kOk) {
        lives_[result.path].push_back({session_of(history_, op), op.zxid, &op});
      }
    };
    if (op.args.kind == OpKind::kCreate) note(op.args, op.result);
    for (size_t i = 0; i < op.parts.size() && i < op.part_results.size(); ++i) {
      note(op.parts[i], op.part_results[i]);
    }
  }

  // A Stat that somebody was shown at `zxid`; `text` says by what, if it has to.
  template <class Text>
  void look(const Result& result, Zxid zxid, const Text& text) {
    if (!result.stat || result.stat->ephemeral_owner == 0) return;
    if (result.stat->num_children != 0) findings_.add("an ephemeral has children", {text()});
    const auto end = ends_.find(SessionId(result.stat->ephemeral_owner));
    if (end == ends_.end() || end->second->zxid > zxid) return;
    findings_.add("an ephemeral outlived its session", {describe(*end->second), text()});
  }

  bool deleted_between(const std::string& path, Zxid after, Zxid until) const {
    const auto it = deletes_.find(path);
    if (it == deletes_.end()) return false;
    return std::ranges::any_of(it->second, [&](Zxid z) { return z >= after && z <= until; });
  }

  bool ended_by(SessionId session, Zxid zxid) const {
    const auto end = ends_.find(session);
    return end != ends_.end() && end->second->zxid <= zxid;
  }

  // Somebody was told at op.zxid that the path does not exist.
  void absent(const Operation& op) {
    const auto lives = lives_.find(op.args.path);
    if (lives == lives_.end()) return;
    for (const Life& life : lives->second) {
      if (life.born > op.zxid || ended_by(life.owner, op.zxid)) continue;
      if (deleted_between(op.args.path, life.born, op.zxid)) continue;
      findings_.add("an ephemeral of a live session is gone",
                    {describe(*life.creation), describe(op)});
    }
  }

  void check_survivors() {
    if (!history_.has_final_nodes) return;
    std::set<std::string> present;
    for (const FinalNode& node : history_.final_nodes) present.insert(node.path);
    for (const auto& [path, lives] : lives_) {
      if (present.contains(path)) continue;
      for (const Life& life : lives) {
        if (ended_by(life.owner, Zxid(INT64_MAX))) continue;
        if (deleted_between(path, life.born, Zxid(INT64_MAX))) continue;
        findings_.add("an ephemeral of a live session is gone at the end: " + path,
                      {describe(*life.creation)});
      }
    }
  }

  const History& history_;
  Findings& findings_;
  std::map<SessionId, const CommittedTxn*> ends_;
  std::map<std::string, std::vector<Zxid>> deletes_;
  std::map<std::string, std::vector<Life>> lives_;
};

}  // namespace

void check_ephemerals_live_with_their_session(const History& history, Findings& findings) {
  if (!history.has_committed) return;
  Ephemerals(history, findings).check();
}

}  // namespace zoetrope::properties
