// Values as words, both ways: durations, targets, ACLs, names of enumerations. Pure functions.
#pragma once

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/time.hpp"
#include "properties/history.hpp"
#include "sim/step.hpp"

namespace zoetrope::scenario {

// "1.5s", "20ms", "300us", "7ns", "2min", "1h"; nothing is lost.
std::string to_words(Duration duration);
std::optional<Duration> duration_of(std::string_view words);

// "leader", "leader, else 2", "follower 2", "any follower", "minority", "region eu" ...; single
// servers and sets of them have no words.
std::string to_words(const sim::Target& target);
std::optional<sim::Target> target_of(std::string_view words);
inline constexpr std::string_view kTargetForms =
    "a server's id, a list of ids, \"leader\", \"leader, else ID\", \"follower\", \"follower N\", "
    "\"observer\", \"observer N\", \"any server\", \"any follower\", \"all\", \"minority\", "
    "\"minority with the leader\", \"majority\" or \"region NAME\"";

// "world:anyone:cdrwa".
std::string to_words(const properties::AclEntry& entry);
std::optional<properties::AclEntry> acl_entry_of(std::string_view words);

// A TOML string.
std::string quoted(std::string_view text);
// A key, quoted where it has to be.
std::string key(std::string_view name);

// The place of a name in a list of them.
template <typename Names>
std::optional<size_t> place_of(const Names& names, std::string_view name) {
  const auto it = std::ranges::find(names, name);
  if (it == std::end(names)) return std::nullopt;
  return static_cast<size_t>(it - std::begin(names));
}
template <typename Names>
std::string listed(const Names& names) {
  std::string list;
  for (const auto& name : names) list += (list.empty() ? "" : ", ") + std::string(name);
  return list;
}

}  // namespace zoetrope::scenario
