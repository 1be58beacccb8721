// The data directories of one server, made ready and locked: created when missing, checked for
// files in the wrong place, and held against a second server. Owns the locks as long as it lives.
#pragma once

#include <expected>
#include <string>
#include <vector>

#include "net/disk_files.hpp"
#include "net/unique_fd.hpp"
#include "net/zoo_config.hpp"

namespace zoetrope::net {

class DataDirectory {
 public:
  // Errors are one line that names the directory and what to do.
  static std::expected<DataDirectory, std::string> open(const ServerConfig& config);

  const DiskRoots& roots() const { return roots_; }
  // <dataLogDir>/initialize was there (and is now removed): an empty database may be created
  // although db.autocreate is off. Upstream: FileTxnSnapLog.
  bool had_initialize_file() const { return had_initialize_file_; }

 private:
  DiskRoots roots_;
  std::vector<UniqueFd> locks_;
  bool had_initialize_file_ = false;
};

}  // namespace zoetrope::net
