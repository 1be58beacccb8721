#include "properties/history.hpp"

#include <array>
#include <cstdio>

namespace zoetrope::properties {
namespace {

constexpr std::array<std::string_view, 23> kOpNames = {"create",
                                                       "delete",
                                                       "setData",
                                                       "setACL",
                                                       "check",
                                                       "multi",
                                                       "reconfig",
                                                       "closeSession",
                                                       "exists",
                                                       "getData",
                                                       "getACL",
                                                       "getChildren",
                                                       "getAllChildrenNumber",
                                                       "getEphemerals",
                                                       "multiRead",
                                                       "sync",
                                                       "addWatch",
                                                       "removeWatches",
                                                       "checkWatches",
                                                       "setWatches",
                                                       "auth",
                                                       "ping",
                                                       "malformed"};

constexpr std::array<std::string_view, 7> kModeNames = {
    "persistent", "ephemeral", "persistent-sequential", "ephemeral-sequential",
    "container",  "ttl",       "ttl-sequential"};

std::string hex(int64_t value) {
  char text[24];
  std::snprintf(text, sizeof text, "0x%llx", static_cast<unsigned long long>(value));
  return text;
}

std::string time_text(const Moment& moment) {
  char text[40];
  std::snprintf(text, sizeof text, "%lld.%06lldms",
                static_cast<long long>(moment.at.ns / 1'000'000),
                static_cast<long long>(moment.at.ns % 1'000'000));
  return text;
}

std::string arguments_text(const Arguments& args) {
  std::string text(to_string(args.kind));
  text += '(' + args.path;
  if (args.kind == OpKind::kCreate) text += ", " + std::string(to_string(args.mode));
  if (args.data) text += ", " + std::to_string(args.data->size()) + " bytes";
  if (args.version != -1) text += ", version " + std::to_string(args.version);
  if (args.watch) text += ", watch";
  if (args.watch_type != 0) text += ", type " + std::to_string(args.watch_type);
  return text + ')';
}

std::string result_text(const Result& result) {
  if (result.error != ErrorCode::kOk) return std::string(to_string(result.error));
  std::string text = "ok";
  if (!result.path.empty()) text += ' ' + result.path;
  if (result.data) text += ", " + std::to_string(result.data->size()) + " bytes";
  if (result.stat) text += ", " + describe(*result.stat);
  if (!result.children.empty()) text += ", " + std::to_string(result.children.size()) + " names";
  return text;
}

}  // namespace

std::string_view to_string(OpKind kind) {
  return kOpNames[static_cast<size_t>(kind)];
}
std::string_view to_string(NodeMode mode) {
  return kModeNames[static_cast<size_t>(mode)];
}

std::string_view to_string(EventType type) {
  switch (type) {
    case EventType::kNodeCreated: return "NodeCreated";
    case EventType::kNodeDeleted: return "NodeDeleted";
    case EventType::kNodeDataChanged: return "NodeDataChanged";
    case EventType::kNodeChildrenChanged: return "NodeChildrenChanged";
  }
  return "unknown event";
}

bool is_write(OpKind kind) {
  return kind <= OpKind::kCloseSession;
}

bool is_ephemeral(NodeMode mode) {
  return mode == NodeMode::kEphemeral || mode == NodeMode::kEphemeralSequential;
}

bool is_sequential(NodeMode mode) {
  return mode == NodeMode::kPersistentSequential || mode == NodeMode::kEphemeralSequential ||
         mode == NodeMode::kTtlSequential;
}

Acl open_acl() {
  return {{kAllPermissions, {"world", "anyone"}}};
}

std::string describe(const Stat& s) {
  char text[256];
  std::snprintf(text, sizeof text,
                "stat{c 0x%llx m 0x%llx p 0x%llx ct %lld mt %lld v %d cv %d av %d owner 0x%llx len "
                "%d children %d}",
                static_cast<unsigned long long>(s.czxid), static_cast<unsigned long long>(s.mzxid),
                static_cast<unsigned long long>(s.pzxid), static_cast<long long>(s.ctime),
                static_cast<long long>(s.mtime), s.version, s.cversion, s.aversion,
                static_cast<unsigned long long>(s.ephemeral_owner), s.data_length, s.num_children);
  return text;
}

std::string describe(const Acl& acl) {
  std::string text = "[";
  for (const AclEntry& entry : acl) {
    if (text.size() > 1) text += ' ';
    text += entry.id.scheme + ':' + entry.id.id + ':' + std::to_string(entry.permissions);
  }
  return text + ']';
}

std::string describe(const Operation& op) {
  std::string text = "at " + time_text(op.invoked) + " client " + std::to_string(op.client) +
                     " session " + hex(op.session.value) + " xid " + std::to_string(op.xid.value) +
                     ": " + arguments_text(op.args);
  for (const Arguments& part : op.parts) text += ' ' + arguments_text(part);
  if (!op.completed) return text + " -> outcome unknown";
  text += " -> zxid " + hex(op.zxid.value) + ' ' + result_text(op.result);
  for (const Result& part : op.part_results) text += " | " + result_text(part);
  return text + " at " + time_text(*op.completed);
}

std::string describe(const WatchEvent& event) {
  return "at " + time_text(event.received) + " connection " + std::to_string(event.connection) +
         ": event " + std::string(to_string(event.type)) + ' ' + event.path + " zxid " +
         hex(event.zxid.value);
}

std::string describe(const ConfigurationEvent& event) {
  std::string text = event.text;
  for (char& c : text) c = c == '\n' ? ' ' : c;
  return "server " + std::to_string(event.server.value) +
         (event.is_at_start ? " started with " : " put in force ") + text + " at " +
         time_text(event.when);
}

std::string describe(const CommittedTxn& txn) {
  std::string text = "committed zxid " + hex(txn.zxid.value) + ": type " +
                     std::to_string(txn.type) + " of session " + hex(txn.session.value) + " cxid " +
                     std::to_string(txn.cxid);
  if (txn.type == kTxnError) text += ' ' + std::string(to_string(txn.error));
  for (const std::string& path : txn.paths) text += ' ' + path;
  return text;
}

}  // namespace zoetrope::properties
