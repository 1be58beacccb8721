#include "sim/trace.hpp"

#include <cstdio>

namespace zoetrope::sim {

std::string time_text(MonotonicTime at) {
  char text[40];
  std::snprintf(text, sizeof text, "%lld.%06lldms", static_cast<long long>(at.ns / 1'000'000),
                static_cast<long long>(at.ns % 1'000'000));
  return text;
}

void Trace::event(const Event& event) {
  ++event_count_;
  const uint64_t what = uint64_t{static_cast<uint8_t>(event.kind)} << 8 | event.side;
  hash_.add(static_cast<uint64_t>(event.at.ns) * 64 + what);
  hash_.add(event.subject ^ event.detail << 40);
  if (sink_ == nullptr) return;
  // A client's wake-up is its own plan; what it does is noted by what it sends.
  if (event.kind == EventKind::kClientWake) return;
  sink_->line(time_text(event.at) + "  " + std::string(to_string(event.kind)) + "  " +
              std::to_string(event.subject & 0xFFFFFFFF) + (event.side != 0 ? "<" : ">") + "  " +
              std::to_string(event.detail));
}

void Trace::note(std::string_view text) {
  if (sink_ != nullptr) sink_->line("    " + std::string(text));
}

}  // namespace zoetrope::sim
