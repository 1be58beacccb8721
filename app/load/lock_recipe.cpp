#include "app/load/lock_recipe.hpp"

#include <algorithm>

#include "app/load/frame_builder.hpp"
#include "core/jute/records.hpp"

namespace zoetrope::load {

LockRecipe::LockRecipe(Reactor& reactor, const Options& options)
    : Workload(reactor, options), locks_(options.locks), clients_(options.connections) {
  for (size_t i = 0; i < locks_.size(); ++i) {
    locks_[i].path = options.root + "/lock-" + std::to_string(i);
    locks_[i].queue_frame = create_frame(locks_[i].path + "/lock-", "", kEphemeralSequential);
    locks_[i].list_frame = read_frame(jute::OpCode::kGetChildren, locks_[i].path, false);
  }
}

void LockRecipe::prepare(Setup& setup) {
  for (const Lock& lock : locks_) setup.put(lock.path, "");
}

void LockRecipe::begin(Connection& connection, int64_t now_ns) {
  client_of(connection).queued_ns = now_ns;
  connection.append_request(lock_of(connection).queue_frame, Pending{now_ns, kQueue});
}

void LockRecipe::forget(Connection& connection) {
  client_of(connection) = Client{};
}

void LockRecipe::list(Connection& connection, int64_t now_ns) {
  client_of(connection).awaited_path.clear();
  connection.append_request(lock_of(connection).list_frame, Pending{now_ns, kList});
}

void LockRecipe::on_reply(Connection& connection, const Pending& pending, const Reply& reply,
                          int64_t now_ns) {
  if (stopping_) return;
  const bool predecessor_gone = pending.tag == kWatch && reply.error == ErrorCode::kNoNode;
  if (reply.error != ErrorCode::kOk && !predecessor_gone) {
    measurement_.error(to_string(reply.error));
    return;
  }
  switch (pending.tag) {
    case kQueue: {
      jute::Reader in(reply.body);
      const std::string_view path = in.string();
      client_of(connection).name = path.substr(path.rfind('/') + 1);
      return list(connection, now_ns);
    }
    case kList:
      return on_list(connection, reply.body, now_ns);
    case kWatch:
      // The watch may have fired before its reply only in a server that breaks the order.
      if (predecessor_gone) list(connection, now_ns);
      return;
    default:
      client_of(connection).name.clear();
      return begin(connection, now_ns);
  }
}

void LockRecipe::on_list(Connection& connection, std::string_view body, int64_t now_ns) {
  jute::Reader in(body);
  const std::vector<std::string_view> names = jute::read_strings(in);
  const std::string& own = client_of(connection).name;
  // All names have the same length, so their order is that of their numbers.
  std::string_view predecessor;
  bool has_own = false;
  for (const std::string_view name : names) {
    has_own |= name == own;
    if (name < own && name > predecessor) predecessor = name;
  }
  if (!in.ok() || !has_own) return measurement_.error("a queue without the client's own znode");
  if (predecessor.empty()) return acquire(connection, now_ns);
  std::string& awaited = client_of(connection).awaited_path;
  awaited = lock_of(connection).path + "/" + std::string(predecessor);
  connection.append_request(read_frame(jute::OpCode::kExists, awaited, true),
                            Pending{now_ns, kWatch});
}

void LockRecipe::acquire(Connection& connection, int64_t now_ns) {
  Lock& lock = lock_of(connection);
  const std::string& name = client_of(connection).name;
  if (name <= lock.last_holder)
    measurement_.error("a lock was not given in the order of its queue");
  lock.last_holder = name;
  // The hand-over began when the lock was given back, or when the client came to a free one.
  measurement_.count(now_ns - std::max(lock.released_ns, client_of(connection).queued_ns));
  lock.released_ns = now_ns;
  connection.append_request(delete_frame(lock.path + "/" + name), Pending{now_ns, kRelease});
}

void LockRecipe::on_event(Connection& connection, jute::EventType, std::string_view path,
                          int64_t now_ns) {
  if (stopping_ || path != client_of(connection).awaited_path) return;
  list(connection, now_ns);
}

}  // namespace zoetrope::load
