// The configuration that a transaction brings, if it is a reconfiguration (type 16, which sets
// /zookeeper/config). Values.
#pragma once

#include <optional>
#include <string_view>

#include "core/quorum/ensemble.hpp"

namespace zoetrope::zab {

// `payload` is a whole transaction of this server's own log. Cheap for all other transactions.
std::optional<quorum::Ensemble> reconfiguration_in(std::string_view payload);

}  // namespace zoetrope::zab
