// Client sessions of the server that tracks them: ids, passwords, time-outs and their expiry in
// buckets of one tick (upstream SessionTrackerImpl, ExpiryQueue; facts/client-protocol.md sections
// 4 and 15). Owns the table; closes nothing by itself, only tells what has expired.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <boost/unordered/unordered_flat_map.hpp>

#include "core/base/error.hpp"
#include "core/base/ids.hpp"
#include "core/base/time.hpp"

namespace zoetrope {
class StateArchive;
}

namespace zoetrope::session {

using Password = std::array<char, 16>;

// The password of a session id: 16 bytes that java.util.Random gives for it.
Password password_of(SessionId id);
// False for session id 0 and for any other length than 16 bytes.
bool password_matches(SessionId id, std::string_view password);
// First id of a tracker that starts at `wall`; upstream's initializeNextSessionId.
SessionId first_session_id(WallTime wall, ServerId server);

class SessionTracker {
 public:
  // tick_ms > 0: width of an expiry bucket.
  SessionTracker(int64_t tick_ms, SessionId next_id);

  // A fresh id; never one that the table knows.
  SessionId allocate();
  // Whether allocate() has given it.
  bool has_made(SessionId id) const { return id >= first_id_ && id < next_id_; }
  // Adds a session, or takes the new time-out if it is known; starts its timer at `now`.
  void add(SessionId id, int32_t timeout_ms, MonotonicTime now);
  // A session whose createSession is prepared and not yet applied: it may write from now on (what
  // was asked for behind its upgrade), and list() tells of it once it is confirmed. Harmless when
  // it is known.
  void add_pending(SessionId id, int32_t timeout_ms, ConnectionId owner, MonotonicTime now);
  void confirm(SessionId id);
  void remove(SessionId id);
  // Restarts the timer; false when the session is unknown or closing.
  bool touch(SessionId id, MonotonicTime now);
  bool contains(SessionId id) const;
  // A session whose close is prepared: its requests are refused from now on (KB-15).
  void set_closing(SessionId id);
  bool is_closing(SessionId id) const;
  bool is_pending(SessionId id) const;
  std::optional<int32_t> timeout_ms(SessionId id) const;

  // Which connection may write for the session; 0 when none (a session that moved).
  void set_owner(SessionId id, ConnectionId owner);
  std::optional<ConnectionId> owner(SessionId id) const;
  // Whether a request that came by `origin` may act for the session: kOk, kSessionExpired (unknown
  // or closing) or kSessionMoved (another connection owns it).
  ErrorCode check(SessionId id, ConnectionId origin) const;

  // When the next bucket expires.
  std::optional<MonotonicTime> next_expiry() const;
  // Sessions whose bucket lies before `now`, marked closing, ascending within a bucket; each is
  // told once.
  std::vector<SessionId> take_expired(MonotonicTime now);

  // Local sessions are enabled: `own` has this server's, which outlives this table, and an id that
  // nobody here knows is taken for a local session of another server, unless it is of `self`'s
  // making or was closed here a short while ago (upstream LeaderSessionTracker.checkSession, which
  // lets the requests of a session that was closed meanwhile pass).
  void accept_local(ServerId self, const SessionTracker& own);

  // Every timer begins anew at `now`, nobody owns a session and none is closing: a server begins to
  // decide about sessions that others decided about before.
  void restart(MonotonicTime now);
  // Forgets all sessions; ids go on from where they were.
  void clear();

  size_t size() const { return sessions_.size(); }
  // (id, time-out in ms), ascending by id; none that are pending.
  std::vector<std::pair<SessionId, int32_t>> list() const;
  // Bucket time in ms -> sessions, ascending; for the `dump` command.
  std::map<int64_t, std::vector<SessionId>> buckets() const;
  uint64_t fingerprint() const;
  void carry_state(StateArchive& archive);

 private:
  struct Session {
    int32_t timeout_ms = 0;
    bool closing = false;
    bool pending = false;
    int64_t bucket_ms = 0;
    ConnectionId owner;
  };

  int64_t bucket_of(MonotonicTime now, int32_t timeout_ms) const;
  void place(SessionId id, Session& session, MonotonicTime now);
  ErrorCode check_local(SessionId id, ConnectionId origin) const;
  void remember_closed(SessionId id);

  int64_t tick_ms_;
  SessionId first_id_;
  SessionId next_id_;
  boost::unordered_flat_map<SessionId, Session, IdHash> sessions_;
  // A session leaves its bucket lazily: an entry counts only while the session's bucket_ms says so.
  std::map<int64_t, std::vector<SessionId>> buckets_;
  const SessionTracker* own_locals_ = nullptr;  // none: local sessions are not enabled
  ServerId self_;
  // Of the last that were removed, while local sessions are enabled.
  std::deque<SessionId> closed_;
  boost::unordered_flat_map<SessionId, uint32_t, IdHash> closed_count_;
};

}  // namespace zoetrope::session
