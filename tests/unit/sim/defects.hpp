// Servers with one planted defect each, for tests of whether the simulator's campaign catches them.
// Every factory wraps the real server or its disk; nothing of the product is changed.
#pragma once

#include "sim/engine.hpp"

namespace zoetrope::sim::defects {

// Reports a log sync to the server as done when it is issued, so that it answers too early.
EngineFactory answers_before_the_sync();
// Every fifth watch event is not sent, or sent twice.
EngineFactory drops_watch_events();
EngineFactory doubles_watch_events();
// Creates ephemerals as persistent znodes, so that the end of a session does not delete them.
EngineFactory keeps_ephemerals();
// Two replies that go out together change places.
EngineFactory reorders_replies();
// Every tenth reply shows the zxid of the first transaction.
EngineFactory shows_old_zxids();
// Recovery overlooks the newest record of the log, and its zxid is given again.
EngineFactory reuses_a_zxid();
// Recovery takes every end of a session in the log for that of another session.
EngineFactory forgets_session_ends();
// The server's monotonic clock runs `numerator`/`denominator` times as fast as the world's.
EngineFactory keeps_another_time(int64_t numerator, int64_t denominator);
// Server 2 logs and applies other data than its leader proposed.
EngineFactory forges_proposals();
// Server 2 says that it leads the first epoch, whoever does.
EngineFactory claims_an_epoch();
// Recovery syncs the log instead of writing its end again.
EngineFactory trusts_the_page_cache();

}  // namespace zoetrope::sim::defects
