// Random operations of one simulated client over a small tree, so that clients meet on the same
// znodes. Owns its generator and a short memory of names that the server made up.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "core/base/random.hpp"
#include "properties/history.hpp"

namespace zoetrope::sim {

struct WorkloadConfig {
  uint64_t names = 5;  // per level
  uint64_t write_percent = 55;
  uint64_t watch_percent = 25;  // of the reads that may leave one
  uint64_t multi_percent = 8;
  uint64_t large_data_one_in = 60;
  uint64_t data_bytes_max = 6000;
  bool acls = true;
  bool ttls = true;
  // An operator's: nothing but reconfigurations, which give these servers roles and take them away.
  std::vector<ServerId> members;
};

class Workload {
 public:
  Workload(WorkloadConfig config, Random random) : config_(config), random_(random) {}

  // Fills the arguments (and parts) of an operation that is otherwise fresh. `label` makes the data
  // that it writes unique.
  void fill(properties::Operation& operation, const std::string& label);
  // What the clients read at the end of a run.
  void fill_final_read(properties::Operation& operation, uint64_t number);
  // The server made up a name: later operations may use it.
  void remember(const std::string& path);

 private:
  using Arguments = properties::Arguments;

  std::string path();
  std::string old_path();
  int32_t version();
  std::optional<std::string> data(const std::string& label);
  properties::Acl acl();
  void fill_write(properties::Operation& operation, const std::string& label);
  void fill_read(properties::Operation& operation);
  void fill_watch_operation(Arguments& args);
  void fill_create(Arguments& args, const std::string& label);
  void fill_reconfig(Arguments& args);
  void fill_part(Arguments& args, const std::string& label);

  WorkloadConfig config_;
  Random random_;
  std::array<std::string, 8> remembered_;
  size_t remembered_next_ = 0;
};

}  // namespace zoetrope::sim
