// One server while it leads and follows: the production roles of Zab with their epoch files, over a
// log and connections of the exploration. Who leads and whom to follow is not voted for: any server
// may come to believe anything, as often as the bounds allow, since Zab has to hold even then.
#pragma once

#include <memory>

#include "explore/node.hpp"
#include "explore/scope.hpp"

namespace zoetrope::explore {

std::unique_ptr<Node> make_role_node(const Bounds& bounds, int server);

}  // namespace zoetrope::explore
