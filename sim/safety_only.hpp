// What is still judged of a world in which a disk has lost what the others do not make up for:
// acknowledged writes may be gone and service may not return, but damaged data must be refused and
// never served. Plain functions over what a run has left.
#pragma once

#include <string_view>
#include <vector>

#include "properties/history.hpp"
#include "properties/property.hpp"

namespace zoetrope::sim {

// Whether a lost disk excuses that this property is broken.
bool is_excused_by_lost_disks(std::string_view property);

// Data that some client was given and that none ever sent: "no_foreign_data_is_served".
std::vector<properties::Violation> foreign_data(const properties::History& history);

}  // namespace zoetrope::sim
