#include "core/quorum/notification.hpp"

#include "core/jute/archive.hpp"

namespace zoetrope::quorum {

namespace {

// Sizes of the two older forms: without peer epoch, and with it but without version.
constexpr size_t kSizeWithoutPeerEpoch = 28;
constexpr size_t kSizeWithoutVersion = 40;
constexpr int32_t kVersion = 2;
constexpr int32_t kVersionWithoutConfig = 1;

constexpr std::string_view kStateNames[] = {"LOOKING", "FOLLOWING", "LEADING", "OBSERVING"};

bool is_state(int32_t number) {
  return number >= 0 && number < static_cast<int32_t>(std::size(kStateNames));
}

// What other servers may have put there instead is left alone, as stock servers do.
void read_proposed(const jute::Reader& in, Notification& notification) {
  jute::Reader rest = in;
  const std::string_view proposed = rest.string();
  if (rest.ok()) notification.proposed = proposed;
}

// Everything behind the round, which depends on the age of the sender.
void read_newer_fields(jute::Reader& in, size_t message_size, Notification& notification) {
  if (message_size == kSizeWithoutPeerEpoch) {
    notification.peer_epoch = notification.zxid.value >> 32;
    return;
  }
  notification.peer_epoch = in.i64();
  if (message_size == kSizeWithoutVersion) return;
  notification.version = in.i32();
  if (notification.version <= kVersionWithoutConfig) return;
  notification.config = in.string();
  if (in.ok() && in.remaining() > 0) read_proposed(in, notification);
}

}  // namespace

std::string_view to_string(PeerState state) {
  const auto number = static_cast<int32_t>(state);
  return is_state(number) ? kStateNames[number] : "UNKNOWN";
}

void append_notification(std::string& out, const Notification& notification) {
  jute::Writer writer(out);
  const size_t start = writer.size();
  writer.i32(0);
  writer.i32(static_cast<int32_t>(notification.state));
  writer.i64(notification.leader.value);
  writer.i64(notification.zxid.value);
  writer.i64(notification.election_epoch);
  writer.i64(notification.peer_epoch);
  writer.i32(kVersion);
  writer.string(notification.config);
  if (!notification.proposed.empty()) writer.string(notification.proposed);
  writer.patch_i32(start, static_cast<int32_t>(writer.size() - start - sizeof(int32_t)));
}

std::expected<Notification, DecodeError> read_notification(std::string_view message) {
  jute::Reader in(message);
  Notification notification;
  const int32_t state = in.i32();
  if (!is_state(state)) in.fail("unknown server state " + std::to_string(state));
  notification.state = static_cast<PeerState>(state);
  notification.leader = ServerId(in.i64());
  notification.zxid = Zxid(in.i64());
  notification.election_epoch = in.i64();
  notification.version = 0;
  read_newer_fields(in, message.size(), notification);
  if (!in.ok()) return std::unexpected(in.error());
  return notification;
}

}  // namespace zoetrope::quorum
