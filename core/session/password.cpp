#include <cstring>

#include "core/session/session_tracker.hpp"

namespace zoetrope::session {

namespace {
// Upstream's constant that is mixed into the session id (facts/client-protocol.md section 4).
constexpr uint64_t kSuperSecret = 0x00000000B3415C00ULL;

// java.util.Random, as far as nextBytes needs it; its algorithm is part of Java's specification.
class JavaRandom {
 public:
  explicit JavaRandom(uint64_t seed) : state_((seed ^ kMultiplier) & kMask) {}
  uint32_t next_int() {
    state_ = (state_ * kMultiplier + 0xB) & kMask;
    return static_cast<uint32_t>(state_ >> 16);
  }

 private:
  static constexpr uint64_t kMultiplier = 0x5DEECE66DULL;
  static constexpr uint64_t kMask = (uint64_t{1} << 48) - 1;
  uint64_t state_;
};
}  // namespace

Password password_of(SessionId id) {
  JavaRandom random(static_cast<uint64_t>(id.value) ^ kSuperSecret);
  Password password;
  for (size_t i = 0; i < password.size(); i += 4) {
    uint32_t word = random.next_int();
    for (size_t j = 0; j < 4; ++j, word >>= 8) password[i + j] = static_cast<char>(word & 0xFF);
  }
  return password;
}

bool password_matches(SessionId id, std::string_view password) {
  if (id.value == 0) return false;
  const Password expected = password_of(id);
  return password == std::string_view(expected.data(), expected.size());
}

SessionId first_session_id(WallTime wall, ServerId server) {
  const uint64_t shifted = (static_cast<uint64_t>(wall.ms) << 24) >> 8;
  const auto id = static_cast<int64_t>(shifted | static_cast<uint64_t>(server.value) << 56);
  return SessionId(id == INT64_MIN ? id + 1 : id);
}

}  // namespace zoetrope::session
