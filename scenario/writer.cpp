#include "scenario/writer.hpp"

#include <algorithm>

namespace zoetrope::scenario {

Parts without(const Parts& parts, const Parts& defaults) {
  Parts rest;
  for (const auto& part : parts) {
    if (std::ranges::find(defaults, part) == defaults.end()) rest.push_back(part);
  }
  return rest;
}

std::string joined(const Parts& parts, std::string_view between) {
  std::string text;
  for (const auto& [name, value] : parts) {
    if (!text.empty()) text += between;
    text += key(name) + " = " + value;
  }
  return text;
}

}  // namespace zoetrope::scenario
