// The first frame of each direction, which has no header (facts/client-protocol.md section 4).
// Encodes and decodes only; who may connect is decided elsewhere.
#pragma once

#include <cstdint>
#include <string_view>

#include "core/base/ids.hpp"
#include "core/jute/archive.hpp"

namespace zoetrope::wire {

using jute::BufferView;
using jute::Reader;
using jute::Writer;

struct ConnectRequest {
  int32_t protocol_version = 0;
  Zxid last_zxid_seen;
  int32_t timeout_ms = 0;
  SessionId session;
  BufferView password;
  bool read_only = false;
  bool has_read_only = true;  // old clients end before that byte
  bool operator==(const ConnectRequest&) const = default;
};

// A null password is read as an empty one; servers always send 16 bytes.
struct ConnectResponse {
  int32_t protocol_version = 0;
  int32_t timeout_ms = 0;
  SessionId session;
  std::string_view password;
  bool read_only = false;
  bool has_read_only = true;
  bool operator==(const ConnectResponse&) const = default;
};

// Bytes after the record are left unread, as upstream does.
ConnectRequest read_connect_request(Reader& in);
ConnectResponse read_connect_response(Reader& in);
void write(Writer& out, const ConnectRequest& request);
void write(Writer& out, const ConnectResponse& response);

}  // namespace zoetrope::wire
