// What no two servers of an ensemble may differ in while they run: the tree at one zxid, and who
// led an epoch. Owns what each was first seen to be; it judges only what it is told.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <unordered_map>
#include <vector>

#include "core/base/ids.hpp"
#include "sim/engine.hpp"

namespace zoetrope::sim {

class Agreement {
 public:
  // A server was seen in that state, after a step.
  void note(ServerId server, const Engine& engine);

  struct Breach {
    std::string property;
    std::string summary;
    std::vector<std::string> evidence;
  };
  // Found since the last call.
  std::vector<Breach> take_breaches() { return std::move(breaches_); }
  bool has_breaches() const { return !breaches_.empty(); }
  // The history that a leader of `epoch` has which has come to `last`, as ranges of zxids (after,
  // up to), newest first. Each epoch begins where the history of its leader ended, so that a
  // transaction behind that is none of it.
  struct Range {
    Zxid after, last;
  };
  std::vector<Range> history(int64_t epoch, Zxid last) const;
  // How many epochs had a leader that served.
  size_t epochs_led() const { return leaders_.size(); }

 private:
  struct Seen {
    uint64_t digest = 0;
    ServerId server;
  };
  void note_digest(ServerId server, const tree::Tree& tree);
  void note_leader(ServerId server, int64_t epoch, Zxid last);

  std::unordered_map<int64_t, Seen> digests_;  // by zxid; looked up, never walked
  std::unordered_map<int64_t, Zxid> noted_;    // by server: the newest that was compared
  struct Leader {
    ServerId server;
    Zxid began_at;  // the last of its history before the epoch
  };
  std::map<int64_t, Leader> leaders_;  // by epoch
  std::vector<Breach> breaches_;
};

}  // namespace zoetrope::sim
