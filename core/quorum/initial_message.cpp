#include "core/base/assert.hpp"
#include "core/jute/archive.hpp"
#include "core/quorum/address_text.hpp"
#include "core/quorum/notification.hpp"

namespace zoetrope::quorum {

namespace {

// Protocol versions, negative so that they differ from the server id of the oldest form.
constexpr int64_t kOneAddress = -65536;
constexpr int64_t kAllAddresses = -65535;
// Upstream QuorumCnxManager.maxBuffer.
constexpr int32_t kAddressBytesMax = 2048;
constexpr size_t kHeaderSize = 20;

std::string text_of(const ElectionAddress& address) {
  return delimited_host(address.host) + ":" + std::to_string(address.port);
}

// False when it is not host:port. An address of every interface says nothing to a stranger and is
// left out.
bool read_address(std::string_view text, std::vector<ElectionAddress>& out) {
  const auto parts = split_address(text);
  if (!parts || parts->size() != 2) return false;
  const auto host = parse_host(parts->front());
  const auto port = parse_port(parts->back());
  if (!host || !port) return false;
  if (!is_wildcard_host(*host)) out.push_back({*host, *port});
  return true;
}

}  // namespace

void append_initial_message(std::string& out, const InitialMessage& message, bool multi_address) {
  jute::Writer writer(out);
  if (message.addresses.empty()) {
    ZT_ASSERT(message.server.value >= 0);
    return writer.i64(message.server.value);
  }
  std::string text = text_of(message.addresses.front());
  for (size_t i = 1; multi_address && i < message.addresses.size(); ++i) {
    text += "|" + text_of(message.addresses[i]);
  }
  writer.i64(multi_address ? kAllAddresses : kOneAddress);
  writer.i64(message.server.value);
  writer.string(text);
}

std::expected<std::optional<InitialRead>, DecodeError> read_initial_message(
    std::string_view bytes) {
  const auto bad = [](uint64_t offset, std::string what) {
    return std::unexpected(DecodeError{std::move(what), offset});
  };
  if (bytes.size() < sizeof(int64_t)) return std::nullopt;
  jute::Reader in(bytes);
  const int64_t version = in.i64();
  InitialRead read;
  if (version >= 0) {
    read.message.server = ServerId(version);
    read.size = in.offset();
    return read;
  }
  if (version != kOneAddress && version != kAllAddresses) {
    return bad(0, "unknown protocol version " + std::to_string(version));
  }
  if (bytes.size() < kHeaderSize) return std::nullopt;
  read.message.server = ServerId(in.i64());
  const int32_t length = in.i32();
  if (length <= 0 || length > kAddressBytesMax) {
    return bad(kHeaderSize - sizeof(int32_t), "unreasonable length " + std::to_string(length));
  }
  if (in.remaining() < static_cast<size_t>(length)) return std::nullopt;
  const std::string_view text = in.raw(static_cast<size_t>(length));
  for (const std::string_view address : split_java(text, '|')) {
    if (!read_address(address, read.message.addresses)) {
      return bad(kHeaderSize, "bad address " + quoted(address));
    }
  }
  read.size = in.offset();
  return read;
}

}  // namespace zoetrope::quorum
