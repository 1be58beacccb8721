// Synchronisation from the log on disk: a learner that is behind the window gets the records of
// this server's own log up to where the window begins, then the window, and behind it what was held
// meanwhile. The log is read piece by piece as the learner takes it; the learner's clients and
// everybody else's go on.
//
// That log and window meet is made sure by reading on until the window holds the last record that
// was read (ZOOKEEPER-2418); that the log itself has no gap is the reader's business. Where it has
// one a snapshot is sent instead, after a new connection if the learner was sent something already.
#include <algorithm>
#include <utility>

#include "core/base/assert.hpp"
#include "core/storage/transaction_log.hpp"
#include "core/zab/leader.hpp"

namespace zoetrope::zab {

using quorum::PacketType;

void Leader::begin_history(LearnerLink& link) {
  const bool is_wanted = link.last > log_gap_ && link.last < host_.last_applied();
  if (!is_wanted || !host_.begin_history(link.last, config_.snapshot_factor_percent)) {
    awaiting_stream_.push_back(link.connection);
    return start_streams();
  }
  const Zxid target = host_.last_applied();
  history_.emplace(History{link.connection, SyncWalk(link.last, target), target});
  link.is_held = true;
  link.is_forwarding = true;
  link.stage = LinkStage::kStreaming;
  append_unapplied(link, target, link.held);
  note_bounded(false, "sends " + link.name() + " from the log what it lacks behind 0x" +
                          storage::zxid_hex(link.last));
  expect_word_within(link, config_.init_limit);
  ask_history();
}

// The window holds the last record that was read and goes on to the target, or there is no more.
bool Leader::is_history_whole() const {
  const std::optional<Zxid> last = history_->walk.last_taken();
  if (!last) return false;
  const CommittedWindow& window = host_.window();
  return *last >= history_->target || (!window.empty() && window.min() <= *last);
}

void Leader::ask_history() {
  if (!history_ || history_->is_awaited || over_) return;
  if (is_history_whole()) return finish_history();
  const LearnerLink& link = *find(history_->learner);
  if (link.unsent >= config_.stream_bytes_high) {
    return host_.ask_backlog(link.connection, config_.stream_bytes_high / 2);
  }
  history_->is_awaited = true;
  host_.ask_history();
}

// False when the walk has found that only a snapshot helps.
bool Leader::send_record(std::string& out, Zxid zxid, std::string_view payload) {
  if (zxid > history_->target) return true;
  const SyncWalk::Verdict verdict = history_->walk.take(zxid);
  if (verdict == SyncWalk::Verdict::kGiveUp) return false;
  if (verdict == SyncWalk::Verdict::kSkip) return true;
  const SyncOp& op = *history_->walk.op();
  if (!std::exchange(history_->is_opened, true)) quorum::append_packet(out, op.type, op.zxid);
  quorum::append_packet(out, PacketType::kProposal, zxid, payload);
  quorum::append_packet(out, PacketType::kCommit, zxid);
  return true;
}

void Leader::history(const HistoryPiece& piece, MonotonicTime) {
  if (!history_ || over_) return;
  ZT_ASSERT(history_->is_awaited);
  history_->is_awaited = false;
  LearnerLink& link = *find(history_->learner);
  expect_word_within(link, config_.init_limit);
  bool is_fork = false;
  std::string& out = host_.begin_send();
  const size_t before = out.size();
  for (const HistoryPiece::Record& record : piece.records) {
    is_fork = is_fork || !send_record(out, record.zxid, record.payload);
  }
  link.unsent += out.size() - before;
  host_.end_send(link.connection);
  if (is_fork) {
    give_history_up("its last transaction is none of this leader's");
  } else if (piece.gap && !is_history_whole()) {
    give_history_up(*piece.gap);
  } else {
    ask_history();
  }
  forget_gone();
}

void Leader::finish_history() {
  LearnerLink& link = *find(history_->learner);
  std::string out;
  for (const CommittedWindow::Proposal& proposal : host_.window().proposals()) {
    if (!send_record(out, proposal.zxid, proposal.payload)) {
      return give_history_up("its last transaction is none of this leader's");
    }
  }
  if (!history_->walk.finish()) {
    return give_history_up("its last transaction is none of this leader's");
  }
  const SyncOp op = *history_->walk.op();
  if (!history_->is_opened) quorum::append_packet(out, op.type, op.zxid);
  history_.reset();
  host_.end_history();
  link.held.insert(0, out);
  finish_transfer(link);
}

void Leader::give_history_up(const std::string& why) {
  LearnerLink& link = *find(history_->learner);
  const bool is_opened = history_->is_opened;
  const Zxid last = history_->walk.last_taken().value_or(link.last);
  history_.reset();
  host_.end_history();
  if (is_opened) {
    // There is no way back from DIFF; it has made its way up to there, and comes again.
    log_gap_ = std::max(log_gap_, last);
    return drop(link, "the log cannot be used any further, " + why + "; it gets a snapshot next");
  }
  note_bounded(false, "cannot use the log for " + link.name() + ": " + why);
  link.held.clear();
  link.is_held = false;
  link.is_forwarding = false;
  link.stage = LinkStage::kPromised;
  link.deadline.reset();
  awaiting_stream_.push_back(link.connection);
  start_transfers();
}

}  // namespace zoetrope::zab
