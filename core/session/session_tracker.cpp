#include "core/session/session_tracker.hpp"

#include <algorithm>

#include "core/base/assert.hpp"
#include "core/base/hash.hpp"

namespace zoetrope::session {

namespace {

// Closed sessions that are told from others' local ones. What a learner forwarded before it knew of
// the close has come long before so many more are closed.
constexpr size_t kClosedMax = 10'000;

}  // namespace

SessionTracker::SessionTracker(int64_t tick_ms, SessionId next_id)
    : tick_ms_(tick_ms), first_id_(next_id), next_id_(next_id) {
  ZT_ASSERT(tick_ms > 0);
}

SessionId SessionTracker::allocate() {
  // A wall clock that stepped back over a restart must not hand out an id that is still in use.
  while (next_id_.value == 0 || sessions_.contains(next_id_)) ++next_id_.value;
  return SessionId(next_id_.value++);
}

int64_t SessionTracker::bucket_of(MonotonicTime now, int32_t timeout_ms) const {
  return ((now.ms() + timeout_ms) / tick_ms_ + 1) * tick_ms_;
}

void SessionTracker::place(SessionId id, Session& session, MonotonicTime now) {
  const int64_t bucket = bucket_of(now, session.timeout_ms);
  if (bucket == session.bucket_ms) return;
  session.bucket_ms = bucket;
  buckets_[bucket].push_back(id);
}

void SessionTracker::add(SessionId id, int32_t timeout_ms, MonotonicTime now) {
  ZT_ASSERT(id.value != 0);
  Session& session = sessions_[id];
  session.timeout_ms = timeout_ms;
  place(id, session, now);
}

void SessionTracker::confirm(SessionId id) {
  if (const auto it = sessions_.find(id); it != sessions_.end()) it->second.pending = false;
}

void SessionTracker::add_pending(SessionId id, int32_t timeout_ms, ConnectionId owner,
                                 MonotonicTime now) {
  if (sessions_.contains(id)) return;
  add(id, timeout_ms, now);
  sessions_[id].pending = true;
  sessions_[id].owner = owner;
}

void SessionTracker::remove(SessionId id) {
  if (sessions_.erase(id) != 0 && own_locals_ != nullptr) remember_closed(id);
}

void SessionTracker::remember_closed(SessionId id) {
  closed_.push_back(id);
  ++closed_count_[id];
  if (closed_.size() <= kClosedMax) return;
  const auto oldest = closed_count_.find(closed_.front());
  if (--oldest->second == 0) closed_count_.erase(oldest);
  closed_.pop_front();
}

bool SessionTracker::touch(SessionId id, MonotonicTime now) {
  const auto it = sessions_.find(id);
  if (it == sessions_.end() || it->second.closing) return false;
  place(id, it->second, now);
  return true;
}

bool SessionTracker::contains(SessionId id) const {
  return sessions_.contains(id);
}

void SessionTracker::set_closing(SessionId id) {
  const auto it = sessions_.find(id);
  if (it != sessions_.end()) it->second.closing = true;
}

bool SessionTracker::is_closing(SessionId id) const {
  const auto it = sessions_.find(id);
  return it != sessions_.end() && it->second.closing;
}

bool SessionTracker::is_pending(SessionId id) const {
  const auto it = sessions_.find(id);
  return it != sessions_.end() && it->second.pending;
}

std::optional<int32_t> SessionTracker::timeout_ms(SessionId id) const {
  const auto it = sessions_.find(id);
  if (it == sessions_.end()) return std::nullopt;
  return it->second.timeout_ms;
}

void SessionTracker::set_owner(SessionId id, ConnectionId owner) {
  const auto it = sessions_.find(id);
  if (it != sessions_.end()) it->second.owner = owner;
}

std::optional<ConnectionId> SessionTracker::owner(SessionId id) const {
  const auto it = sessions_.find(id);
  if (it == sessions_.end()) return std::nullopt;
  return it->second.owner;
}

ErrorCode SessionTracker::check(SessionId id, ConnectionId origin) const {
  const auto it = sessions_.find(id);
  if (it == sessions_.end() && own_locals_ != nullptr) return check_local(id, origin);
  if (it == sessions_.end() || it->second.closing) return ErrorCode::kSessionExpired;
  const ConnectionId owner = it->second.owner;
  return owner.value != 0 && owner != origin ? ErrorCode::kSessionMoved : ErrorCode::kOk;
}

ErrorCode SessionTracker::check_local(SessionId id, ConnectionId origin) const {
  if (own_locals_->contains(id)) return own_locals_->check(id, origin);
  const bool is_own = id.value >> 56 == self_.value;
  return is_own || closed_count_.contains(id) ? ErrorCode::kSessionExpired : ErrorCode::kOk;
}

void SessionTracker::accept_local(ServerId self, const SessionTracker& own) {
  self_ = self;
  own_locals_ = &own;
}

std::optional<MonotonicTime> SessionTracker::next_expiry() const {
  if (buckets_.empty()) return std::nullopt;
  return MonotonicTime::from_ms(buckets_.begin()->first);
}

std::vector<SessionId> SessionTracker::take_expired(MonotonicTime now) {
  std::vector<SessionId> expired;
  while (!buckets_.empty() && buckets_.begin()->first <= now.ms()) {
    const int64_t bucket = buckets_.begin()->first;
    std::vector<SessionId> ids = std::move(buckets_.begin()->second);
    buckets_.erase(buckets_.begin());
    std::sort(ids.begin(), ids.end());
    for (SessionId id : ids) {
      const auto it = sessions_.find(id);
      // Entries of sessions that were touched, removed or are closing already are stale.
      if (it == sessions_.end() || it->second.bucket_ms != bucket || it->second.closing) continue;
      it->second.closing = true;
      expired.push_back(id);
    }
  }
  return expired;
}

void SessionTracker::restart(MonotonicTime now) {
  buckets_.clear();
  const auto open = list();
  sessions_.clear();
  for (const auto& [id, timeout_ms] : open) {
    Session& session = sessions_[id];
    session.timeout_ms = timeout_ms;
    place(id, session, now);
  }
}

void SessionTracker::clear() {
  sessions_.clear();
  buckets_.clear();
  closed_.clear();
  closed_count_.clear();
}

std::vector<std::pair<SessionId, int32_t>> SessionTracker::list() const {
  std::vector<std::pair<SessionId, int32_t>> all;
  all.reserve(sessions_.size());
  for (const auto& [id, session] : sessions_) {
    if (!session.pending) all.emplace_back(id, session.timeout_ms);
  }
  std::sort(all.begin(), all.end());
  return all;
}

std::map<int64_t, std::vector<SessionId>> SessionTracker::buckets() const {
  std::map<int64_t, std::vector<SessionId>> result;
  for (const auto& [id, session] : sessions_) result[session.bucket_ms].push_back(id);
  for (auto& [bucket, ids] : result) std::sort(ids.begin(), ids.end());
  return result;
}

uint64_t SessionTracker::fingerprint() const {
  RunningHash hash;
  hash.add(static_cast<uint64_t>(next_id_.value));
  for (const auto& [id, timeout] : list()) {
    const Session& session = sessions_.at(id);
    hash.add(static_cast<uint64_t>(id.value));
    hash.add(static_cast<uint64_t>(timeout));
    hash.add(static_cast<uint64_t>(session.bucket_ms));
    hash.add(uint64_t{session.closing});
    hash.add(session.owner.value);
  }
  if (own_locals_ != nullptr) {
    hash.add(uint64_t{sessions_.size()});
    for (const SessionId id : closed_) hash.add(static_cast<uint64_t>(id.value));
  }
  return hash.value();
}

}  // namespace zoetrope::session
