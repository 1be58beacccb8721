#include <algorithm>
#include <set>

#include "core/storage/recovery.hpp"
#include "core/storage/snapshot.hpp"
#include "core/storage/transaction_log.hpp"

namespace zoetrope::storage {

namespace {
// Zxid of the oldest snapshot that is kept; nullopt when there are too few valid ones.
std::optional<Zxid> oldest_kept(const std::vector<std::string>& valid, size_t retain) {
  std::set<Zxid> zxids;
  for (const std::string& name : valid) {
    if (const auto parsed = parse_snapshot_name(name)) zxids.insert(parsed->zxid);
  }
  if (retain == 0 || zxids.size() < retain) return std::nullopt;
  return *std::prev(zxids.end(), static_cast<std::ptrdiff_t>(retain));
}
}  // namespace

std::vector<FileName> files_to_purge(const std::vector<std::string>& snapshots,
                                     const std::vector<std::string>& valid,
                                     const std::vector<std::string>& logs, size_t retain) {
  std::vector<FileName> purged;
  const auto oldest = oldest_kept(valid, retain);
  if (!oldest) return purged;
  for (const std::string& name : snapshots) {
    const auto parsed = parse_snapshot_name(name);
    if (parsed && parsed->zxid < *oldest) purged.push_back({Folder::kSnapshot, name});
  }
  // The newest log that starts at or before the oldest kept snapshot may hold records after it.
  std::optional<Zxid> spanning;
  for (const std::string& name : logs) {
    const auto first = zxid_of_log_name(name);
    if (first && *first <= *oldest && (!spanning || *first > *spanning)) spanning = first;
  }
  for (const std::string& name : logs) {
    const auto first = zxid_of_log_name(name);
    if (first && spanning && *first < *spanning) purged.push_back({Folder::kLog, name});
  }
  std::sort(purged.begin(), purged.end());
  return purged;
}

}  // namespace zoetrope::storage
