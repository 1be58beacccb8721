#include "app/load/setup.hpp"

#include <algorithm>

#include "app/load/frame_builder.hpp"
#include "app/load/options.hpp"
#include "app/load/process_usage.hpp"
#include "core/jute/records.hpp"

namespace zoetrope::load {
namespace {

constexpr int64_t kSecondNs = 1'000'000'000;
constexpr size_t kWindow = 200;  // requests on their way
constexpr size_t kDeletesAMulti = 100;

}  // namespace

void Setup::connect() {
  connection_ = &reactor_.open(*this, 0);
  await_session();
}

void Setup::reconnect() {
  if (lost_.empty()) return;
  lost_.clear();
  reactor_.reopen(*connection_);
  await_session();
}

void Setup::await_session() {
  const int64_t deadline = monotonic_ns() + 10 * kSecondNs;
  int attempts = 1;
  while (!connection_->ready()) {
    reactor_.poll(deadline);
    if (!lost_.empty()) {
      if (++attempts > 4) throw LoadError(lost_);
      lost_.clear();
      reactor_.reopen(*connection_);
    }
    if (reactor_.now_ns() >= deadline) {
      throw LoadError("no answer to the handshake from " + connection_->server().text +
                      " within 10 s");
    }
  }
}

void Setup::put(const std::string& path, std::string_view data) {
  send(create_frame(path, data, kPersistent), kCreate);
  send(set_frame(path, data), kSet);
}

void Setup::remove_tree(const std::string& path) {
  finish();
  to_list_.assign(1, path);
  listed_ = 0;
  // Lists level by level; replies append to to_list_ while this goes on.
  for (size_t asked = 0; asked < to_list_.size() || connection_->outstanding() > 0;) {
    if (asked < to_list_.size()) {
      send(read_frame(jute::OpCode::kGetChildren, to_list_[asked++], false), kList);
    } else {
      wait_until_outstanding_at_most(connection_->outstanding() - 1);
    }
  }
  std::erase(to_list_, "");
  std::reverse(to_list_.begin(), to_list_.end());
  delete_all(to_list_);
  finish();
}

void Setup::delete_all(const std::vector<std::string>& paths) {
  for (size_t i = 0; i < paths.size();) {
    FrameBuilder frame(jute::OpCode::kMulti);
    const size_t end = std::min(paths.size(), i + kDeletesAMulti);
    for (; i < end; ++i) append_multi_delete(frame.body, paths[i]);
    append_multi_end(frame.body);
    send(frame.finish(), kMulti);
  }
}

void Setup::finish() {
  wait_until_outstanding_at_most(0);
  if (!refused_.empty()) throw LoadError(std::exchange(refused_, {}));
}

void Setup::close() {
  if (connection_ == nullptr || !connection_->ready()) return;
  connection_->close_session();
  reactor_.flush(*connection_);
  const int64_t deadline = monotonic_ns() + 5 * kSecondNs;
  while (connection_->fd() >= 0 && reactor_.now_ns() < deadline) reactor_.poll(deadline);
}

void Setup::send(std::string_view frame, Tag tag) {
  wait_until_outstanding_at_most(kWindow);
  connection_->append_request(frame, Pending{0, tag});
  // A full window goes out at once; the rest with the next wait.
  if (connection_->outstanding() % 32 == 0) reactor_.flush(*connection_);
}

void Setup::wait_until_outstanding_at_most(size_t count) {
  if (!lost_.empty()) throw LoadError(lost_);
  if (connection_->outstanding() <= count) return;
  reactor_.flush(*connection_);
  int64_t deadline = monotonic_ns() + 60 * kSecondNs;
  while (connection_->outstanding() > count) {
    const size_t before = connection_->outstanding();
    reactor_.poll(deadline);
    if (!lost_.empty()) throw LoadError(lost_);
    if (connection_->outstanding() < before) deadline = reactor_.now_ns() + 60 * kSecondNs;
    if (reactor_.now_ns() >= deadline) throw LoadError("no reply within 60 s while preparing");
  }
}

void Setup::on_reply(Connection&, const Pending& pending, const Reply& reply, int64_t) {
  const bool exists_already = pending.tag == kCreate && reply.error == ErrorCode::kNodeExists;
  const bool gone_already = pending.tag == kList && reply.error == ErrorCode::kNoNode;
  if (reply.error != ErrorCode::kOk && !exists_already && !gone_already) {
    if (refused_.empty()) {
      refused_ = "the server answered " + std::string(to_string(reply.error)) + " while preparing";
    }
    return;
  }
  if (pending.tag == kList) on_list(reply);
  if (pending.tag == kMulti) on_multi(reply);
}

void Setup::on_multi(const Reply& reply) {
  // A failed multi has error results in an ordinary reply.
  jute::Reader in(reply.body);
  const int32_t type = in.i32();
  const bool done = in.boolean();
  if (in.ok() && (type != -1 || done)) return;
  if (refused_.empty()) refused_ = "the server refused to delete the znodes of the run";
}

void Setup::on_list(const Reply& reply) {
  const std::string parent = to_list_[listed_];
  if (reply.error != ErrorCode::kOk) to_list_[listed_].clear();
  ++listed_;
  if (reply.error != ErrorCode::kOk) return;
  jute::Reader in(reply.body);
  for (const std::string_view name : jute::read_strings(in)) {
    to_list_.push_back(parent + "/" + std::string(name));
  }
}

void Setup::on_closed(Connection&, std::string_view why, int64_t) {
  lost_ = why;
}

}  // namespace zoetrope::load
