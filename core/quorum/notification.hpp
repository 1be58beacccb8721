// Messages of the election port: the initial message of a connection and the notifications that
// follow (facts/quorum-protocol.md sections 3 and 4; upstream QuorumCnxManager.InitialMessage,
// FastLeaderElection.buildMsg). Codec only.
#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/error.hpp"
#include "core/base/ids.hpp"

namespace zoetrope::quorum {

// Ordinals as on the wire (upstream QuorumPeer.ServerState).
enum class PeerState : int32_t { kLooking = 0, kFollowing = 1, kLeading = 2, kObserving = 3 };
std::string_view to_string(PeerState state);

// What a non-voter sends for leader, zxid and peer epoch.
inline constexpr int64_t kNoVote = INT64_MIN;

struct Notification {
  PeerState state = PeerState::kLooking;
  ServerId leader;
  Zxid zxid;                   // of the proposed leader
  int64_t election_epoch = 0;  // round ("logicalclock")
  int64_t peer_epoch = 0;      // of the proposed leader
  // 0: the 28- and 40-byte forms; 1: no configuration follows; 2: it does.
  int32_t version = 2;
  std::string_view config;  // last committed configuration; views into the message
  // The configuration that the sender knows to be proposed; empty: none, or a stock server, which
  // reads nothing behind `config`. Views into the message.
  std::string_view proposed;
};

// The message with its length prefix, in the newest form.
void append_notification(std::string& out, const Notification& notification);
// `message` is without the length prefix.
std::expected<Notification, DecodeError> read_notification(std::string_view message);

struct ElectionAddress {
  std::string host;
  uint16_t port = 0;
  auto operator<=>(const ElectionAddress&) const = default;
};

// First message of a connection, from the dialler only.
struct InitialMessage {
  ServerId server;
  // Empty in the form from before 3.5, which is the server id alone.
  std::vector<ElectionAddress> addresses;
};
// `multi_address`: all addresses in the newer form, else the first in the form that every release
// reads.
void append_initial_message(std::string& out, const InitialMessage& message, bool multi_address);

struct InitialRead {
  InitialMessage message;
  size_t size = 0;  // bytes consumed
};
// nullopt inside: more bytes are needed.
std::expected<std::optional<InitialRead>, DecodeError> read_initial_message(std::string_view bytes);

// Longest notification that is accepted, in bytes (upstream QuorumCnxManager.PACKETMAXSIZE).
inline constexpr size_t kNotificationBytesMax = 512 * 1024;

}  // namespace zoetrope::quorum
