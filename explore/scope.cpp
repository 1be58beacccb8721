#include "explore/scope.hpp"

#include <algorithm>

#include "explore/election_node.hpp"
#include "explore/role_node.hpp"

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

Scope role_scope(std::string name, std::string title, const Bounds& bounds) {
  return {.name = std::move(name),
          .title = std::move(title),
          .bounds = bounds,
          .must_lead = false,
          .uses_terms = true,
          .lanes = 2,
          .make_node = make_role_node};
}

}  // namespace

const std::vector<Scope>& scopes() {
  static const std::vector<Scope> all = {
      election_scope("election", "a leader is elected by servers with the same history",
                     equal_histories()),
      election_scope("uneven", "a leader is elected by servers with different histories",
                     uneven_histories()),
      role_scope("epoch", "leaders that nobody agreed on begin their epochs",
                 {.servers = 3, .crashes = 1, .terms = 2, .silences = 1}),
      role_scope("broadcast", "leaders write, and their followers fall behind",
                 {.servers = 3, .crashes = 1, .terms = 2, .writes = 1, .silences = 1}),
  };
  return all;
}

const Scope* find_scope(std::string_view name) {
  const auto found = std::ranges::find(scopes(), name, &Scope::name);
  return found == scopes().end() ? nullptr : &*found;
}

}  // namespace zoetrope::explore
