#include "net/history.hpp"

#include <utility>

#include "net/file_disk.hpp"

namespace zoetrope::net {

std::expected<storage::RecoveredState, std::string> recover_history(
    const DiskRoots& roots, const storage::RecoveryOptions& options) {
  FileDisk disk(roots);
  auto recovered = storage::recover(disk, options);
  if (!recovered) return std::unexpected(recovered.error().message);
  return *std::move(recovered);
}

std::optional<std::string> cut_history(const DiskRoots& roots, Zxid last) {
  FileDisk disk(roots);
  const auto actions = storage::truncation(disk, last);
  if (!actions) return actions.error().message;
  DiskFiles files(roots);
  for (const storage::DiskAction& action : *actions) {
    if (const auto failed = files.perform(action)) return failed->message;
  }
  return std::nullopt;
}

}  // namespace zoetrope::net
