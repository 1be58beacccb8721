#include "sim/event_queue.hpp"

#include <array>

namespace zoetrope::sim {

std::string_view to_string(EventKind kind) {
  static constexpr std::array<std::string_view, 23> kNames = {"connect arrives",
                                                              "connect answered",
                                                              "segment arrives",
                                                              "end arrives",
                                                              "reset arrives",
                                                              "readable",
                                                              "disk done",
                                                              "batch end",
                                                              "tick",
                                                              "start",
                                                              "crash",
                                                              "client wakes",
                                                              "fault",
                                                              "sender gives up",
                                                              "dial times out",
                                                              "reload",
                                                              "partition heals",
                                                              "file read",
                                                              "disk heals",
                                                              "accepts late",
                                                              "worked off",
                                                              "fault ends",
                                                              "errand"};
  return kNames[static_cast<size_t>(kind)];
}

}  // namespace zoetrope::sim
