#include "explore/scope.hpp"

#include <algorithm>

#include "explore/election_node.hpp"

namespace zoetrope::explore {

namespace {

Candidates equal_histories() {
  return Candidates(kServersMax, {.last_logged = Zxid::make(1, 1), .current_epoch = 1});
}

// The newest history is the first server's: neither its id nor its epoch alone makes it win.
Candidates uneven_histories() {
  return {{.last_logged = Zxid::make(1, 2), .current_epoch = 1},
          {.last_logged = Zxid::make(1, 1), .current_epoch = 1},
          {.last_logged = Zxid::make(0, 9), .current_epoch = 0},
          {.last_logged = Zxid::make(1, 1), .current_epoch = 1}};
}

Scope election_scope(std::string name, std::string title, const Candidates& candidates) {
  return {.name = std::move(name),
          .title = std::move(title),
          .bounds = {},
          .make_node = [candidates](const Bounds& bounds, int server) {
            return make_election_node(bounds, candidates, server);
          }};
}

}  // namespace

const std::vector<Scope>& scopes() {
  static const std::vector<Scope> all = {
      election_scope("election", "a leader is elected by servers with the same history",
                     equal_histories()),
      election_scope("uneven", "a leader is elected by servers with different histories",
                     uneven_histories()),
  };
  return all;
}

const Scope* find_scope(std::string_view name) {
  const auto found = std::ranges::find(scopes(), name, &Scope::name);
  return found == scopes().end() ? nullptr : &*found;
}

}  // namespace zoetrope::explore
