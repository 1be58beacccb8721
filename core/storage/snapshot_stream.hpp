// The tree as it goes from a leader to a learner behind a SNAP packet: sessions, ACLs and znodes as
// in a snapshot file, without header and checksums, and a signature at the end
// (facts/quorum-protocol.md section 8; upstream SerializeUtils.serializeSnapshot, LearnerHandler).
// Both directions work piece by piece. Does no I/O.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/base/ids.hpp"
#include "core/storage/snapshot.hpp"
#include "core/tree/tree.hpp"

namespace zoetrope::storage {

// Produces the stream of a tree that goes on changing; it holds the state as of construction.
class SnapshotSender {
 public:
  // The tree outlives the sender and has no other snapshot in progress.
  SnapshotSender(tree::Tree& tree, SessionList sessions);
  ~SnapshotSender();
  SnapshotSender(const SnapshotSender&) = delete;
  SnapshotSender& operator=(const SnapshotSender&) = delete;

  // Appends about `bytes_min` bytes or more; false when that was the last.
  bool next(std::string& out, size_t bytes_min);

 private:
  enum class Part : uint8_t { kHead, kNodes, kDone };
  tree::Tree& tree_;
  SessionList sessions_;
  Part part_ = Part::kHead;
};

// Builds tree and sessions from a stream that arrives cut anywhere. Keeps no bytes: what is not yet
// whole comes again.
class SnapshotReceiver {
 public:
  // `zxid`: of the last transaction that the stream holds.
  SnapshotReceiver(const tree::TreeConfig& config, Zxid zxid);

  struct Progress {
    size_t consumed = 0;
    bool done = false;                 // signature included
    std::optional<std::string> error;  // final
  };
  Progress feed(std::string_view bytes);

  // Once done.
  tree::Tree& tree() { return tree_; }
  const SessionList& sessions() const { return sessions_; }

 private:
  enum class Part : uint8_t {
    kSessionCount,
    kSession,
    kAclCount,
    kAcl,
    kNode,
    kSignature,
    kDone,
  };
  enum class Step : uint8_t { kTaken, kNeedMore, kRefused };
  class Cursor;

  Step take(Cursor& in);
  Step take_count(Cursor& in, Part items, Part next);
  Step take_session(Cursor& in);
  Step take_acl(Cursor& in);
  Step take_node(Cursor& in);
  Step take_signature(Cursor& in);
  Step refuse(std::string why);
  void item_taken(Part next);

  Zxid zxid_;
  tree::Tree tree_;
  SessionList sessions_;
  Part part_ = Part::kSessionCount;
  int32_t items_left_ = 0;
  std::optional<std::string> error_;
};

}  // namespace zoetrope::storage
