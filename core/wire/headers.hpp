// The headers that stand before every body once a session is established, and the xids with a
// meaning of their own (facts/client-protocol.md sections 3 and 5). On the path of every request,
// hence inline. Never judges a value: an unknown operation is a number like any other here.
#pragma once

#include <cstdint>
#include <string_view>

#include "core/base/endian.hpp"
#include "core/base/error.hpp"
#include "core/base/ids.hpp"
#include "core/jute/archive.hpp"
#include "core/jute/opcode.hpp"

namespace zoetrope::wire {

using jute::OpCode;
using jute::Reader;
using jute::Writer;

inline constexpr Xid kEventXid{-1};
inline constexpr Xid kPingXid{-2};
inline constexpr Xid kAuthXid{-4};
inline constexpr Xid kSetWatchesXid{-8};

struct RequestHeader {
  Xid xid;
  OpCode type = OpCode::kNotification;
  bool operator==(const RequestHeader&) const = default;
};
struct ReplyHeader {
  Xid xid;
  Zxid zxid;
  ErrorCode error = ErrorCode::kOk;
  bool operator==(const ReplyHeader&) const = default;
};
// Stands before each operation and each result of a multi, and ends the list.
struct MultiHeader {
  OpCode type = OpCode::kError;
  bool done = false;
  ErrorCode error = ErrorCode::kOk;
  bool operator==(const MultiHeader&) const = default;
};
inline constexpr MultiHeader kMultiEnd{OpCode::kError, true, static_cast<ErrorCode>(-1)};

// Encoded sizes in bytes.
inline constexpr size_t kRequestHeaderSize = 8;
inline constexpr size_t kReplyHeaderSize = 16;
inline constexpr size_t kMultiHeaderSize = 9;

inline RequestHeader read_request_header(Reader& in) {
  RequestHeader header;
  header.xid = Xid(in.i32());
  header.type = static_cast<OpCode>(in.i32());
  return header;
}

inline ReplyHeader read_reply_header(Reader& in) {
  ReplyHeader header;
  header.xid = Xid(in.i32());
  header.zxid = Zxid(in.i64());
  header.error = static_cast<ErrorCode>(in.i32());
  return header;
}

inline MultiHeader read_multi_header(Reader& in) {
  MultiHeader header;
  header.type = static_cast<OpCode>(in.i32());
  header.done = in.boolean();
  header.error = static_cast<ErrorCode>(in.i32());
  return header;
}

// The writers append once: each append to the output checks its capacity.
inline void write(Writer& out, const RequestHeader& header) {
  char bytes[kRequestHeaderSize];
  store_be32(bytes, static_cast<uint32_t>(header.xid.value));
  store_be32(bytes + 4, static_cast<uint32_t>(header.type));
  out.raw({bytes, sizeof bytes});
}

inline void write(Writer& out, const ReplyHeader& header) {
  char bytes[kReplyHeaderSize];
  store_be32(bytes, static_cast<uint32_t>(header.xid.value));
  store_be64(bytes + 4, static_cast<uint64_t>(header.zxid.value));
  store_be32(bytes + 12, static_cast<uint32_t>(header.error));
  out.raw({bytes, sizeof bytes});
}

inline void write(Writer& out, const MultiHeader& header) {
  char bytes[kMultiHeaderSize];
  store_be32(bytes, static_cast<uint32_t>(header.type));
  bytes[4] = header.done ? '\1' : '\0';
  store_be32(bytes + 5, static_cast<uint32_t>(header.error));
  out.raw({bytes, sizeof bytes});
}

}  // namespace zoetrope::wire
