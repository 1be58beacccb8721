#include "scenario/script_text.hpp"

#include "scenario/writer.hpp"

namespace zoetrope::scenario {

using properties::Arguments;
using properties::NodeMode;
using properties::OpKind;
using sim::ClientAction;
using sim::ClientDeed;
using sim::ScriptOperation;

namespace {

// What a script may send as an operation, and as a part of a multi or a multiRead.
constexpr OpKind kOperations[] = {OpKind::kCreate,
                                  OpKind::kDelete,
                                  OpKind::kSetData,
                                  OpKind::kSetAcl,
                                  OpKind::kMulti,
                                  OpKind::kReconfig,
                                  OpKind::kExists,
                                  OpKind::kGetData,
                                  OpKind::kGetAcl,
                                  OpKind::kGetChildren,
                                  OpKind::kGetAllChildrenNumber,
                                  OpKind::kGetEphemerals,
                                  OpKind::kMultiRead,
                                  OpKind::kSync,
                                  OpKind::kAddWatch,
                                  OpKind::kRemoveWatches,
                                  OpKind::kCheckWatches};
constexpr OpKind kParts[] = {OpKind::kCreate, OpKind::kDelete,  OpKind::kSetData,
                             OpKind::kCheck,  OpKind::kGetData, OpKind::kGetChildren};
constexpr NodeMode kModes[] = {
    NodeMode::kPersistent,          NodeMode::kEphemeral, NodeMode::kPersistentSequential,
    NodeMode::kEphemeralSequential, NodeMode::kContainer, NodeMode::kTtl,
    NodeMode::kTtlSequential};
constexpr std::string_view kMalformed[] = {"short setData",   "short getData", "unknown type",
                                           "negative length", "huge length",   "no header"};

template <typename Values>
auto names_in(const Values& values) {
  std::vector<std::string_view> names;
  for (const auto value : values) names.push_back(to_string(value));
  return names;
}

// Data may be long and dull: so many dots, then so many zero bytes, behind what is written out.
struct LongData {
  std::string text;
  uint64_t dots = 0, zeros = 0;

  static LongData of(std::string data) {
    LongData parts;
    const auto count = [&data](char c) {
      const size_t last = data.find_last_not_of(c);
      const size_t kept = last == std::string::npos ? 0 : last + 1;
      const uint64_t cut = data.size() - kept;
      data.resize(kept);
      return cut;
    };
    parts.zeros = count('\0');
    parts.dots = count('.');
    if (parts.dots < 8) data.append(std::exchange(parts.dots, 0), '.');
    parts.text = std::move(data);
    return parts;
  }
  std::string whole() const { return text + std::string(dots, '.') + std::string(zeros, '\0'); }
};

constexpr uint64_t kDataBytesMax = 64 << 20;

bool has_acl(OpKind kind) {
  return kind == OpKind::kCreate || kind == OpKind::kSetAcl;
}

// --- reading -------------------------------------------------------------------------------------

void read_data(Reader& in, Arguments& args) {
  LongData data;
  const bool is_given = in.find("data") != nullptr;
  in.field("data", data.text, "that is written");
  in.field("dots", data.dots, "behind it");
  in.field("zeros", data.zeros, "bytes behind those");
  if (data.dots > kDataBytesMax) in.refuse(*in.find("dots"), "dots", "64 MiB at most");
  if (data.zeros > kDataBytesMax) in.refuse(*in.find("zeros"), "zeros", "64 MiB at most");
  if (data.dots > kDataBytesMax || data.zeros > kDataBytesMax) return;
  if (is_given || data.dots + data.zeros != 0) args.data = data.whole();
}

void read_acl(Reader& in, Arguments& args) {
  if (args.kind == OpKind::kCreate) args.acl = properties::open_acl();
  const toml::node* node = in.find("acl");
  if (node == nullptr) return;
  args.acl.clear();
  const toml::array* list = node->as_array();
  if (list == nullptr) return in.refuse(*node, "acl", "a list such as [\"world:anyone:cdrwa\"]");
  for (const toml::node& each : *list) {
    const std::optional<std::string> words = each.value_exact<std::string>();
    const auto entry = words ? acl_entry_of(*words) : std::nullopt;
    if (!entry) return in.refuse(each, "acl", "entries such as \"world:anyone:cdrwa\"");
    args.acl.push_back(*entry);
  }
}

void read_operation(Reader& in, ScriptOperation& op) {
  Arguments& args = op.args;
  if (args.kind == OpKind::kReconfig) {
    std::string joining;
    in.field("leaving", args.path, "ids of servers, with commas");
    in.field("joining", joining, "lines of servers, with commas");
    in.field("whole", args.with_stat, "'joining' names all members");
    if (in.find("joining") != nullptr) args.data = joining;
    return;
  }
  in.field("path", args.path, "of the znode");
  in.field("made", op.made, "instead: one of the last names that servers made up, by its place");
  if (op.made && *op.made >= sim::kMadeNames) in.refuse(*in.find("made"), "made", "0 to 7");
  read_data(in, args);
  in.field("version", args.version, "-1: any");
  if (const toml::node* node = in.find("mode")) {
    const std::optional<std::string> name = node->value_exact<std::string>();
    const auto names = names_in(kModes);
    const auto place = name ? place_of(names, *name) : std::nullopt;
    if (place) {
      args.mode = kModes[*place];
    } else {
      in.refuse(*node, "mode", "one of " + listed(names));
    }
  }
  in.field("ttl-ms", args.ttl_ms, "of the znode");
  in.field("with-stat", args.with_stat, "the reply has a Stat");
  in.field("watch", args.watch, "leaves a watch");
  in.field("watch-type", args.watch_type, "of addWatch, removeWatches and checkWatches");
  if (has_acl(args.kind)) read_acl(in, args);
}

std::optional<OpKind> kind_in(const auto& kinds, std::string_view name) {
  const auto place = place_of(names_in(kinds), name);
  return place ? std::optional(kinds[*place]) : std::nullopt;
}

void read_parts(Reader& in, std::vector<ScriptOperation>& parts, Text& text) {
  const toml::node* node = in.find("parts");
  if (node == nullptr) return;
  const toml::array* list = node->as_array();
  if (list == nullptr) return in.refuse(*node, "parts", "a list of operations");
  for (const toml::node& each : *list) {
    const toml::table* table = each.as_table();
    if (table == nullptr) return in.refuse(each, "parts", "a list of tables");
    Reader part(*table, "a part", text);
    std::string name;
    part.need("do", name, "what");
    const auto kind = kind_in(kParts, name);
    if (!kind) {
      part.refuse(each, "do", "one of " + listed(names_in(kParts)));
      continue;
    }
    ScriptOperation& op = parts.emplace_back();
    op.args.kind = *kind;
    read_operation(part, op);
    part.finish();
  }
}

// The names of all that is no operation.
constexpr std::string_view kLeave = "leave", kCloseSession = "closeSession",
                           kFallSilent = "fall silent", kVanish = "vanish",
                           kSendMalformed = "malformed", kReadSlowly = "read slowly";

std::optional<ClientDeed> read_deed(Reader& in, const toml::node& node, const std::string& name,
                                    Text& text) {
  if (const auto kind = kind_in(kOperations, name)) {
    sim::Operate operate;
    operate.operation.args.kind = *kind;
    read_operation(in, operate.operation);
    read_parts(in, operate.parts, text);
    return operate;
  }
  if (name == kCloseSession) return sim::CloseSession{};
  if (name == kLeave) {
    sim::Leave leave;
    in.field("resets", leave.resets, "its connection");
    in.field("at-once", leave.at_once, "goes to another server at once");
    return leave;
  }
  if (name == kFallSilent) {
    sim::FallSilent silence;
    in.field("closes", silence.closes, "its connection first");
    in.field("percent-of-timeout", silence.percent_of_timeout, "of its session");
    return silence;
  }
  if (name == kVanish) {
    sim::Vanish vanish;
    in.field("percent-of-timeout", vanish.percent_of_timeout, "of its session");
    return vanish;
  }
  if (name == kReadSlowly) {
    sim::ReadSlowly slow;
    in.field("percent-of-timeout", slow.percent_of_timeout, "of its session");
    return slow;
  }
  if (name == kSendMalformed) {
    std::string what(kMalformed[0]);
    in.field("what", what, "is sent");
    const auto place = place_of(kMalformed, what);
    if (place) return sim::SendMalformed{static_cast<sim::SendMalformed::Kind>(*place)};
    in.refuse(*in.find("what"), "what", "one of " + listed(kMalformed));
    return sim::SendMalformed{};
  }
  in.refuse(node, "do",
            "one of " + listed(names_in(kOperations)) + ", " +
                listed(std::array{kCloseSession, kLeave, kFallSilent, kVanish, kReadSlowly,
                                  kSendMalformed}));
  return std::nullopt;
}

// --- writing -------------------------------------------------------------------------------------

void write_operation(Writer& out, const ScriptOperation& op) {
  const Arguments defaults;
  const Arguments& args = op.args;
  if (args.kind == OpKind::kReconfig) {
    if (!args.path.empty()) out.field("leaving", args.path, "");
    if (args.data) out.field("joining", *args.data, "");
    if (args.with_stat) out.field("whole", true, "");
    return;
  }
  if (!args.path.empty()) out.field("path", args.path, "");
  if (op.made) out.field("made", *op.made, "");
  if (args.data) {
    const LongData data = LongData::of(*args.data);
    out.field("data", data.text, "");
    if (data.dots != 0) out.field("dots", data.dots, "");
    if (data.zeros != 0) out.field("zeros", data.zeros, "");
  }
  if (args.version != defaults.version) out.field("version", args.version, "");
  if (args.mode != defaults.mode) out.add("mode", quoted(to_string(args.mode)));
  if (args.ttl_ms != 0) out.field("ttl-ms", args.ttl_ms, "");
  if (args.with_stat) out.field("with-stat", true, "");
  if (args.watch) out.field("watch", true, "");
  if (args.watch_type != 0) out.field("watch-type", args.watch_type, "");
  const bool acl_is_usual =
      args.kind == OpKind::kCreate ? args.acl == properties::open_acl() : args.acl.empty();
  if (!acl_is_usual) {
    out.add("acl", list_of(args.acl, [](const auto& entry) { return quoted(to_words(entry)); }));
  }
}

std::string table_of(Writer& writer) {
  return "{ " + joined(writer.take(), ", ") + " }";
}

struct WriteDeed {
  Writer& out;

  void name(std::string_view text) { out.add("do", quoted(text)); }
  void operator()(const sim::Operate& operate) {
    name(to_string(operate.operation.args.kind));
    write_operation(out, operate.operation);
    if (operate.parts.empty()) return;
    out.add("parts", list_of(operate.parts, [](const ScriptOperation& part) {
              Writer inner;
              inner.add("do", quoted(to_string(part.args.kind)));
              write_operation(inner, part);
              return table_of(inner);
            }));
  }
  void operator()(const sim::Leave& leave) {
    name(kLeave);
    if (leave.resets) out.field("resets", true, "");
    if (leave.at_once) out.field("at-once", true, "");
  }
  void operator()(const sim::CloseSession&) { name(kCloseSession); }
  void operator()(const sim::FallSilent& silence) {
    name(kFallSilent);
    if (silence.closes) out.field("closes", true, "");
    out.field("percent-of-timeout", silence.percent_of_timeout, "");
  }
  void operator()(const sim::Vanish& vanish) {
    name(kVanish);
    out.field("percent-of-timeout", vanish.percent_of_timeout, "");
  }
  void operator()(const sim::SendMalformed& malformed) {
    name(kSendMalformed);
    out.add("what", quoted(kMalformed[static_cast<size_t>(malformed.kind)]));
  }
  void operator()(const sim::ReadSlowly& slow) {
    name(kReadSlowly);
    out.field("percent-of-timeout", slow.percent_of_timeout, "");
  }
};

}  // namespace

std::vector<ClientAction> read_script(const toml::node& node, Text& text) {
  std::vector<ClientAction> script;
  const toml::array* list = node.as_array();
  if (list == nullptr) {
    text.complain(node,
                  "'script' must be a list of actions such as { do = \"create\", path = "
                  "\"/a\" }");
    return script;
  }
  for (const toml::node& each : *list) {
    const toml::table* table = each.as_table();
    if (table == nullptr) {
      text.complain(each, "an action of a script must be a table");
      continue;
    }
    Reader in(*table, "an action", text);
    std::string name;
    in.need("do", name, "what the client does");
    ClientAction action;
    in.field("pause", action.pause, "before the next action");
    if (in.find("do") == nullptr) continue;
    std::optional<ClientDeed> deed = read_deed(in, each, name, text);
    if (!deed) continue;
    in.finish();
    action.deed = *std::move(deed);
    script.push_back(std::move(action));
  }
  return script;
}

std::string write_script(const std::vector<ClientAction>& script) {
  std::string text = "[\n";
  for (const ClientAction& action : script) {
    Writer out;
    std::visit(WriteDeed{out}, action.deed);
    if (action.pause.ns != 0) out.field("pause", action.pause, "");
    text += "  " + table_of(out) + ",\n";
  }
  return text + "]";
}

}  // namespace zoetrope::scenario
