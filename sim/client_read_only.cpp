// What a client does at a server in read-only mode: it reads, tries to write, and goes on to
// another server. The session there is that server's own, and what it shows may be no part of the
// history, so none of it is recorded; but each answer has to be of the right kind.
#include "sim/client.hpp"
#include "sim/client_codec.hpp"

namespace zoetrope::sim {

namespace {

constexpr Xid kRead(1), kWrite(2), kClose(3);

}  // namespace

void Client::look_around() {
  if (!config_.read_only || session_.value != 0) {
    recorder_.anomaly("client " + std::to_string(index_) + " was given a server in read-only mode");
    return drop(true);
  }
  phase_ = Phase::kReading;
  until_ = now() + Duration::from_us(sites_.times.between(100, 2'000'000));
  const auto ask = [this](Xid xid, jute::OpCode type, const auto& write_body) {
    frame_.assign(4, '\0');
    jute::Writer out(frame_);
    wire::write(out, wire::RequestHeader{xid, type});
    write_body(out);
    close_frame(frame_, 0);
    send(frame_);
  };
  ask(kRead, jute::OpCode::kExists,
      [](jute::Writer& out) { wire::write(out, wire::PathWatchRequest{"/", true}); });
  ask(kWrite, jute::OpCode::kSetData,
      [](jute::Writer& out) { wire::write(out, wire::SetDataRequest{"/", "x", -1}); });
  if (sites_.manners.one_in(2)) ask(kClose, jute::OpCode::kCloseSession, [](jute::Writer&) {});
}

void Client::read_only_reply(std::string_view payload) {
  jute::Reader in(payload);
  const wire::ReplyHeader header = wire::read_reply_header(in);
  const ErrorCode expected = header.xid == kWrite ? ErrorCode::kNotReadOnly : ErrorCode::kOk;
  if (in.ok() && header.error == expected) return;
  recorder_.anomaly("client " + std::to_string(index_) + " got " +
                    std::to_string(static_cast<int32_t>(header.error)) + " for request " +
                    std::to_string(header.xid.value) + " of a server in read-only mode");
}

}  // namespace zoetrope::sim
