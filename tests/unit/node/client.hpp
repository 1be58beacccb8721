// A client of the harness: frames requests, cuts replies.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include "core/wire/messages.hpp"
#include "tests/unit/node/harness.hpp"
#include "tests/unit/pipeline/requests.hpp"

namespace zoetrope::node::test {

inline std::string framed(std::string_view payload) {
  std::string bytes;
  jute::Writer out(bytes);
  out.string(payload);
  return bytes;
}

struct Reply {
  wire::ReplyHeader header;
  std::string body;
};

class Client {
 public:
  explicit Client(Harness& harness) : harness_(harness), id_(harness.open()) {}

  // Sends the handshake and settles; false when no session came of it.
  bool connect(int32_t timeout_ms = 10000, SessionId session = {},
               std::string password = std::string(16, '\0')) {
    std::string payload;
    jute::Writer out(payload);
    wire::ConnectRequest request;
    request.timeout_ms = timeout_ms;
    request.session = session;
    request.password = password;
    wire::write(out, request);
    harness_.receive(id_, framed(payload));
    harness_.settle();
    const std::string answer = harness_.take(id_);
    if (answer.size() < 4) return false;
    jute::Reader in(std::string_view(answer).substr(4));
    const wire::ConnectResponse response = wire::read_connect_response(in);
    session_ = response.session;
    password_ = response.password;
    timeout_ms_ = response.timeout_ms;
    return session_.value != 0;
  }

  // Sends without settling.
  Xid send(jute::OpCode type, std::string_view body, std::optional<Xid> xid = std::nullopt) {
    const Xid used = xid ? *xid : Xid(++last_xid_);
    std::string payload;
    jute::Writer out(payload);
    wire::write(out, wire::RequestHeader{used, type});
    out.raw(body);
    harness_.receive(id_, framed(payload));
    return used;
  }
  // Everything that came since the last call, settled or not.
  std::vector<Reply> replies() {
    std::vector<Reply> all;
    const std::string bytes = harness_.take(id_);
    std::string_view rest = bytes;
    while (rest.size() >= 4) {
      const auto length = static_cast<size_t>(load_be32(rest.data()));
      EXPECT_GE(rest.size(), 4 + length);
      jute::Reader in(rest.substr(4, length));
      Reply reply;
      reply.header = wire::read_reply_header(in);
      reply.body = in.rest();
      all.push_back(std::move(reply));
      rest.remove_prefix(4 + length);
    }
    return all;
  }
  // Sends, settles, and gives the reply to it; events before it are kept in `events`.
  Reply call(jute::OpCode type, std::string_view body = {}) {
    const Xid xid = send(type, body);
    harness_.settle();
    Reply found;
    bool seen = false;
    for (Reply& reply : replies()) {
      if (reply.header.xid == wire::kEventXid) {
        EXPECT_FALSE(seen) << "an event after the reply";
        events.push_back(reply);
      } else if (reply.header.xid == xid) {
        found = std::move(reply);
        seen = true;
      }
    }
    EXPECT_TRUE(seen) << "no reply";
    return found;
  }
  ErrorCode error_of(jute::OpCode type, std::string_view body = {}) {
    return call(type, body).header.error;
  }

  ConnectionId id() const { return id_; }
  SessionId session() const { return session_; }
  const std::string& password() const { return password_; }
  int32_t timeout_ms() const { return timeout_ms_; }
  bool is_closed() const { return harness_.is_closed(id_); }

  std::vector<Reply> events;

 private:
  Harness& harness_;
  ConnectionId id_;
  SessionId session_;
  std::string password_;
  int32_t timeout_ms_ = 0;
  int32_t last_xid_ = 0;
};

inline std::string path_body(std::string_view path) {
  std::string bytes;
  jute::Writer(bytes).string(path);
  return bytes;
}
inline std::string path_watch_body(std::string_view path, bool watch) {
  std::string bytes;
  jute::Writer out(bytes);
  wire::write(out, wire::PathWatchRequest{path, watch});
  return bytes;
}
inline wire::WatcherEvent event_of(const Reply& reply) {
  jute::Reader in(reply.body);
  return wire::read_watcher_event(in);
}

}  // namespace zoetrope::node::test
