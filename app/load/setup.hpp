// Makes and removes the znodes of a workload, over one connection of its own, before and after the
// measurement. Owns nothing but its window of requests; never measured.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "app/load/reactor.hpp"

namespace zoetrope::load {

// Every function throws LoadError when the server cannot be reached or answers by an error.
class Setup : private ConnectionListener {
 public:
  explicit Setup(Reactor& reactor) : reactor_(reactor) {}

  // Opens the session; tries the servers in turn for a while.
  void connect();
  // The same again when the connection was lost meanwhile.
  void reconnect();
  // Creates a znode; one that is there already gets the data.
  void put(const std::string& path, std::string_view data);
  // Deletes a node and everything below it; nothing happens when it is not there.
  void remove_tree(const std::string& path);
  // Waits until everything has been answered.
  void finish();
  // Closes the session.
  void close();

 private:
  enum Tag : uint32_t { kCreate, kSet, kDelete, kList, kMulti };

  void on_ready(Connection&, int64_t) override {}
  void on_reply(Connection&, const Pending& pending, const Reply& reply, int64_t now_ns) override;
  void on_closed(Connection&, std::string_view why, int64_t now_ns) override;
  void await_session();
  void send(std::string_view frame, Tag tag);
  void wait_until_outstanding_at_most(size_t count);
  void on_list(const Reply& reply);
  void on_multi(const Reply& reply);
  void delete_all(const std::vector<std::string>& paths);

  Reactor& reactor_;
  Connection* connection_ = nullptr;
  std::string lost_;                  // why the connection ended
  std::string refused_;               // the first error reply that was not expected
  std::vector<std::string> to_list_;  // nodes whose children were asked for, in order
  size_t listed_ = 0;
};

}  // namespace zoetrope::load
