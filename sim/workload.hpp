// Random operations of one simulated client over a small tree, so that clients meet on the same
// znodes. Owns its generator.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/base/random.hpp"
#include "properties/history.hpp"

namespace zoetrope::sim {

// The arguments of an operation as they are known before a run.
struct ScriptOperation {
  properties::Arguments args;
  // Of the last names that servers made up for this client (sequential znodes) the one in this
  // place, instead of args.path, if there is one.
  std::optional<uint32_t> made;
};
// So many such names a client remembers.
inline constexpr uint32_t kMadeNames = 8;

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

  // Draws an operation that is otherwise fresh, and the parts of a multi. `label` makes the data
  // that it writes unique.
  void draw(ScriptOperation& operation, std::vector<ScriptOperation>& parts,
            const std::string& label);

 private:
  using Arguments = properties::Arguments;

  std::string path();
  void old_path(ScriptOperation& operation);
  int32_t version();
  std::optional<std::string> data(const std::string& label);
  properties::Acl acl();
  void fill_write(ScriptOperation& op, std::vector<ScriptOperation>& parts,
                  const std::string& label);
  void fill_read(ScriptOperation& op, std::vector<ScriptOperation>& parts);
  void fill_watch_operation(Arguments& args);
  void fill_create(Arguments& args, const std::string& label);
  void fill_reconfig(Arguments& args);
  void fill_part(ScriptOperation& op, const std::string& label);

  WorkloadConfig config_;
  Random random_;
};

// What the clients read at the end of a run.
void fill_final_read(const WorkloadConfig& config, uint64_t number, properties::Arguments& args);

}  // namespace zoetrope::sim
