// The table of all workloads.
#include "app/load/idle_sessions.hpp"
#include "app/load/lock_recipe.hpp"
#include "app/load/operation_stream.hpp"
#include "app/load/session_churn.hpp"
#include "app/load/watch_fan_out.hpp"
#include "app/load/workload.hpp"

namespace zoetrope::load {
namespace {

template <MakeOperation make>
std::unique_ptr<Workload> stream(Reactor& reactor, const Options& options) {
  return std::make_unique<OperationStream>(reactor, options, make(options));
}

template <class Kind>
std::unique_ptr<Workload> one(Reactor& reactor, const Options& options) {
  return std::make_unique<Kind>(reactor, options);
}

}  // namespace

const std::vector<WorkloadKind>& workload_kinds() {
  static const std::vector<WorkloadKind> kKinds = {
      {"get", "read the data of random keys", stream<make_get>},
      {"exists", "read the Stat of random keys", stream<make_exists>},
      {"set", "write the data of random keys", stream<make_set>},
      {"mixed", "reads (--reads per cent) and writes of random keys", stream<make_mixed>},
      {"multi", "multi of --multi-size sets", stream<make_multi>},
      {"sync", "sync with the leader", stream<make_sync>},
      {"create", "create new znodes", stream<make_create>},
      {"create-delete", "create a znode, delete it, and so on", stream<make_create_delete>},
      {"fill", "create --count znodes as fast as can be, --multi-size in one multi; memory a znode",
       stream<make_fill>, true, true},
      {"session", "open a client session and close it again", one<SessionChurn>, false},
      {"lock", "the lock recipe: clients that wait for --locks locks", one<LockRecipe>, false},
      {"watch", "change a znode that every connection watches; latency of the last notification",
       one<WatchFanOut>, false},
      {"idle", "sessions that only ping: memory a session, CPU a ping (with --pids)",
       one<IdleSessions>, false},
  };
  return kKinds;
}

const WorkloadKind* find_workload(std::string_view name) {
  for (const WorkloadKind& kind : workload_kinds()) {
    if (kind.name == name) return &kind;
  }
  return nullptr;
}

}  // namespace zoetrope::load
