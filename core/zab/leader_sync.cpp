// Synchronisation: a learner's history becomes the leader's, and NEWLEADER says that it has.
//
// What is sent as history ends where forwarding begins, in one step (ZOOKEEPER-962), and NEWLEADER
// goes behind all of it (ZOOKEEPER-3104): behind a snapshot everything that was proposed while it
// was on its way.
#include <algorithm>
#include <utility>

#include "core/base/assert.hpp"
#include "core/zab/leader.hpp"
#include "core/zab/sync_plan.hpp"

namespace zoetrope::zab {

using quorum::PacketType;

namespace {

// A snapshot goes out in pieces of about this many bytes.
constexpr size_t kPieceBytes = 64 * 1024;
constexpr Zxid kUpToDateZxid{-1};

std::string hex(Zxid zxid) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  for (auto rest = static_cast<uint64_t>(zxid.value); rest != 0 || text.empty(); rest >>= 4) {
    text.insert(text.begin(), kDigits[rest & 15]);
  }
  return "0x" + text;
}

}  // namespace

// Its log goes beyond what is applied here, by proposals of this very epoch. It is a prefix of this
// leader's, and what it has beyond may have been committed by its acknowledgements: to cut it and
// send it again, as upstream does, would take them back while others rely on them.
bool Leader::has_uncommitted_of_this_epoch(const LearnerLink& link) const {
  return phase_ == Phase::kServing && link.last > epoch_start_ && link.last > host_.last_applied();
}

void Leader::synchronise(LearnerLink& link) {
  std::string out;
  if (has_uncommitted_of_this_epoch(link)) {
    quorum::append_packet(out, PacketType::kDiff, link.last);
    link.had = link.last;
    append_unapplied(link, link.last, out);
  } else {
    const SyncSource source = append_history(link, out);
    if (source == SyncSource::kLogThenWindow) {
      awaiting_history_.push_back(link.connection);
      return start_transfers();
    }
    if (source == SyncSource::kSnapshot) {
      awaiting_stream_.push_back(link.connection);
      return start_transfers();
    }
    append_unapplied(link, host_.last_applied(), out);
  }
  append_new_leader(link, out);
  link.acked = committed_;
  link.is_forwarding = true;
  link.stage = LinkStage::kSynchronising;
  expect_word_within(link, config_.init_limit);
  begin_send(link).append(out);
  end_send(link);
  note_bounded(false, "sends " + link.name() + " what it lacks behind " + hex(link.last));
}

SyncSource Leader::append_history(const LearnerLink& link, std::string& out) const {
  const CommittedWindow& window = host_.window();
  SyncRequest request;
  request.learner_last = link.last;
  request.last_processed = host_.last_applied();
  request.force_snapshot = config_.force_snapshot;
  request.log_usable = config_.snapshot_factor_percent >= 0 && link.last > log_gap_;
  const SyncStart start = start_of_sync(request, window);
  if (start.source == SyncSource::kNone) {
    quorum::append_packet(out, start.op->type, start.op->zxid);
    return start.source;
  }
  if (start.source != SyncSource::kWindow) return start.source;
  SyncWalk walk(link.last, window.max());
  bool is_opened = false;
  const auto open = [&] {
    if (std::exchange(is_opened, true)) return;
    quorum::append_packet(out, walk.op()->type, walk.op()->zxid);
  };
  for (const CommittedWindow::Proposal& proposal : window.proposals()) {
    const SyncWalk::Verdict verdict = walk.take(proposal.zxid);
    if (verdict == SyncWalk::Verdict::kGiveUp) return SyncSource::kSnapshot;
    if (verdict == SyncWalk::Verdict::kSkip) continue;
    open();
    quorum::append_packet(out, PacketType::kProposal, proposal.zxid, proposal.payload);
    quorum::append_packet(out, PacketType::kCommit, proposal.zxid);
  }
  if (!walk.finish()) return SyncSource::kSnapshot;
  open();
  return start.source;
}

void Leader::append_unapplied(const LearnerLink& link, Zxid after, std::string& out) const {
  host_.visit_unapplied(after, [&](Zxid zxid, std::string_view payload) {
    const bool is_committed = zxid <= committed_;
    if (!is_committed && link.is_observer) return;
    quorum::append_packet(out, PacketType::kProposal, zxid, payload);
    if (is_committed) quorum::append_packet(out, PacketType::kCommit, zxid);
  });
}

// A stock learner puts the configuration of NEWLEADER in force at UPTODATE: one that is proposed
// has to be committed by then.
void Leader::append_new_leader(LearnerLink& link, std::string& out) const {
  if (pending_) link.awaits = pending_->zxid;
  quorum::append_packet(out, PacketType::kNewLeader, epoch_start_, announced().to_string());
}

void Leader::start_transfers() {
  start_streams();
  // What a learner needs may have changed while it waited.
  while (!over_ && !history_ && !awaiting_history_.empty()) {
    LearnerLink& link = *find(awaiting_history_.front());
    awaiting_history_.pop_front();
    begin_history(link);
  }
}

// One stream at a time: the host makes only one exact snapshot at once.
void Leader::start_streams() {
  if (over_ || streaming_ || awaiting_stream_.empty()) return;
  if (!host_.begin_stream()) return;  // snapshot_possible() comes
  LearnerLink& link = *find(awaiting_stream_.front());
  awaiting_stream_.pop_front();
  streaming_ = link.connection;
  const Zxid zxid = host_.last_applied();
  send(link, PacketType::kSnap, zxid);
  link.is_held = true;
  link.is_forwarding = true;
  link.stage = LinkStage::kStreaming;
  append_unapplied(link, zxid, link.held);
  note_bounded(false, "sends a snapshot of " + hex(zxid) + " to " + link.name() + ", which is at " +
                          hex(link.last));
  expect_word_within(link, config_.init_limit);
  pump();
}

// A learner that takes no piece for as long as a synchronisation may last is cut off by the tick
// (ZOOKEEPER-2201); nobody else waits for it.
void Leader::pump() {
  if (pumping_ || !streaming_ || over_) return;
  pumping_ = true;
  LearnerLink& link = *find(*streaming_);
  bool is_more = true;
  while (is_more && link.unsent < config_.stream_bytes_high) {
    std::string& out = host_.begin_send();
    const size_t before = out.size();
    is_more = host_.next_piece(out, kPieceBytes);
    link.unsent += out.size() - before;
    host_.end_send(link.connection);
    expect_word_within(link, config_.init_limit);
  }
  pumping_ = false;
  if (!is_more) {
    streaming_.reset();
    return finish_transfer(link);
  }
  host_.ask_backlog(link.connection, config_.stream_bytes_high / 2);
}

void Leader::finish_transfer(LearnerLink& link) {
  link.is_held = false;
  std::string held = std::exchange(link.held, {});
  append_new_leader(link, held);
  // Its acknowledgement of NEWLEADER stands for what is committed before it; no other comes.
  link.acked = committed_;
  link.stage = LinkStage::kSynchronising;
  link.unsent += held.size();
  link.unsent_at_renewal = link.unsent;
  begin_send(link).append(held);
  end_send(link);
  start_transfers();
}

// Who is slower than this server's clients would never come to an end.
void Leader::drop_overfull() {
  if (!std::exchange(some_overfull_, false) || over_) return;
  for (auto& [connection, link] : links_) {
    if (link.gone || link.held.size() <= config_.held_bytes_max) continue;
    drop(link, "while it is sent the history " + std::to_string(link.held.size()) +
                   " bytes of new transactions have gathered behind it");
  }
  forget_gone();
}

void Leader::snapshot_possible(MonotonicTime) {
  start_streams();
}

void Leader::backlog(ConnectionId connection, uint64_t unsent_bytes, MonotonicTime) {
  LearnerLink* link = find(connection);
  if (link == nullptr) return;
  link->unsent = unsent_bytes;
  if (link->stage == LinkStage::kStreaming) {
    history_ && history_->learner == connection ? ask_history() : pump();
  } else if (link->stage == LinkStage::kSynchronising) {
    // The rest of a snapshot is still on its way: as long as it moves, the learner has time.
    const bool moves = unsent_bytes + kPieceBytes <= link->unsent_at_renewal;
    if (moves || (unsent_bytes == 0 && link->unsent_at_renewal != 0)) {
      link->unsent_at_renewal = unsent_bytes;
      expect_word_within(*link, config_.init_limit);
    }
  }
}

// The learner has made its history durable: what it had of this epoch before it came, too.
void Leader::take_new_leader_ack(LearnerLink& link) {
  if (link.stage != LinkStage::kSynchronising) return;  // it says it again after UPTODATE
  link.stage = LinkStage::kSynced;
  link.deadline.reset();
  link.acked = std::max({link.acked, link.had, epoch_start_});
  link.watched = Zxid();
  if (phase_ == Phase::kServing) return bring_up(link);
  gather_new_leader_acks();
}

void Leader::gather_new_leader_acks() {
  if (phase_ != Phase::kSynchronising || over_ || host_.durable() < host_.last_logged()) return;
  const bool is_enough = is_quorum_with_self([this](const LearnerLink& link) {
    return link.stage >= LinkStage::kSynced && may_count(link);
  });
  if (is_enough) serve();
}

void Leader::serve() {
  const quorum::Ensemble announced_now = announced();
  phase_ = Phase::kServing;
  proposed_ = committed_ = epoch_start_;
  durable_ = host_.durable();
  host_.note(false, "leads epoch " + std::to_string(epoch_));
  activate(announced_now, designated_leader(announced_now, epoch_start_));
  host_.lead(epoch_start_);
  for (auto& [connection, link] : links_) bring_up(link);
}

// A learner whose log is ahead of what is committed has applied that much: its clients must not see
// it before it is committed.
void Leader::bring_up(LearnerLink& link) {
  if (over_ || link.gone || link.stage != LinkStage::kSynced) return;
  if (link.had > committed_ || link.awaits > committed_) return;
  send(link, PacketType::kUpToDate, kUpToDateZxid);
  link.stage = LinkStage::kUp;
  if (const auto behind = std::exchange(link.commits_held_behind, std::nullopt)) {
    send_commits(link, *behind, committed_);
  }
  link.pings_before = ping_rounds_;
  expect_word_within(link, config_.sync_limit);
  note_bounded(false, link.name() + " is up to date");
}

}  // namespace zoetrope::zab
