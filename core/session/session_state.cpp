// What a session tracker is made of, for a copy of a running server.
#include "core/base/state_archive.hpp"
#include "core/session/session_tracker.hpp"

namespace zoetrope::session {

void SessionTracker::carry_state(StateArchive& archive) {
  archive(tick_ms_, first_id_, next_id_, sessions_, buckets_, closed_, closed_count_);
}

}  // namespace zoetrope::session
