// The history that a server has on its disk: read into a state at start and again when the engine
// asks for it, and cut when a leader knows less of it. Owns nothing; no descriptor outlives a call.
#pragma once

#include <expected>
#include <optional>
#include <string>

#include "core/base/ids.hpp"
#include "core/storage/recovery.hpp"
#include "net/disk_files.hpp"

namespace zoetrope::net {

// The error is one line that names the file.
std::expected<storage::RecoveredState, std::string> recover_history(
    const DiskRoots& roots, const storage::RecoveryOptions& options);

// Leaves nothing behind `last`, durably; the text is one line that says what failed.
std::optional<std::string> cut_history(const DiskRoots& roots, Zxid last);

}  // namespace zoetrope::net
