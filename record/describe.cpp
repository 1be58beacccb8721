// Inputs and effects as lines for people.
#include <array>
#include <string>

#include "record/entry.hpp"

namespace zoetrope::record {

namespace {

template <class... Cases>
struct Match : Cases... {
  using Cases::operator()...;
};

std::string of(ConnectionId connection) {
  return "connection " + std::to_string(connection.slot()) + "." +
         std::to_string(connection.generation());
}

std::string of(node::Port port) {
  static constexpr std::array kNames{"client", "quorum", "election", "observer master"};
  const auto index = static_cast<size_t>(port);
  return std::string(index < kNames.size() ? kNames[index] : "unknown") + " port";
}

std::string bytes(uint64_t n) {
  return std::to_string(n) + (n == 1 ? " byte" : " bytes");
}

std::string outcome(const std::optional<storage::DiskError>& error) {
  return error ? ": " + error->message : std::string();
}

std::string of(const storage::DiskAction& action) {
  using namespace storage;
  return std::visit(
      Match{
          [](const WriteFile& a) {
            return "write " + a.file.name + " at " + std::to_string(a.offset) + ", " +
                   bytes(a.bytes.size());
          },
          [](const SyncFile& a) { return "sync " + a.file.name; },
          [](const RenameFile& a) { return "rename " + a.from.name + " to " + a.to; },
          [](const RemoveFile& a) { return "remove " + a.file.name; },
          [](const TruncateFile& a) { return "cut " + a.file.name + " to " + bytes(a.size); },
          [](const CloseFile& a) { return "close " + a.file.name; },
      },
      action);
}

}  // namespace

std::string describe(const node::Input& input) {
  using namespace node;
  return std::visit(
      Match{
          [](const Opened& i) {
            return of(i.connection) + " opened at the " + of(i.port) + " by " +
                   i.remote.to_string();
          },
          [](const Connected& i) {
            return of(i.connection) + " to " + i.remote.to_string() + " stands";
          },
          [](const ConnectFailed& i) { return "connect failed: " + std::string(i.why); },
          [](const Received& i) {
            return bytes(i.bytes.size()) + " received by " + of(i.connection);
          },
          [](const Closed& i) { return of(i.connection) + " closed by its peer"; },
          [](const Backlog& i) {
            return of(i.connection) + " has " + bytes(i.unsent_bytes) + " unsent";
          },
          [](const DiskDone& i) {
            return "disk operation " + std::to_string(i.op) + " done" + outcome(i.error);
          },
          [](const FileRead& i) { return bytes(i.bytes.size()) + " read" + outcome(i.error); },
          [](const Reloaded&) { return std::string("state recovered from the disk anew"); },
          [](const HostFacts&) { return std::string("facts of the machine"); },
          [](const Tick&) { return std::string("tick"); },
          [](const BatchEnd&) { return std::string("end of batch"); },
          [](const Shutdown&) { return std::string("asked to stop"); },
      },
      input);
}

std::string describe(const node::Effect& effect, const node::Effects& effects) {
  using namespace node;
  return std::visit(
      Match{
          [&](const Send& e) {
            return "send " + bytes(effects.bytes(e).size()) + " to " + of(e.connection);
          },
          [](const Close& e) {
            return std::string(e.how == CloseHow::kReset ? "reset " : "close ") + of(e.connection);
          },
          [](const PauseReading& e) { return "pause " + of(e.connection); },
          [](const ResumeReading& e) { return "resume " + of(e.connection); },
          [](const AskBacklog& e) { return "ask for the backlog of " + of(e.connection); },
          [](const Disk& e) { return of(e.op.action); },
          [](const ReadFile& e) {
            return "read " + e.file.name + " at " + std::to_string(e.offset) + ", " +
                   bytes(e.length);
          },
          [](const Connect& e) { return "connect to " + e.to.to_string(); },
          [](const AbandonConnect&) { return std::string("abandon a connect"); },
          [](const Listen& e) {
            return std::string(e.on ? "open the " : "close the ") + of(e.port);
          },
          [](const Rebind& e) { return "move the " + of(e.port); },
          [](const Reload& e) {
            return std::string(e.last ? "cut the history and recover" : "recover");
          },
          [](const HostFactsQuery&) { return std::string("ask for facts of the machine"); },
          [](const Log& e) { return "log: " + e.text; },
          [](const Halt& e) { return "halt: " + e.reason; },
      },
      effect);
}

}  // namespace zoetrope::record
