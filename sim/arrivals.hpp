// What arrives at a server, told by kind for whoever counts: notifications on the election port and
// the requests of clients. Owns what is incomplete of one direction of one connection.
#pragma once

#include <algorithm>
#include <array>
#include <string>
#include <string_view>

#include "core/base/endian.hpp"
#include "core/quorum/notification.hpp"
#include "sim/coverage.hpp"

namespace zoetrope::sim {

// The bytes of one side of a connection between election ports.
class ElectionStream {
 public:
  // `is_of_dialler`: it says first who it is.
  template <typename See>
  void take(std::string_view bytes, bool is_of_dialler, const See& see) {
    if (is_bad_) return;
    unread_ += bytes;
    if (is_of_dialler && !is_introduced_ && !introduce()) return;
    size_t at = 0;
    while (unread_.size() - at >= sizeof(uint32_t)) {
      const size_t length = load_be32(unread_.data() + at);
      is_bad_ = length > quorum::kNotificationBytesMax;
      if (is_bad_ || unread_.size() - at - sizeof(uint32_t) < length) break;
      const std::string_view message(unread_.data() + at + sizeof(uint32_t), length);
      if (const auto read = quorum::read_notification(message)) see(*read);
      at += sizeof(uint32_t) + length;
    }
    unread_.erase(0, at);
  }

 private:
  bool introduce() {
    const auto read = quorum::read_initial_message(unread_);
    is_bad_ = !read;
    if (is_bad_ || !*read) return false;
    unread_.erase(0, (*read)->size);
    is_introduced_ = true;
    return true;
  }

  std::string unread_;
  bool is_introduced_ = false;
  bool is_bad_ = false;
};

// The bytes of a client: of each frame only the beginning is looked at.
class ClientStream {
 public:
  // Calls `see` with a message as an index.
  template <typename See>
  void take(std::string_view bytes, const See& see) {
    while (!bytes.empty() && !is_bad_) {
      if (to_skip_ != 0) {
        const size_t skipped = std::min(to_skip_, bytes.size());
        to_skip_ -= skipped;
        bytes.remove_prefix(skipped);
        continue;
      }
      const size_t wanted = is_connected_ ? kRequestHead : kConnectHead;
      const size_t taken = std::min(wanted - used_, bytes.size());
      std::copy_n(bytes.data(), taken, head_.data() + used_);
      used_ += taken;
      bytes.remove_prefix(taken);
      if (is_word()) return see(message_of(ClientMessage::kWord));
      if (used_ == wanted) see(head());
    }
  }

 private:
  static constexpr size_t kLengthBytes = 4, kRequestHead = 4 + 8, kConnectHead = 4 + 24;
  static constexpr size_t kFrameBytesMax = 16 << 20;

  size_t length() const { return load_be32(head_.data()); }
  // Its letters are a length that no frame has.
  bool is_word() {
    is_bad_ = !is_connected_ && used_ >= kLengthBytes && length() > kFrameBytesMax;
    return is_bad_;
  }
  size_t head() {
    const size_t behind = used_ - kLengthBytes;
    used_ = 0;
    if (length() < behind || length() > kFrameBytesMax) {
      is_bad_ = true;
      return message_of(ClientMessage::kMalformed);
    }
    to_skip_ = length() - behind;
    if (!is_connected_) {
      is_connected_ = true;
      const bool is_new = load_be64(head_.data() + kConnectHead - 8) == 0;
      return message_of(is_new ? ClientMessage::kNewSession : ClientMessage::kOldSession);
    }
    const auto type = static_cast<jute::OpCode>(load_be32(head_.data() + 8));
    return message_of(type).value_or(message_of(ClientMessage::kMalformed));
  }

  std::array<char, kConnectHead> head_{};
  size_t used_ = 0;
  size_t to_skip_ = 0;
  bool is_connected_ = false;
  bool is_bad_ = false;
};

}  // namespace zoetrope::sim
