#include "properties/history_json.hpp"

#include <cstdio>

namespace zoetrope::properties {
namespace {

// Writes one object or array; a field is separated from the one before by itself.
class Json {
 public:
  explicit Json(std::string& out) : out_(out) {}

  Json& open(char bracket) {
    separate();
    out_ += bracket;
    fresh_ = true;
    return *this;
  }
  Json& close(char bracket) {
    out_ += bracket;
    fresh_ = false;
    return *this;
  }
  Json& key(std::string_view name) {
    separate();
    append_json_string(out_, name);
    out_ += ':';
    fresh_ = true;
    return *this;
  }
  Json& text(std::string_view value) {
    separate();
    append_json_string(out_, value);
    return *this;
  }
  Json& number(int64_t value) {
    separate();
    out_ += std::to_string(value);
    return *this;
  }
  Json& boolean(bool value) {
    separate();
    out_ += value ? "true" : "false";
    return *this;
  }
  Json& field(std::string_view name, std::string_view value) { return key(name).text(value); }
  Json& field(std::string_view name, int64_t value) { return key(name).number(value); }
  Json& flag(std::string_view name, bool value) { return value ? key(name).boolean(true) : *this; }
  Json& moment(std::string_view name, const Moment& moment) {
    return key(name)
        .open('[')
        .number(moment.at.ns)
        .number(static_cast<int64_t>(moment.sequence))
        .close(']');
  }

 private:
  void separate() {
    if (!fresh_) out_ += ',';
    fresh_ = false;
  }

  std::string& out_;
  bool fresh_ = true;
};

void put_acl(Json& json, const Acl& acl) {
  json.key("acl").open('[');
  for (const AclEntry& entry : acl) {
    json.open('[').number(entry.permissions).text(entry.id.scheme).text(entry.id.id).close(']');
  }
  json.close(']');
}

void put_stat(Json& json, const Stat& s) {
  json.key("stat")
      .open('{')
      .field("czxid", s.czxid)
      .field("mzxid", s.mzxid)
      .field("pzxid", s.pzxid);
  json.field("ctime", s.ctime).field("mtime", s.mtime).field("version", s.version);
  json.field("cversion", s.cversion).field("aversion", s.aversion);
  json.field("owner", s.ephemeral_owner).field("length", s.data_length);
  json.field("children", s.num_children).close('}');
}

void put_arguments(Json& json, const Arguments& args) {
  json.field("op", to_string(args.kind));
  if (!args.path.empty()) json.field("path", args.path);
  if (args.data) json.field("data", *args.data);
  if (args.kind == OpKind::kCreate) json.field("mode", to_string(args.mode));
  if (args.version != -1) json.field("version", args.version);
  json.flag("with_stat", args.with_stat).flag("watch", args.watch);
  if (args.watch_type != 0) json.field("watch_type", args.watch_type);
  if (args.ttl_ms != 0) json.field("ttl_ms", args.ttl_ms);
  if (!args.acl.empty()) put_acl(json, args.acl);
}

void put_result(Json& json, const Result& result) {
  json.field("error", static_cast<int64_t>(result.error));
  if (!result.path.empty()) json.field("result_path", result.path);
  if (result.data) json.field("result_data", *result.data);
  if (result.stat) put_stat(json, *result.stat);
  if (!result.children.empty()) {
    json.key("names").open('[');
    for (const std::string& name : result.children) json.text(name);
    json.close(']');
  }
  if (result.number != 0) json.field("number", result.number);
  if (!result.acl.empty()) {
    json.key("result").open('{');
    put_acl(json, result.acl);
    json.close('}');
  }
}

void put(Json& json, const Connection& c, size_t index) {
  json.field("type", "connection").field("index", static_cast<int64_t>(index));
  json.field("client", c.client).field("server", c.server.value);
  json.field("requested_session", c.requested_session.value);
  json.field("last_zxid_seen", c.last_zxid_seen.value).moment("opened", c.opened);
  if (c.established) json.moment("established", *c.established);
  json.field("session", c.session.value).field("timeout_ms", c.timeout_ms);
  json.flag("refused", c.refused);
  if (c.closed) json.moment("closed", *c.closed);
}

void put(Json& json, const Operation& op) {
  json.field("type", "operation").field("client", op.client).field("connection", op.connection);
  json.field("session", op.session.value).field("xid", op.xid.value);
  put_arguments(json, op.args);
  if (!op.parts.empty()) {
    json.key("parts").open('[');
    for (const Arguments& part : op.parts) {
      json.open('{');
      put_arguments(json, part);
      json.close('}');
    }
    json.close(']');
  }
  if (!op.watches.empty()) {
    json.key("watches").open('[');
    for (const WatchEntry& entry : op.watches) {
      json.open('[').number(static_cast<int64_t>(entry.list)).text(entry.path).close(']');
    }
    json.close(']');
  }
  json.moment("invoked", op.invoked);
  if (!op.completed) return;
  json.moment("completed", *op.completed).field("zxid", op.zxid.value);
  put_result(json, op.result);
  if (op.part_results.empty()) return;
  json.key("part_results").open('[');
  for (const Result& part : op.part_results) {
    json.open('{');
    put_result(json, part);
    json.close('}');
  }
  json.close(']');
}

void put(Json& json, const WatchEvent& event) {
  json.field("type", "event").field("connection", event.connection);
  json.moment("received", event.received).field("zxid", event.zxid.value);
  json.field("event", to_string(event.type)).field("path", event.path);
}

void put(Json& json, const ServerEvent& event) {
  static constexpr std::string_view kNames[] = {"started", "crashed", "stopped"};
  json.field("type", "server").field("server", event.server.value);
  json.field("event", kNames[static_cast<size_t>(event.kind)]).moment("at", event.when);
}

void put(Json& json, const ConfigurationEvent& event) {
  json.field("type", "configuration").field("server", event.server.value);
  json.field("version", event.version).field("text", event.text);
  json.field("epoch", event.epoch);
  json.flag("at_start", event.is_at_start).moment("at", event.when);
}

void put(Json& json, const CommittedTxn& txn) {
  json.field("type", "committed").field("zxid", txn.zxid.value).field("session", txn.session.value);
  json.field("cxid", txn.cxid).field("txn", txn.type).field("time_ms", txn.time_ms);
  json.field("error", static_cast<int64_t>(txn.error));
  if (txn.applied) json.field("applied_ns", txn.applied->ns);
  if (txn.paths.empty()) return;
  json.key("paths").open('[');
  for (const std::string& path : txn.paths) json.text(path);
  json.close(']');
}

void put(Json& json, const FinalNode& node) {
  json.field("type", "final").field("path", node.path);
  if (node.data) json.field("data", *node.data);
  put_stat(json, node.stat);
  put_acl(json, node.acl);
}

template <class... Args>
void line(std::string& out, const Args&... args) {
  Json json(out);
  json.open('{');
  put(json, args...);
  json.close('}');
  out += '\n';
}

}  // namespace

void append_json_string(std::string& out, std::string_view text) {
  out += '"';
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (byte < 0x20 || byte >= 0x7f) {
      char escaped[8];
      std::snprintf(escaped, sizeof escaped, "\\u%04x", byte);
      out += escaped;
    } else {
      out += c;
    }
  }
  out += '"';
}

std::string to_json_lines(const History& history) {
  std::string out;
  {
    Json json(out);
    json.open('{').field("type", "setup").field("tick_time_ms", history.setup.tick_time_ms);
    json.flag("extended_types_enabled", history.setup.extended_types_enabled);
    json.field("servers", history.setup.servers);
    json.field("unheard_max_ns", history.setup.unheard_max.ns);
    if (history.setup.calm_since) json.field("calm_since_ns", history.setup.calm_since->ns);
    json.field("delay_max_ns", history.setup.delay_max.ns)
        .field("end_ns", history.end.ns)
        .close('}');
    out += '\n';
  }
  for (size_t i = 0; i < history.connections.size(); ++i) line(out, history.connections[i], i);
  for (const Operation& op : history.operations) line(out, op);
  for (const WatchEvent& event : history.events) line(out, event);
  for (const ServerEvent& event : history.server_events) line(out, event);
  for (const ConfigurationEvent& event : history.configurations) line(out, event);
  for (const CommittedTxn& txn : history.committed) line(out, txn);
  for (const FinalNode& node : history.final_nodes) line(out, node);
  return out;
}

std::string to_json(const Violation& violation) {
  std::string out;
  Json json(out);
  json.open('{').field("property", violation.property).field("summary", violation.summary);
  json.key("evidence").open('[');
  for (const std::string& text : violation.evidence) json.text(text);
  json.close(']').close('}');
  return out;
}

}  // namespace zoetrope::properties
