// All that a member of an ensemble has to know of its part in it (facts/config-keys.md). Values.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "core/quorum/ensemble.hpp"
#include "core/zab/config_files.hpp"
#include "core/zab/election.hpp"
#include "core/zab/election_links.hpp"
#include "core/zab/role_config.hpp"

namespace zoetrope::zab {

enum class ElectionAlgorithm : uint8_t { kBasic = 0, kFast = 3 };

struct PeerConfig {
  RoleConfig role;
  ElectionAlgorithm algorithm = ElectionAlgorithm::kFast;
  ElectionConfig election;
  ElectionLinksConfig links;
  quorum::Ensemble ensemble;
  // Proposed before the last stop, as the files say.
  std::optional<quorum::Ensemble> last_seen;
  ConfigFileNames files;
  bool standalone_enabled = true;  // a reconfiguration leaves two participants or more
  size_t commit_log_count = 500;   // commitLogCount: proposals of the committed window
};

// Operations of the epoch files carry numbers from here on, far above those of the store.
inline constexpr uint64_t kFirstEpochOp = uint64_t{1} << 62;
// Dial tokens of learners count from here on, those of the election's connections from 1.
inline constexpr uint64_t kFirstLearnerToken = uint64_t{1} << 62;

}  // namespace zoetrope::zab
