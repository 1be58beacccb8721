// What is explored: a small ensemble, how it begins, and the bounds within which every order of
// events is tried.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "explore/node.hpp"

namespace zoetrope::explore {

struct Bounds {
  int servers = 3;
  int crashes = 1;   // in a whole run; each may be followed by a restart
  int timeouts = 0;  // of each server, that pass although something else could still happen
  int terms = 1;     // roles that a server may take, where the scope decides who is elected
  int writes = 0;    // of each leader
  int silences = 4;  // in a row until a leader has to be there
};

struct Scope {
  std::string name;
  std::string title;  // one line for people
  Bounds bounds;
  // With elections a leader has to come of every run with a quorum.
  bool must_lead = true;
  bool uses_terms = false;  // the bounds `terms` and `writes` mean something
  int lanes = 1;
  std::function<std::unique_ptr<Node>(const Bounds&, int server)> make_node;
};

const std::vector<Scope>& scopes();
// nullptr: there is none of that name.
const Scope* find_scope(std::string_view name);

}  // namespace zoetrope::explore
