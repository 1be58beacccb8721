// A multi happens fully, at one zxid, or not at all (G2). This needs no model: a znode's Stat names
// the transactions that made and changed it.
#include <map>
#include <set>

#include "properties/property.hpp"
#include "properties/replay.hpp"

namespace zoetrope::properties {
namespace {

struct Showing {
  Stat stat;
  // One of them.
  const Operation* operation = nullptr;
  const FinalNode* node = nullptr;
};

std::string text_of(const Showing& showing) {
  if (showing.operation != nullptr) return describe(*showing.operation);
  return "at the end " + showing.node->path + ' ' + describe(showing.node->stat);
}

std::vector<Showing> all_stats(const History& history) {
  std::vector<Showing> showings;
  for (const Operation& op : history.operations) {
    if (op.result.stat) showings.push_back({*op.result.stat, &op});
    for (const Result& part : op.part_results) {
      if (part.stat) showings.push_back({*part.stat, &op});
    }
  }
  for (const FinalNode& node : history.final_nodes) {
    showings.push_back({node.stat, nullptr, &node});
  }
  return showings;
}

// A multi that failed left nothing but its zxid.
void check_failed(const History& history, Findings& findings) {
  std::map<int64_t, const Operation*> failed;
  for (const Operation& op : history.operations) {
    if (!is_write(op.args.kind) || !op.completed) continue;
    if (op.result.error != ErrorCode::kOk || multi_failed(op.part_results)) {
      failed.emplace(op.zxid.value, &op);
    }
  }
  if (failed.empty()) return;
  for (const Showing& showing : all_stats(history)) {
    for (const int64_t zxid : {showing.stat.czxid, showing.stat.mzxid, showing.stat.pzxid}) {
      const auto it = failed.find(zxid);
      if (it == failed.end()) continue;
      findings.add("a failed write left a trace", {describe(*it->second), text_of(showing)});
    }
  }
}

// All parts of a multi that succeeded carry its one zxid.
void check_succeeded(const Operation& op, Findings& findings) {
  for (const Result& part : op.part_results) {
    if (!part.stat || part.stat->mzxid == op.zxid.value) continue;
    findings.add("a part of a multi has another zxid than the multi", {describe(op)});
  }
}

// Paths that some committed operation may have deleted, with the newest zxid at which it did.
std::map<std::string, Zxid> newest_deletes(const History& history) {
  const WriteIndex index(history);
  std::map<std::string, Zxid> newest;
  for (const CommittedTxn& txn : history.committed) {
    for (const std::string& path : txn.paths) newest[path] = txn.zxid;
    const Operation* op = index.find(txn.session, txn.cxid);
    if (op == nullptr || txn.error != ErrorCode::kOk) continue;
    if (op->args.kind == OpKind::kDelete) newest[op->args.path] = txn.zxid;
    for (const Arguments& part : op->parts) {
      if (part.kind == OpKind::kDelete) newest[part.path] = txn.zxid;
    }
  }
  return newest;
}

// When sessions ended whose closeSession does not name what it deleted (closeSessionTxn.enabled is
// off, or there was nothing).
std::map<SessionId, Zxid> silent_ends(const History& history) {
  std::map<SessionId, Zxid> ends;
  for (const CommittedTxn& txn : history.committed) {
    if (txn.type == kTxnCloseSession && txn.paths.empty()) ends[txn.session] = txn.zxid;
  }
  return ends;
}

// Every znode that an acknowledged multi made is there at the end unless something deleted it.
void check_creations_stay(const History& history, Findings& findings) {
  if (!history.has_final_nodes || !history.has_committed) return;
  const std::map<std::string, Zxid> deletes = newest_deletes(history);
  const std::map<SessionId, Zxid> ends = silent_ends(history);
  std::set<std::string> present;
  for (const FinalNode& node : history.final_nodes) present.insert(node.path);
  for (const Operation& op : history.operations) {
    if (op.args.kind != OpKind::kMulti || !op.completed || multi_failed(op.part_results)) continue;
    const auto end = ends.find(session_of(history, op));
    const bool has_ended = end != ends.end() && end->second > op.zxid;
    for (size_t i = 0; i < op.part_results.size(); ++i) {
      const Result& part = op.part_results[i];
      if (part.path.empty() || present.contains(part.path)) continue;
      if (has_ended && is_ephemeral(op.parts[i].mode)) continue;
      const auto it = deletes.find(part.path);
      if (it != deletes.end() && it->second >= op.zxid) continue;
      findings.add("a part of an acknowledged multi is missing at the end: " + part.path,
                   {describe(op)});
    }
  }
}

}  // namespace

void check_multi_is_atomic(const History& history, Findings& findings) {
  check_failed(history, findings);
  for (const Operation& op : history.operations) {
    if (op.args.kind == OpKind::kMulti && op.completed) check_succeeded(op, findings);
  }
  check_creations_stay(history, findings);
}

}  // namespace zoetrope::properties
