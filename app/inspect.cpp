#include "app/inspect.hpp"

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string_view>

#include "app/inspect_files.hpp"
#include "app/subcommands.hpp"

namespace zoetrope::app {

namespace {
constexpr std::string_view kLogMagic = "ZKLG";
constexpr std::string_view kSnapshotMagic = "ZKSN";
constexpr std::string_view kGzipMagic = "\x1f\x8b";
constexpr std::string_view kSnappyMagic = "\x82SNAPPY";

int cannot(const std::string& path, std::string_view why) {
  std::fprintf(stderr, "zoetrope: %s: %.*s\n", path.c_str(), static_cast<int>(why.size()),
               why.data());
  return kExitUsage;
}

// The directory of the files: `path` itself or the version-2 in it.
std::string data_directory(const std::string& path) {
  const std::filesystem::path inner = std::filesystem::path(path) / "version-2";
  return std::filesystem::is_directory(inner) ? inner.string() : path;
}

int inspect_file(const InspectOptions& options) {
  std::ifstream stream(options.path, std::ios::binary);
  if (!stream) return cannot(options.path, "cannot be read");
  const std::string file(std::istreambuf_iterator<char>(stream), {});
  const std::string name = std::filesystem::path(options.path).filename().string();
  bool healthy = false;
  if (file.starts_with(kSnapshotMagic)) {
    healthy = inspect_snapshot(name, file, storage::Compression::kNone, options.json);
  } else if (file.starts_with(kGzipMagic)) {
    healthy = inspect_snapshot(name, file, storage::Compression::kGzip, options.json);
  } else if (file.starts_with(kSnappyMagic)) {
    healthy = inspect_snapshot(name, file, storage::Compression::kSnappy, options.json);
  } else if (file.starts_with(kLogMagic) || name.starts_with("log.")) {
    healthy = inspect_log(name, file, options.json);
  } else {
    return cannot(options.path, "neither a transaction log nor a snapshot");
  }
  return healthy ? kExitHeld : kExitViolated;
}
}  // namespace

int run_inspect(const InspectOptions& options) {
  std::error_code error;
  const auto status = std::filesystem::status(options.path, error);
  if (!std::filesystem::exists(status)) return cannot(options.path, "no such file or directory");
  if (!std::filesystem::is_directory(status)) return inspect_file(options);
  const std::string snapshots = data_directory(options.path);
  const std::string logs = options.log_path.empty() ? snapshots : data_directory(options.log_path);
  return inspect_directory(logs, snapshots, options.json) ? kExitHeld : kExitViolated;
}

}  // namespace zoetrope::app
