// Every reply is the one that a plain tree gives when the committed writes are done one after the
// other in the order of their zxids (W1 W2 W3 W5 W6 R1 E9). The zxid in each reply says where in
// that order it belongs, so no order has to be searched for.
#include <set>
#include <unordered_map>

#include "properties/property.hpp"
#include "properties/replay.hpp"

namespace zoetrope::properties {
namespace {

class Comparison : public ReplayVisitor {
 public:
  Comparison(const History& history, Findings& findings) : history_(history), findings_(findings) {
    // From when a session is found expired until that is committed, its requests are refused. A
    // session that closes itself has had all that it sent before answered.
    for (const CommittedTxn& txn : history.committed) {
      if (txn.type == kTxnCloseSession && txn.cxid == 0) expires_.insert(txn.session);
    }
  }

  bool applied(const Applied& applied, const ModelTree&) override {
    if (!applied.predicted) return true;
    if (!outcome_agrees(applied)) return false;
    if (applied.operation != nullptr) {
      predictions_[applied.operation] = {applied.result, applied.part_results};
    }
    return true;
  }

  bool replied(const Operation& op, const ModelTree& tree) override {
    if (is_write(op.args.kind)) return write_agrees(op);
    if (op.result.error == ErrorCode::kSessionExpired &&
        expires_.contains(session_of(history_, op))) {
      return true;
    }
    const Identities& identities = history_.connections[op.connection].identities;
    switch (op.args.kind) {
      case OpKind::kMultiRead:
        return parts_agree(op, tree.multi_read(op.parts, session_of(history_, op), identities));
      case OpKind::kExists:
      case OpKind::kGetData:
      case OpKind::kGetAcl:
      case OpKind::kGetChildren:
      case OpKind::kGetAllChildrenNumber:
      case OpKind::kGetEphemerals:
      case OpKind::kSync:
        return result_agrees(op, tree.read(op.args, session_of(history_, op), identities));
      default: return true;
    }
  }

 private:
  struct Prediction {
    Result result;
    std::vector<Result> part_results;
  };

  // Success or failure of a committed write, as the log has it.
  bool outcome_agrees(const Applied& applied) {
    ErrorCode expected = applied.result.error;
    for (const Result& part : applied.part_results) {
      if (part.error == ErrorCode::kOk) continue;
      expected = part.error;
      break;
    }
    if (expected == applied.txn->error) return true;
    std::vector<std::string> evidence = {describe(*applied.txn)};
    if (applied.operation != nullptr) evidence.push_back(describe(*applied.operation));
    findings_.add(
        "the log holds a write with another outcome than its predecessors imply: expected " +
            std::string(to_string(expected)) + ", logged " +
            std::string(to_string(applied.txn->error)),
        std::move(evidence));
    return false;
  }

  bool write_agrees(const Operation& op) {
    const auto it = predictions_.find(&op);
    if (it == predictions_.end()) return true;
    if (op.args.kind == OpKind::kMulti) return parts_agree(op, it->second.part_results);
    return result_agrees(op, it->second.result);
  }

  bool result_agrees(const Operation& op, const Result& expected) {
    const auto wrong = difference(expected, op.result);
    if (!wrong) return true;
    findings_.add("a reply differs from the model: " + *wrong, {describe(op)});
    return !findings_.full();
  }

  bool parts_agree(const Operation& op, const std::vector<Result>& expected) {
    std::optional<std::string> wrong;
    if (op.result.error != ErrorCode::kOk) {
      wrong = "expected ok, got " + std::string(to_string(op.result.error));
    } else if (expected.size() != op.part_results.size()) {
      wrong = "expected " + std::to_string(expected.size()) + " results, got " +
              std::to_string(op.part_results.size());
    }
    for (size_t i = 0; !wrong && i < expected.size(); ++i) {
      wrong = difference(expected[i], op.part_results[i]);
      if (wrong) *wrong = "part " + std::to_string(i + 1) + ": " + *wrong;
    }
    if (!wrong) return true;
    findings_.add("a reply differs from the model: " + *wrong, {describe(op)});
    return !findings_.full();
  }

  const History& history_;
  Findings& findings_;
  std::set<SessionId> expires_;
  std::unordered_map<const Operation*, Prediction> predictions_;
};

}  // namespace

void check_replies_match_the_model(const History& history, Findings& findings) {
  Comparison comparison(history, findings);
  replay(history, comparison);
}

}  // namespace zoetrope::properties
