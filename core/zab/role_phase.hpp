// How far a server has come with its leader or its followers: the three phases of Zab after an
// election. A name, owned by nobody.
#pragma once

#include <cstdint>

namespace zoetrope::zab {

enum class RolePhase : uint8_t {
  kDiscovery,        // until the epoch is promised by a quorum; of a learner: by itself
  kSynchronisation,  // until NEWLEADER is acknowledged by a quorum; of a learner: until UPTODATE
  kBroadcast,
};

}  // namespace zoetrope::zab
