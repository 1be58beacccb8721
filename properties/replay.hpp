// One pass over a history in the order of its zxids: every committed write is done on a plain tree,
// and every reply is shown together with the tree as it stood at the reply's zxid. It owns the tree
// of the pass; what is right or wrong is the visitor's business.
#pragma once

#include <map>
#include <utility>
#include <vector>

#include "properties/history.hpp"
#include "properties/model_tree.hpp"

namespace zoetrope::properties {

// What the model made of one committed transaction.
struct Applied {
  const CommittedTxn* txn = nullptr;
  const Operation* operation =
      nullptr;  // nullptr: no client's (expiry, container clean-up, a session)
  // False when the model cannot say what the answer is (an error outside the tree's rules).
  bool predicted = false;
  Result result;
  std::vector<Result> part_results;
  std::vector<Change> changes;
};

// True when any part of a multi failed, and so none happened.
bool multi_failed(const std::vector<Result>& part_results);

class ReplayVisitor {
 public:
  virtual ~ReplayVisitor() = default;
  // After the transaction was done on the tree. Return false to end the pass.
  virtual bool applied(const Applied& applied, const ModelTree& tree) = 0;
  // A reply whose zxid is the last one done; replies with one zxid come in order of arrival.
  virtual bool replied(const Operation& operation, const ModelTree& tree) = 0;
  // After the last reply, unless the pass ended early.
  virtual void finished(const ModelTree& tree) { static_cast<void>(tree); }
};

// The session of an operation, also when it was sent before the session's id was known.
SessionId session_of(const History& history, const Operation& operation);

// True for a reply that shows a state of the tree: the zxid of an auth's answer is always 0, and of
// a malformed request's answer nothing is known.
bool shows_state(const Operation& operation);

// True for what has no effect whatever state it meets, and so is answered before servers ask whose
// it is: a request that cannot be read, and a multi without parts.
bool does_nothing(const Operation& operation);

// Finds the operation that a committed transaction comes from.
class WriteIndex {
 public:
  explicit WriteIndex(const History& history);
  const Operation* find(SessionId session, int32_t cxid) const;

 private:
  std::map<std::pair<int64_t, int32_t>, const Operation*> operations_;
};

// Does nothing when the history has no committed log. Ends early when the log holds a write that no
// client sent: from there on the tree would be a guess.
void replay(const History& history, ReplayVisitor& visitor);

}  // namespace zoetrope::properties
