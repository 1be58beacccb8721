#include "core/wire/handshake.hpp"

namespace zoetrope::wire {

ConnectRequest read_connect_request(Reader& in) {
  ConnectRequest request;
  request.protocol_version = in.i32();
  request.last_zxid_seen = Zxid(in.i64());
  request.timeout_ms = in.i32();
  request.session = SessionId(in.i64());
  request.password = in.buffer();
  request.has_read_only = in.ok() && in.remaining() > 0;
  if (request.has_read_only) request.read_only = in.boolean();
  return request;
}

ConnectResponse read_connect_response(Reader& in) {
  ConnectResponse response;
  response.protocol_version = in.i32();
  response.timeout_ms = in.i32();
  response.session = SessionId(in.i64());
  response.password = in.buffer().value_or(std::string_view());
  response.has_read_only = in.ok() && in.remaining() > 0;
  if (response.has_read_only) response.read_only = in.boolean();
  return response;
}

void write(Writer& out, const ConnectRequest& request) {
  out.i32(request.protocol_version);
  out.i64(request.last_zxid_seen.value);
  out.i32(request.timeout_ms);
  out.i64(request.session.value);
  out.buffer(request.password);
  if (request.has_read_only) out.boolean(request.read_only);
}

void write(Writer& out, const ConnectResponse& response) {
  out.i32(response.protocol_version);
  out.i32(response.timeout_ms);
  out.i64(response.session.value);
  out.string(response.password);
  if (response.has_read_only) out.boolean(response.read_only);
}

}  // namespace zoetrope::wire
