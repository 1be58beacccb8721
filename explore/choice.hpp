// What happens next: one of the events that are possible in a state. A path of them, from the
// beginning, is a run; as text it is what --path takes.
#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <vector>

namespace zoetrope::explore {

struct Choice {
  enum class Kind : uint8_t {
    kVictims,  // at the beginning: who may crash (`code` numbers the ways to share the crashes out)
    kDeliver,  // `server` takes the next message of `from`
    kBreak,    // `from` has crashed: the rest of what it sent is lost on the way to `server`
    kOwn,      // something of the server's own, see Node::own_events()
    kCrash,
    kRestart,
    kSilence,  // nothing else can happen: every time-out passes
  };
  Kind kind = Kind::kDeliver;
  uint8_t server = 0;
  uint8_t from = 0;
  uint8_t lane = 0;
  uint8_t code = 0;
  bool operator==(const Choice&) const = default;
};

using Path = std::vector<Choice>;

// "v0,d12,d13.1,b12,o2.4,c1,r1,s": servers from 1.
std::string to_string(const Path& path);
// The error names the word that is none.
std::expected<Path, std::string> parse_path(std::string_view text);

}  // namespace zoetrope::explore
