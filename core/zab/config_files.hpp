// The files of a server's configuration, beside its static one: `zoo.cfg.dynamic.<version>` for the
// one in force, `zoo.cfg.dynamic.next` for one that is proposed, and the pointer in zoo.cfg itself
// (facts/quorum-protocol.md section 14; upstream QuorumPeer.setQuorumVerifier). Turns changes into
// DiskOps, one file after the other, each replaced as a whole; owns no file.
//
// A crash between any two steps leaves a right configuration: the new dynamic file counts only when
// zoo.cfg points to it, and what was proposed stays in the .next file until then. What a server has
// logged beyond both files it knows from its log.
#pragma once

#include <cstdint>
#include <deque>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/hash.hpp"
#include "core/quorum/ensemble.hpp"
#include "core/storage/disk.hpp"

namespace zoetrope {
class StateArchive;
}

namespace zoetrope::zab {

struct ConfigFileNames {
  std::string static_file;  // "zoo.cfg"; empty: nothing is written
  std::string directory;    // where it is, in front of the name that the pointer says
};

// What the files say at a start.
struct StoredConfiguration {
  quorum::Ensemble current;
  std::optional<quorum::Ensemble> last_seen;  // only when newer
};

// Reads a static file of server lines and what it points to. The text of an error names the file.
std::expected<StoredConfiguration, std::string> read_configuration(storage::Disk& disk,
                                                                   const std::string& static_file);

class ConfigFiles {
 public:
  ConfigFiles(ConfigFileNames names, ServerId self, uint64_t first_op)
      : names_(std::move(names)), self_(self), next_op_(first_op) {}

  // --- changes ---------------------------------------------------------------------------------
  void store_proposed(const quorum::Ensemble& ensemble);
  void drop_proposed();
  // With the pointer to it; a .next file goes.
  void store_current(const quorum::Ensemble& ensemble);

  // --- work --------------------------------------------------------------------------------------
  // What is to be done next; nothing while something is under way.
  void issue(std::vector<storage::DiskOp>& out);
  // The static file is wanted, as it stands; answered by static_read(). Once for each true.
  bool take_read_wish() { return std::exchange(read_wish_, false); }
  // nullopt: it cannot be read, so it stays as it is.
  void static_read(std::optional<std::string_view> text);
  // True when the operation was one of these. An error ends the change of that file; the text of
  // the first one that nobody has asked for yet is kept for take_failure().
  bool completed(uint64_t op, const std::optional<storage::DiskError>& error);
  std::optional<std::string> take_failure() { return std::exchange(failure_, std::nullopt); }
  bool busy() const { return !steps_.empty() || under_way_ != 0; }
  void add_to(RunningHash& hash) const;
  void carry_state(StateArchive& archive);

 private:
  enum class StepKind : uint8_t { kReplace, kPoint, kRemove };
  struct Step {
    StepKind kind = StepKind::kReplace;
    std::string file;
    std::string text;                // kReplace: the content; kPoint: the dynamic file
    bool erase_client_port = false;  // kPoint
    bool is_written = false;         // the temporary file is, and the rename is next
    bool is_read = false;            // kPoint: became a kReplace
  };

  void issue(storage::DiskAction action, std::vector<storage::DiskOp>& out);
  void give_change_up();

  ConfigFileNames names_;
  ServerId self_;
  uint64_t next_op_;
  std::deque<Step> steps_;
  uint64_t under_way_ = 0;  // the last operation of those issued; 0: none
  uint64_t first_under_way_ = 0;
  bool has_failed_ = false;  // one of those under way
  bool read_wish_ = false;
  bool is_reading_ = false;
  std::optional<std::string> failure_;
};

}  // namespace zoetrope::zab
