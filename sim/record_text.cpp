// Records as lines for people.
#include <array>
#include <cstdio>
#include <variant>

#include "core/node/effects.hpp"
#include "properties/history.hpp"
#include "sim/event_queue.hpp"
#include "sim/record.hpp"
#include "sim/trace.hpp"

namespace zoetrope::sim {
namespace {

constexpr std::array<std::string_view, 5> kDeliveryNames = {"accepted", "connected", "refused",
                                                            "read", "closed"};
constexpr std::array<std::string_view, std::variant_size_v<node::Input>> kInputNames = {
    "takes a new connection",
    "takes the connection that it asked for",
    "takes the failure of a connection that it asked for",
    "takes bytes",
    "takes the end of a connection",
    "takes the backlog of a connection",
    "takes the end of a disk operation",
    "takes a piece of a file",
    "takes the state recovered anew",
    "takes facts of its host",
    "takes a tick",
    "takes the end of a batch",
    "takes the order to stop"};
constexpr std::array<std::string_view, std::variant_size_v<node::Effect>> kEffectNames = {
    "sends",
    "closes",
    "pauses reading",
    "goes on reading",
    "asks for the backlog",
    "disk",
    "reads a file",
    "dials",
    "abandons a dial",
    "listens",
    "moves a port",
    "cuts its history",
    "asks for facts of its host",
    "says",
    "halts"};
constexpr std::array<std::string_view, 10> kStateNames = {
    "started",    "refused to start", "is",      "applied",   "killed",
    "power lost", "halted",           "reloads", "is paused", "goes on"};
constexpr std::array<std::string_view, 3> kFaultNames = {"step", "begins", "ends"};
constexpr std::array<std::string_view, 3> kPhaseNames = {"asks", "is answered", "never learns"};

bool is_network(EventKind kind) {
  switch (kind) {
    case EventKind::kConnectArrives:
    case EventKind::kConnectAnswered:
    case EventKind::kSegmentArrives:
    case EventKind::kEndArrives:
    case EventKind::kResetArrives:
    case EventKind::kReadable:
    case EventKind::kGiveUp:
    case EventKind::kAcceptsLate: return true;
    default: return false;
  }
}

std::string side_text(const Record& record) {
  return record.side ? " at the acceptor" : " at the opener";
}

std::string event_text(const Record& record, uint32_t servers) {
  const auto kind = static_cast<EventKind>(record.what);
  std::string text(to_string(kind));
  if (is_network(kind)) {
    text += ", connection " + connection_text(record.subject) + side_text(record);
    if (kind == EventKind::kSegmentArrives) text += ", " + std::to_string(record.detail) + " bytes";
    return text;
  }
  switch (kind) {
    case EventKind::kClientWake:
      return text + ", " + lane_name(servers + static_cast<uint32_t>(record.subject), servers);
    case EventKind::kFault:
    case EventKind::kHeal:
    case EventKind::kFaultEnds:
    case EventKind::kErrand: return text + ", number " + std::to_string(record.subject);
    default: return text + ", " + lane_name(static_cast<uint32_t>(record.subject), servers);
  }
}

std::string effect_text(const Record& record) {
  const size_t what = record.what;
  std::string text(kEffectNames[what]);
  // Send, Close, PauseReading, ResumeReading, AskBacklog have connections.
  if (what <= node::Effect(node::AskBacklog{}).index()) {
    text += ", connection " + connection_text(record.subject);
    if (what == 0) text += ", " + std::to_string(record.detail) + " bytes";
    if (record.waits) text += ", which is gone";
  } else if (what == node::Effect(node::Disk{}).index()) {
    text += " operation " + std::to_string(record.subject) + ": ";
    if (record.text.empty()) text += "write " + std::to_string(record.detail) + " bytes";
  }
  return text;
}

std::string plain_text(const Record& record, uint32_t servers) {
  switch (record.kind) {
    case RecordKind::kEvent: return event_text(record, servers);
    case RecordKind::kDelivery: {
      std::string text(kDeliveryNames[record.what]);
      text += ", connection " + connection_text(record.subject) + side_text(record);
      if (record.what == static_cast<uint8_t>(Delivery::Kind::kBytes)) {
        text += ", " + std::to_string(record.detail) + " bytes";
      }
      return text + (record.waits ? ", not taken yet" : "");
    }
    case RecordKind::kInput: return std::string(kInputNames[record.what]);
    case RecordKind::kEffect: return effect_text(record);
    case RecordKind::kState: {
      std::string text(kStateNames[record.what]);
      const auto change = static_cast<StateChange>(record.what);
      const bool has_zxid = change == StateChange::kStarted || change == StateChange::kApplied;
      return has_zxid ? text + " " + zxid_text(record.subject) : text;
    }
    case RecordKind::kFault: return "fault " + std::string(kFaultNames[record.what]) + ":";
    case RecordKind::kOperation:
      return std::string(kPhaseNames[record.detail % kPhaseNames.size()]) + " " +
             std::string(to_string(static_cast<properties::OpKind>(record.what))) + ", xid " +
             std::to_string(static_cast<int32_t>(record.subject));
    case RecordKind::kViolation: return "VIOLATION";
  }
  return {};
}

}  // namespace

uint8_t whats_of(RecordKind kind) {
  static constexpr std::array<uint8_t, kRecordKinds> kWhats = {
      static_cast<uint8_t>(EventKind::kErrand) + 1,
      kDeliveryNames.size(),
      kInputNames.size(),
      kEffectNames.size(),
      kStateNames.size(),
      kFaultNames.size(),
      static_cast<uint8_t>(properties::OpKind::kMalformed) + 1,
      1};
  static_assert(static_cast<size_t>(EventKind::kErrand) < kWhatMax &&
                static_cast<size_t>(properties::OpKind::kMalformed) < kWhatMax &&
                kEffectNames.size() <= kWhatMax);
  return kWhats[static_cast<size_t>(kind)];
}

std::string connection_text(uint64_t connection) {
  const ConnectionId id(connection);
  return std::to_string(id.slot()) + "." + std::to_string(id.generation());
}

std::string zxid_text(uint64_t zxid) {
  char text[24];
  std::snprintf(text, sizeof text, "0x%llx", static_cast<unsigned long long>(zxid));
  return text;
}

std::string lane_name(uint32_t lane, uint32_t servers) {
  if (lane == kWorldLane) return "the world";
  if (lane < servers) return "server " + std::to_string(lane + 1);
  return "client " + std::to_string(lane - servers);
}

std::string describe(const Record& record, uint32_t servers) {
  std::string text;
  if (record.kind != RecordKind::kEvent && record.lane != kWorldLane) {
    text = lane_name(record.lane, servers) + " ";
  }
  text += plain_text(record, servers);
  if (!record.text.empty()) text += " " + std::string(record.text);
  if (record.digest != 0) {
    char digest[24];
    std::snprintf(digest, sizeof digest, ", digest %04x", record.digest);
    text += digest;
  }
  return text;
}

std::string line_of(const Record& record, uint32_t servers) {
  if (record.kind != RecordKind::kEvent) return "    " + describe(record, servers);
  std::string text = std::to_string(record.number) + "  " + time_text(record.at) + "  " +
                     describe(record, servers);
  return record.cause == 0 ? text : text + "  (of " + std::to_string(record.cause) + ")";
}

}  // namespace zoetrope::sim
