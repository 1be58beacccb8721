// The lock recipe, in full: each client of the fleet takes its lock by an ephemeral sequential
// znode, waits for its predecessor to go, holds the lock for no time and gives it back. Clients are
// shared out evenly over the locks. Owns each client's place in the recipe; counts acquisitions,
// and one out of the order of the queue as an error. (facts/recipes-and-semantics.md section 6)
#pragma once

#include "app/load/workload.hpp"

namespace zoetrope::load {

class LockRecipe : public Workload {
 public:
  LockRecipe(Reactor& reactor, const Options& options);
  void prepare(Setup& setup) override;

 protected:
  void begin(Connection& connection, int64_t now_ns) override;
  void forget(Connection& connection) override;
  void on_reply(Connection& connection, const Pending& pending, const Reply& reply,
                int64_t now_ns) override;
  void on_event(Connection& connection, jute::EventType type, std::string_view path,
                int64_t now_ns) override;

 private:
  enum Step : uint32_t { kQueue, kList, kWatch, kRelease };
  struct Client {
    std::string name;          // of its znode, without the path; empty while it has none
    std::string awaited_path;  // the predecessor that is watched
    int64_t queued_ns = 0;
  };
  struct Lock {
    std::string path;
    std::string queue_frame;
    std::string list_frame;
    std::string last_holder;  // the name of its znode
    int64_t released_ns = 0;
  };

  Lock& lock_of(const Connection& connection) { return locks_[connection.index() % locks_.size()]; }
  Client& client_of(const Connection& connection) { return clients_[connection.index()]; }
  void list(Connection& connection, int64_t now_ns);
  void on_list(Connection& connection, std::string_view body, int64_t now_ns);
  void acquire(Connection& connection, int64_t now_ns);

  std::vector<Lock> locks_;
  std::vector<Client> clients_;
};

}  // namespace zoetrope::load
