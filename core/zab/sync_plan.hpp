// How a leader brings a learner to its own history: by what it lacks (DIFF), after cutting what
// never was committed (TRUNC), or by everything (SNAP). Pure decisions over zxids; nothing is sent
// here (facts/quorum-protocol.md section 8; upstream LearnerHandler.syncFollower).
//
// A TRUNC is decided only with the proof that the learner has the zxid that it is cut to: within an
// epoch every server's log is a prefix of one history, so a learner whose last zxid is of an epoch
// has all that the leader's history holds of that epoch before it. Upstream asks instead that the
// proposal behind the cut be of the same epoch, and sends a snapshot where ours still cuts; both
// are understood by every learner. A last zxid that is not part of the leader's history is never
// taken for a point to go on from (ZOOKEEPER-1154).
#pragma once

#include <cstdint>
#include <optional>

#include "core/base/ids.hpp"
#include "core/quorum/packet.hpp"
#include "core/zab/committed_window.hpp"

namespace zoetrope::zab {

// The packet that opens the synchronisation: DIFF, TRUNC or SNAP, and its zxid.
struct SyncOp {
  quorum::PacketType type = quorum::PacketType::kSnap;
  Zxid zxid;
  bool operator==(const SyncOp&) const = default;
};

// Where the proposals come from that the learner lacks.
enum class SyncSource : uint8_t {
  kNone,           // `op` says it all; forwarding begins behind its zxid
  kWindow,         // walk the window
  kLogThenWindow,  // walk the log on disk from the learner's zxid on, then the window
  kSnapshot,       // `op` is SNAP
};
struct SyncStart {
  SyncSource source = SyncSource::kSnapshot;
  std::optional<SyncOp> op;  // absent where the walk decides
};

struct SyncRequest {
  Zxid learner_last;    // from ACKEPOCH: the last zxid in the learner's log
  Zxid last_processed;  // of the leader
  bool force_snapshot = false;
  bool log_usable = true;  // zookeeper.snapshotSizeFactor and the log's size allow it
};
SyncStart start_of_sync(const SyncRequest& request, const CommittedWindow& window);

// Goes through the leader's committed proposals in order and says which of them the learner gets.
class SyncWalk {
 public:
  // `target`: zxid of the newest proposal of the window, which a DIFF names.
  SyncWalk(Zxid learner_last, Zxid target) : learner_last_(learner_last), target_(target) {}

  enum class Verdict : uint8_t {
    kSkip,    // the learner has it
    kSend,    // op() is set: it goes before the first of these
    kGiveUp,  // only a snapshot helps
  };
  // Zxids ascend; one that was taken before is skipped, so that log and window may overlap.
  Verdict take(Zxid zxid);
  // After the last one: false when only a snapshot helps.
  bool finish();
  const std::optional<SyncOp>& op() const { return op_; }
  // The last zxid that was taken; the log and the window must meet there (ZOOKEEPER-2418).
  std::optional<Zxid> last_taken() const { return previous_; }

 private:
  // A server that has acknowledged a leader of an epoch without transactions so far names the zxid
  // of NEWLEADER, which stands in no log.
  bool is_at_start_of_epoch() const { return learner_last_.counter() == 0; }

  Zxid learner_last_;
  Zxid target_;
  std::optional<Zxid> previous_;
  std::optional<SyncOp> op_;
};

}  // namespace zoetrope::zab
