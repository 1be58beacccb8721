// One server while leaders are elected: the production election, and around it what peer and
// connections do for it. Who has been elected leads or follows without a message; its discovery is
// left to time, and found out about when everything is silent.
#pragma once

#include <memory>
#include <vector>

#include "core/zab/election.hpp"
#include "explore/node.hpp"
#include "explore/scope.hpp"

namespace zoetrope::explore {

// What each server has on its disk at the beginning.
using Candidates = std::vector<zab::Candidacy>;

std::unique_ptr<Node> make_election_node(const Bounds& bounds, const Candidates& candidates,
                                         int server);

}  // namespace zoetrope::explore
