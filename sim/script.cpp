#include "sim/script.hpp"

#include <utility>

#include "core/base/assert.hpp"

namespace zoetrope::sim {

Script::Script(ScriptConfig config, std::optional<std::vector<ClientAction>> told,
               std::string label, Random random, bool keeps)
    : config_(std::move(config)),
      told_(std::move(told)),
      label_(std::move(label)),
      random_(random),
      workload_(config_.workload, random.fork("workload")),
      keeps_(keeps) {}

const ClientAction& Script::peek() {
  ZT_ASSERT(!is_over());
  if (told_) return (*told_)[taken_];
  if (!drawn_) drawn_ = draw();
  return *drawn_;
}

ClientAction Script::take() {
  ClientAction action = peek();
  drawn_.reset();
  ++taken_;
  if (keeps_) kept_.push_back(action);
  return action;
}

std::optional<ClientAction> Script::take_operation() {
  if (is_over() || !std::holds_alternative<Operate>(peek().deed)) return std::nullopt;
  return take();
}

std::vector<ClientAction> Script::whole() {
  if (told_) return *told_;
  ZT_ASSERT(keeps_);
  while (!is_over()) take();
  return kept_;
}

ClientAction Script::draw() {
  ClientAction action;
  if (config_.think_us_max > 0) {
    action.pause = Duration{random_.between(0, config_.think_us_max * 1000)};
  }
  action.deed = draw_deed();
  return action;
}

ClientDeed Script::draw_deed() {
  if (std::optional<ClientDeed> disturbance = draw_disturbance()) return *std::move(disturbance);
  Operate operate;
  workload_.draw(operate.operation, operate.parts, label_ + std::to_string(taken_));
  return operate;
}

// Now and then a client does something else than an operation.
std::optional<ClientDeed> Script::draw_disturbance() {
  const auto happens = [this](uint64_t one_in) { return one_in != 0 && random_.one_in(one_in); };
  if (happens(config_.drop_one_in)) return Leave{false, false};
  if (happens(config_.break_one_in)) return Leave{true, false};
  if (happens(config_.move_one_in)) return Leave{random_.one_in(4), true};
  if (happens(config_.close_session_one_in)) return CloseSession{};
  if (happens(config_.abandon_one_in)) {
    const bool closes = random_.one_in(2);
    return FallSilent{closes, 100 + random_.below(301)};
  }
  if (happens(config_.vanish_one_in)) return Vanish{random_.below(301)};
  if (happens(config_.malformed_one_in)) {
    return SendMalformed{static_cast<SendMalformed::Kind>(random_.below(6))};
  }
  if (happens(config_.slow_read_one_in)) return ReadSlowly{1 + random_.below(50)};
  return std::nullopt;
}

}  // namespace zoetrope::sim
