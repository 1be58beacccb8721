#include "core/storage/replay.hpp"

#include <utility>

#include "core/base/assert.hpp"

namespace zoetrope::storage {

namespace {
constexpr int32_t kDigestVersion = 2;

// True when `next` may follow `last` without anything missing: the next number, or the first of a
// later epoch.
bool follows(Zxid last, Zxid next) {
  if (next == last.next()) return true;
  return next.epoch() > last.epoch() && next.counter() <= 1;
}

std::string text(Zxid zxid) {
  return "0x" + zxid_hex(zxid);
}
}  // namespace

Replay::Replay(Snapshot start, Zxid zxid, const RecoveryOptions& options)
    : tree_(std::move(start.tree)),
      sessions_(start.sessions.begin(), start.sessions.end()),
      newest_count_max_(options.newest_count),
      newest_bytes_max_(options.newest_bytes),
      last_(zxid),
      digest_enabled_(options.tree.digest_enabled) {
  check_start(start);
}

// The digest of section 7 belongs to the end of a fuzzy snapshot, so it can be compared at once
// only when no transaction came while it was written. An older one is void (upstream
// deserializeZxidDigest).
void Replay::check_start(const Snapshot& start) {
  if (!digest_enabled_ || !start.digest || start.digest->first.value <= 0) return;
  const auto [zxid, digest] = *start.digest;
  if (zxid > last_) fuzzy_until_ = zxid;
  if (zxid != last_ || digest == tree_.digest()) return;
  ++digest_mismatches_;
  notes_.push_back("the tree digest of the snapshot differs from its content");
}

void Replay::begin_file(const std::string& file) {
  file_ = file;
  at_seam_ = true;
}

std::optional<std::string> Replay::add(const LogRecord& record) {
  const Zxid zxid = record.header.zxid;
  if (previous_ && zxid < *previous_) {
    return "transaction " + text(zxid) + " stands after " + text(*previous_);
  }
  const bool repeated = previous_ == zxid;
  previous_ = zxid;
  if (repeated && zxid == last_ && applied_ != 0) {
    notes_.push_back(file_ + ": transaction " + text(zxid) + " is there twice");
  }
  if (zxid <= last_) return std::nullopt;
  auto txn = jute::decode_txn(record.payload);
  if (!txn) return "transaction " + text(zxid) + " cannot be decoded: " + txn.error().what;
  note_jump(zxid);
  keep(record);
  tree_.replay(*txn);
  track_session(*txn);
  last_ = zxid;
  ++applied_;
  return check_digest(*txn);
}

void Replay::note_jump(Zxid zxid) {
  if (at_seam_ && !follows(last_, zxid) && !jump_) jump_ = Jump{last_, zxid, file_};
  at_seam_ = false;
}

void Replay::keep(const LogRecord& record) {
  const Zxid zxid = record.header.zxid;
  // Whoever sends them to others must not leave one out (ZOOKEEPER-2418).
  if (!follows(last_, zxid)) {
    newest_.clear();
    newest_bytes_ = 0;
  }
  if (newest_count_max_ == 0) return;
  newest_.push_back({zxid, std::string(record.payload)});
  newest_bytes_ += record.payload.size();
  while (newest_.size() > newest_count_max_ || newest_bytes_ > newest_bytes_max_) {
    newest_bytes_ -= newest_.front().payload.size();
    newest_.pop_front();
  }
}

void Replay::track_session(const jute::Txn& txn) {
  if (const auto* created = std::get_if<jute::CreateSessionTxn>(&txn.body)) {
    sessions_[txn.header.client_id] = created->timeout_ms;
  }
  if (std::holds_alternative<jute::CloseSessionTxn>(txn.body)) {
    sessions_.erase(txn.header.client_id);
  }
}

std::optional<std::string> Replay::check_digest(const jute::Txn& txn) {
  if (!digest_enabled_ || !txn.digest || txn.digest->version != kDigestVersion) return std::nullopt;
  if (txn.header.zxid < fuzzy_until_) return std::nullopt;
  if (txn.digest->tree_digest == tree_.digest()) {
    jump_.reset();
    return std::nullopt;
  }
  // A difference that was there before the jump says nothing about the jump.
  if (jump_ && digest_mismatches_ == 0) return finish();
  if (++digest_mismatches_ == 1) {
    notes_.push_back(file_ + ": the tree digest of transaction " + text(txn.header.zxid) +
                     " differs from the replayed tree");
  }
  return std::nullopt;
}

std::optional<std::string> Replay::finish() {
  if (!jump_) {
    if (last_ < fuzzy_until_) {
      notes_.push_back("the logs end at " + text(last_) + ", before " + text(fuzzy_until_) +
                       ", up to which the snapshot holds parts of transactions");
    }
    return std::nullopt;
  }
  return "transactions are missing between " + text(jump_->from) + " and " + text(jump_->to) +
         ", the first of " + jump_->file;
}

}  // namespace zoetrope::storage
