// The client's requests and what becomes of them.
#include <algorithm>
#include <utility>

#include "sim/client.hpp"
#include "sim/client_codec.hpp"

namespace zoetrope::sim {

using properties::Operation;
using properties::OpKind;

namespace {

constexpr Side kSide = Side::kOpener;
constexpr uint64_t kFinalReads = 6;

}  // namespace

void Client::send(std::string_view bytes) {
  recorder_.sends(index_, connection_, bytes);
  network_.send(connection_, kSide, bytes);
}

// Does as much of the script as is due and fits.
void Client::operate() {
  if (settling_) return settle_step();
  while (phase_ == Phase::kConnected && !doomed_ && !closing_ && !read_again_ && !exhausted() &&
         outstanding_.size() < config_.pipeline_max && now() >= next_operation_) {
    carry_out(script_.take());
  }
}

void Client::carry_out(const ClientAction& action) {
  next_operation_ = now() + action.pause;
  std::visit([this](const auto& deed) { carry_out(deed); }, action.deed);
}

void Client::carry_out(const Operate& operate) {
  Operation& op = begin_operation(Xid(next_xid_++));
  fill(op.args, operate.operation);
  for (const ScriptOperation& part : operate.parts) fill(op.parts.emplace_back(), part);
  send_operation();
}

void Client::fill(properties::Arguments& args, const ScriptOperation& from) const {
  args = from.args;
  if (from.made && !made_[*from.made].empty()) args.path = made_[*from.made];
}

// What it has sent to the old server may still take effect while a new one serves it.
void Client::carry_out(const Leave& leave) {
  drop(leave.resets);
  if (leave.at_once) until_ = now();
}

void Client::carry_out(const FallSilent& silence) {
  const MonotonicTime back =
      now() + part_of_timeout(static_cast<int64_t>(silence.percent_of_timeout), 100);
  if (silence.closes) drop(false);
  go_away(back);
}

void Client::carry_out(const Vanish& vanish) {
  network_.power_lost(host_);
  const MonotonicTime back =
      now() + part_of_timeout(static_cast<int64_t>(vanish.percent_of_timeout), 100);
  disconnected();
  go_away(back);
}

void Client::go_away(MonotonicTime back) {
  phase_ = Phase::kAway;
  until_ = back;
}

void Client::carry_out(const ReadSlowly& slow) {
  network_.pause_reading(connection_, kSide);
  read_again_ = now() + part_of_timeout(static_cast<int64_t>(slow.percent_of_timeout), 100);
}

// The end of a run: one request after the other, then close or stay.
void Client::settle_step() {
  if (phase_ != Phase::kConnected || settled_ || closing_ || doomed_ || read_again_) return;
  if (!outstanding_.empty()) return;
  if (final_reads_ < kFinalReads) {
    fill_final_read(config_.script.workload, final_reads_++,
                    begin_operation(Xid(next_xid_++)).args);
    send_operation();
  } else if (closes_at_end_) {
    send_close_session();
  } else {
    settled_ = true;
  }
}

Operation& Client::begin_operation(Xid xid) {
  Operation& op = outstanding_.emplace_back();
  op.client = index_;
  op.connection = record_;
  op.session = session_;
  op.xid = xid;
  return op;
}

// Sends the operation begun last.
void Client::send_operation() {
  Operation& op = outstanding_.back();
  recorder_.begin(op);
  frame_.clear();
  encode_request(op, frame_);
  send(frame_);
  sent_ = now();
}

void Client::send_ping() {
  begin_operation(wire::kPingXid).args.kind = OpKind::kPing;
  ping_outstanding_ = true;
  send_operation();
}

void Client::send_auth() {
  Operation& op = begin_operation(wire::kAuthXid);
  op.args.kind = OpKind::kAuth;
  op.args.path = "digest";
  op.args.data = auth_;
  send_operation();
}

void Client::send_set_watches() {
  Operation& op = begin_operation(wire::kSetWatchesXid);
  op.args.kind = OpKind::kSetWatches;
  op.watches = watches_.entries();
  op.relative_zxid = last_zxid_;
  send_operation();
}

void Client::send_close_session() {
  begin_operation(Xid(next_xid_++)).args.kind = OpKind::kCloseSession;
  closing_ = true;
  send_operation();
}

// Requests that no proper client sends (facts/client-protocol.md sections 1 and 6).
void Client::carry_out(const SendMalformed& malformed) {
  using Kind = SendMalformed::Kind;
  Operation& op = begin_operation(Xid(next_xid_++));
  op.args.kind = OpKind::kMalformed;
  recorder_.begin(op);
  frame_.assign(4, '\0');
  jute::Writer writer(frame_);
  doomed_ = true;
  switch (malformed.kind) {
    case Kind::kShortSetData:
    case Kind::kShortGetData:
      // Refused, and the connection lives on.
      wire::write(writer, {op.xid, malformed.kind == Kind::kShortSetData ? jute::OpCode::kSetData
                                                                         : jute::OpCode::kGetData});
      writer.i32(100);
      close_frame(frame_, 0);
      doomed_ = false;
      break;
    case Kind::kUnknownType:
      wire::write(writer, {op.xid, static_cast<jute::OpCode>(999)});
      close_frame(frame_, 0);
      break;
    case Kind::kNegativeLength: frame_.assign(4, '\xff'); break;
    case Kind::kHugeLength: frame_ = std::string("\x7f\0\0\0", 4); break;
    case Kind::kNoHeader:
      writer.i32(0);
      frame_.resize(7);
      close_frame(frame_, 0);
      break;
  }
  send(frame_);
  sent_ = now();
}

void Client::reply(std::string_view payload) {
  jute::Reader in(payload);
  const wire::ReplyHeader header = wire::read_reply_header(in);
  if (!in.ok()) {
    recorder_.anomaly("client " + std::to_string(index_) + " got a reply without a whole header");
    return drop(true);
  }
  if (header.xid == wire::kEventXid) return event(header, in);
  const auto it = std::ranges::find(outstanding_, header.xid, &Operation::xid);
  if (it == outstanding_.end()) {
    recorder_.anomaly("client " + std::to_string(index_) + " got a reply to no request: xid " +
                      std::to_string(header.xid.value));
    return drop(true);
  }
  Operation op = std::move(*it);
  outstanding_.erase(it);
  complete(std::move(op), header, in);
}

void Client::event(wire::ReplyHeader header, jute::Reader& in) {
  const wire::WatcherEvent wire_event = wire::read_watcher_event(in);
  if (!in.ok()) {
    recorder_.anomaly("client " + std::to_string(index_) + " got a malformed event");
    return;
  }
  properties::WatchEvent event;
  event.connection = record_;
  event.received = recorder_.moment();
  event.zxid = header.zxid;
  event.type = static_cast<properties::EventType>(wire_event.type);
  event.path = wire_event.path;
  last_zxid_ = std::max(last_zxid_, header.zxid);
  watches_.event(event);
  recorder_.event(std::move(event));
}

void Client::complete(Operation op, wire::ReplyHeader header, jute::Reader& in) {
  op.completed = recorder_.moment();
  op.session = session_;
  op.zxid = header.zxid;
  op.result.error = header.error;
  last_zxid_ = std::max(last_zxid_, header.zxid);
  if (header.error == ErrorCode::kOk && !decode_reply(in, op)) {
    recorder_.anomaly("client " + std::to_string(index_) +
                      " got a reply with a body that does not belong to it: " + describe(op));
  }
  after_reply(op);
  recorder_.finish(std::move(op));
}

void Client::after_reply(const Operation& op) {
  watches_.reply(op);
  if (op.args.kind == OpKind::kPing) ping_outstanding_ = false;
  if (op.args.kind == OpKind::kCreate && properties::is_sequential(op.args.mode) &&
      op.result.error == ErrorCode::kOk) {
    made_[made_next_] = op.result.path;
    made_next_ = (made_next_ + 1) % made_.size();
  }
  if (op.args.kind != OpKind::kCloseSession) return;
  // The server closes the connection; the session is over either way.
  if (settling_) settled_ = true;
  forget_session();
  closing_ = false;
  doomed_ = true;
}

}  // namespace zoetrope::sim
