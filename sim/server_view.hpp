// What a server of the world is like at one moment, as a person looks at it, and how two of them
// differ. Plain values, taken from a world that stands still.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "properties/history.hpp"
#include "sim/world.hpp"

namespace zoetrope::sim {

struct ServerView {
  std::string name;
  // "epoch": "2" ...; the same names in the same order for every server that runs.
  std::vector<std::pair<std::string, std::string>> facts;
  std::vector<std::pair<std::string, std::string>> files;     // and what is in each
  std::vector<std::pair<std::string, std::string>> sessions;  // and their time-outs
  std::vector<properties::FinalNode> nodes;                   // ascending by path
};

ServerView view_of(const World& world, size_t server);
// All but the znodes, of which it gives the number.
std::string to_text(const ServerView& view);
// What differs, line by line; empty: nothing.
std::string compare(const ServerView& a, const ServerView& b);

}  // namespace zoetrope::sim
