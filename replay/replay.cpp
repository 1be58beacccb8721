#include "replay/replay.hpp"

#include <utility>

namespace zoetrope::replay {

void Replayer::take(std::string_view name, std::string_view file) {
  if (report_.difference || record::FileReader::is_unused(file)) return;
  ++report_.files;
  auto reader = record::FileReader::open(file);
  if (!reader) return refuse(name, reader.error());
  if (!begin(name, *reader)) return;
  for (;;) {
    const size_t offset = reader->offset();
    const auto bytes = reader->next();
    if (!bytes) return refuse(name, bytes.error());
    if (!*bytes) return;
    auto entry = record::read_entry(**bytes);
    if (!entry) return refuse(name, {"an entry makes no sense to this build", offset});
    if (!compare(*entry, name)) return;
    if (std::holds_alternative<record::End>(entry->what)) {
      is_ended_ = true;
      return;
    }
    if (auto* connections = std::get_if<record::PeerConnections>(&entry->what)) {
      connections_ = std::move(*connections);
      continue;
    }
    if (!run(*entry)) return refuse(name, {"an entry stands in the wrong place", offset});
  }
}

Report Replayer::finish() {
  if (server_ && !report_.difference) end(false);
  report_.effects = hash_.value();
  return std::move(report_);
}

// The state that the file begins with must be the one that the server has come to.
bool Replayer::begin(std::string_view name, const record::FileReader& reader) {
  const record::FileHead& head = reader.head();
  const bool goes_on = server_ && is_ended_ && head.run == run_ && head.first_step == step_;
  if (goes_on) {
    ++report_.states_compared;
    if (!server_->can_be_saved() || server_->save() != reader.state()) {
      report_.difference = Difference{std::string(name), step_, now_, {}, {}};
      return false;
    }
  } else {
    if (server_) end(head.run == run_);
    server_ = node::Server::restored(reader.state());
    if (!server_) {
      refuse(name, {"the state is that of another build", record::kHeadSize});
      return false;
    }
    report_.server = server_->config().server_id;
  }
  run_ = head.run;
  step_ = head.first_step;
  last_effects_ = 0;
  is_ended_ = false;
  return true;
}

bool Replayer::run(record::Entry& entry) {
  effects_.clear();
  effects_hash_.mark(effects_);
  now_ = entry.now;
  const auto* input = std::get_if<node::Input>(&entry.what);
  if ((input == nullptr) != (step_ == 0)) return false;
  if (step_ == 0) is_halted_ = false;
  last_input_.reset();
  const bool closes = input != nullptr && std::holds_alternative<node::Closed>(*input);
  if (input != nullptr && !closes) connections_.take(*input);
  if (input == nullptr) {
    server_->start(now_, effects_);
  } else {
    last_input_ = *input;
    server_->step(now_, *input, effects_);
  }
  for (const node::Effect& effect : effects_.list()) {
    is_halted_ = is_halted_ || std::holds_alternative<node::Halt>(effect);
  }
  if (!report_.first) report_.first = now_;
  report_.last = now_;
  ++report_.steps;
  if (see_step_) see_step_({run_, step_, now_, input, &effects_, server_.get(), &connections_});
  if (closes) connections_.take(*input);
  last_effects_ = effects_hash_.of(effects_, connections_);
  hash_.add(last_effects_);
  ++step_;
  return true;
}

// What came of the step before stands in the entry behind it.
bool Replayer::compare(const record::Entry& entry, std::string_view name) {
  if (last_effects_ == 0) return true;
  if (entry.previous_effects == last_effects_) {
    ++report_.inputs_compared;
    return true;
  }
  Difference difference{std::string(name),
                        step_ - 1,
                        now_,
                        last_input_ ? record::describe(*last_input_) : "start",
                        {}};
  for (const node::Effect& effect : effects_.list()) {
    difference.effects.push_back(record::describe(effect, effects_));
  }
  if (difference.effects.empty()) difference.effects.emplace_back("nothing");
  report_.difference = std::move(difference);
  return false;
}

void Replayer::end(bool is_gap) {
  BreakKind kind = BreakKind::kKilled;
  if (is_halted_) {
    kind = BreakKind::kStopped;
  } else if (is_gap) {
    kind = BreakKind::kGap;
  } else if (is_ended_) {
    kind = BreakKind::kLeft;
  }
  report_.fingerprint = server_->fingerprint();
  report_.breaks.push_back({kind, run_, step_, now_});
  if (see_break_) see_break_(report_.breaks.back());
  server_.reset();
}

void Replayer::refuse(std::string_view name, DecodeError error) {
  report_.damages.push_back({std::string(name), std::move(error)});
  is_ended_ = false;
  if (server_) end(true);
}

}  // namespace zoetrope::replay
