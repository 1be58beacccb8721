#include "record/recorder.hpp"

#include <utility>

namespace zoetrope::record {

namespace {

// The part of a file behind which a moment for the next one is looked for.
constexpr size_t nearly_full(size_t size) {
  return size / 4 * 3;
}
// What should be ready beyond what is used.
constexpr size_t kAhead = 4 << 20;
// Between two calls for more, each of which takes a lock.
constexpr size_t kHurryStep = 1 << 20;
// A disk that cannot keep up is left alone for a while, as every beginning costs a whole state.
constexpr Duration kPauseBehindGap = Duration::from_ms(10'000);

}  // namespace

void Recorder::start(Now now, node::Effects& out) {
  begin(now);
  if (is_open()) write(now, nullptr);
  effects_.mark(out);
  server_.start(now, out);
  did_step(out);
}

void Recorder::step(Now now, const node::Input& input, node::Effects& out) {
  if (is_given_up_) return server_.step(now, input, out);
  if (is_open()) {
    write(now, &input);
  } else {
    ++lost_;
  }
  connections_.take(input);
  effects_.mark(out);
  server_.step(now, input, out);
  did_step(out);
  begin_when_due(now);
}

void Recorder::did_step(const node::Effects& out) {
  previous_effects_ = effects_.of(out, connections_);
  ++step_;
}

void Recorder::end(Now now) {
  if (is_open()) close(now);
}

void Recorder::write(Now now, const node::Input* input) {
  scratch_.clear();
  if (input == nullptr) {
    append_start(scratch_, now);
  } else {
    append_input(scratch_, now, previous_effects_, *input);
  }
  const size_t wanted = file_.used() + room_of(scratch_.size()) + kEndRoom;
  const size_t ready = room_.ready->load(std::memory_order_acquire);
  if (wanted + kAhead > ready && ready < room_.size && wanted > hurried_) {
    files_.hurry(room_, wanted);
    hurried_ = wanted + kHurryStep;
  }
  if (wanted > ready || !file_.append(scratch_)) lose(now);
}

// The step under way is the first that is missing.
void Recorder::lose(Now now) {
  const bool is_full = file_.used() + room_of(scratch_.size()) + kEndRoom > room_.size;
  close(now);
  if (const auto failure = files_.failure(); failure && is_full) return give_up(*failure);
  const char* why = "the disk is slower than what is to be recorded";
  if (is_full) {
    why = files_.has_next() ? "its file is full, and no moment came to begin another"
                            : "its file is full, and the next is not ready";
  } else {
    next_try_ = now.monotonic + kPauseBehindGap;
  }
  files_.note("the recording has a gap from step " + std::to_string(step_) + " on: " + why);
  lost_ = 1;
}

void Recorder::give_up(const std::string& why) {
  is_given_up_ = true;
  files_.note("the recording stops at step " + std::to_string(step_) + ": " + why);
}

void Recorder::begin_when_due(Now now) {
  if (is_given_up_ || (is_open() && file_.used() < nearly_full(file_.size()))) return;
  if (!is_open() && now.monotonic < next_try_) return;
  if (files_.has_next() && server_.can_be_saved()) begin(now);
}

void Recorder::begin(Now now) {
  const std::string state = server_.save();
  if (is_open()) close(now);
  const std::optional<Room> room = files_.next();
  if (!room) return give_up(files_.failure().value_or("there is no file"));
  if (kHeadSize + state.size() > room->size / 2) {
    give_up("the server's state of " + std::to_string(state.size() >> 20) +
            " MiB needs a larger --record-size, " + std::to_string((state.size() * 12 >> 20) + 1) +
            "M at least");
    return files_.done(*room, 0);
  }
  const size_t wanted = kHeadSize + padded(state.size()) + kAhead;
  if (wanted > room->ready->load(std::memory_order_acquire)) files_.hurry(*room, wanted);
  hurried_ = 0;
  room_ = *room;
  file_ = FileWriter(room_.at, room_.size, {room_.number, run_, step_}, state);
  previous_effects_ = 0;
  scratch_.clear();
  append_connections(scratch_, now, connections_);
  file_.append(scratch_);
  if (std::exchange(lost_, 0) != 0) {
    files_.note("the recording goes on from step " + std::to_string(step_));
  }
}

void Recorder::close(Now now) {
  scratch_.clear();
  append_end(scratch_, now, previous_effects_);
  file_.append(scratch_);
  files_.done(std::exchange(room_, Room()), file_.used());
}

}  // namespace zoetrope::record
