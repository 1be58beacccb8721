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

// Sends as many operations as are due and fit.
void Client::operate() {
  if (settling_) return settle_step();
  while (phase_ == Phase::kConnected && !doomed_ && !closing_ && !read_again_ && !exhausted() &&
         outstanding_.size() < config_.pipeline_max && now() >= next_operation_) {
    ++issued_;
    if (config_.think_us_max > 0) {
      next_operation_ = now() + Duration{random_.between(0, config_.think_us_max * 1000)};
    }
    if (!disturb()) send_random();
  }
}

// Now and then a client does something else than an operation.
bool Client::disturb() {
  const auto happens = [this](uint64_t one_in) { return one_in != 0 && random_.one_in(one_in); };
  if (happens(config_.drop_one_in)) {
    drop(false);
  } else if (happens(config_.break_one_in)) {
    drop(true);
  } else if (happens(config_.move_one_in)) {
    move();
  } else if (happens(config_.close_session_one_in)) {
    send_close_session();
  } else if (happens(config_.abandon_one_in)) {
    abandon();
  } else if (happens(config_.vanish_one_in)) {
    vanish();
  } else if (happens(config_.malformed_one_in)) {
    send_malformed();
  } else if (happens(config_.slow_read_one_in)) {
    network_.pause_reading(connection_, kSide);
    read_again_ = now() + Duration{random_.between(1, part_of_timeout(1, 2).ns)};
  } else {
    return false;
  }
  return true;
}

// The end of a run: one request after the other, then close or stay.
void Client::settle_step() {
  if (phase_ != Phase::kConnected || settled_ || closing_ || doomed_ || read_again_) return;
  if (!outstanding_.empty()) return;
  if (final_reads_ < kFinalReads) {
    workload_.fill_final_read(begin_operation(Xid(next_xid_++)), final_reads_++);
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
  op.invoked = recorder_.moment();
  frame_.clear();
  encode_request(op, frame_);
  network_.send(connection_, kSide, frame_);
  sent_ = now();
}

void Client::send_random() {
  const Xid xid(next_xid_++);
  workload_.fill(begin_operation(xid),
                 "c" + std::to_string(index_) + "x" + std::to_string(xid.value));
  send_operation();
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
void Client::send_malformed() {
  Operation& op = begin_operation(Xid(next_xid_++));
  op.args.kind = OpKind::kMalformed;
  op.invoked = recorder_.moment();
  frame_.assign(4, '\0');
  jute::Writer writer(frame_);
  const uint64_t kind = random_.below(5);
  if (kind == 0 || kind == 1) {
    // The body ends before its time: refused, and the connection lives on.
    wire::write(writer, {op.xid, kind == 0 ? jute::OpCode::kSetData : jute::OpCode::kGetData});
    writer.i32(100);
    close_frame(frame_, 0);
  } else if (kind == 2) {
    wire::write(writer, {op.xid, static_cast<jute::OpCode>(999)});
    close_frame(frame_, 0);
    doomed_ = true;
  } else if (kind == 3) {
    frame_ = random_.one_in(2) ? std::string("\xff\xff\xff\xff", 4) : std::string("\x7f\0\0\0", 4);
    doomed_ = true;
  } else {
    writer.i32(0);  // no room for a header
    frame_.resize(7);
    close_frame(frame_, 0);
    doomed_ = true;
  }
  network_.send(connection_, kSide, frame_);
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
    workload_.remember(op.result.path);
  }
  if (op.args.kind != OpKind::kCloseSession) return;
  // The server closes the connection; the session is over either way.
  if (settling_) settled_ = true;
  forget_session();
  closing_ = false;
  doomed_ = true;
}

}  // namespace zoetrope::sim
