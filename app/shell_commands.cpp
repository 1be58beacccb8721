// The table of commands, and those that are one request.
#include "app/shell_commands.hpp"

#include <algorithm>

namespace zoetrope::app {
namespace {

constexpr int64_t kTtlMsMax = (int64_t{1} << 40) - 1;
constexpr std::string_view kVersion = ZT_VERSION;

// The first argument, which is a path.
std::string path_of(const CommandWords& words) {
  const std::string& path = words.arguments()[0];
  check_path(path);
  return path;
}

int32_t version_of(const CommandWords& words) {
  const auto version = words.number("v", "-v must be followed by a number");
  if (!version) return -1;
  if (*version < INT32_MIN || *version > INT32_MAX) throw usage_error("-v is out of range");
  return static_cast<int32_t>(*version);
}

// -w, or a second argument, which was its old spelling.
bool watch_of(const CommandContext& context, const CommandWords& words, std::string_view name,
              std::string_view usage) {
  if (words.arguments().size() < 2) return words.has("w");
  context.out.note("'" + std::string(name) + " path [watch]' has been deprecated. Please use '" +
                   std::string(name) + " " + std::string(usage) + "' instead.");
  return true;
}

void run_addauth(CommandContext context, const CommandWords& words) {
  const auto& arguments = words.arguments();
  jute::BufferView auth;
  if (arguments.size() > 1) auth = arguments[1];
  must(context.session.add_auth(arguments[0], auth), "");
}

void run_add_watch(CommandContext context, const CommandWords& words) {
  std::string mode = words.value("m").value_or("PERSISTENT_RECURSIVE");
  std::transform(mode.begin(), mode.end(), mode.begin(),
                 [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c; });
  if (mode != "PERSISTENT" && mode != "PERSISTENT_RECURSIVE") {
    throw usage_error("-m is PERSISTENT or PERSISTENT_RECURSIVE");
  }
  const std::string path = path_of(words);
  must(add_watch(context.session, path, mode == "PERSISTENT_RECURSIVE"), path);
}

CreateMode create_mode_of(const CommandWords& words) {
  CreateMode mode{words.has("e"), words.has("s"), words.has("c"),
                  words.number("t", "-t argument must be a long value")};
  if (mode.container && (mode.ephemeral || mode.sequential)) {
    throw usage_error(
        "-c cannot be combined with -s or -e. Containers cannot be ephemeral or "
        "sequential.");
  }
  if (mode.ttl_ms && mode.ephemeral) {
    throw usage_error("TTLs cannot be used with Ephemeral znodes");
  }
  if (mode.ttl_ms && mode.container) {
    throw usage_error("TTLs cannot be used with Container znodes");
  }
  if (mode.ttl_ms && (*mode.ttl_ms <= 0 || *mode.ttl_ms > kTtlMsMax)) {
    throw usage_error("ttl must be positive and cannot be larger than: " +
                      std::to_string(kTtlMsMax));
  }
  return mode;
}

void run_create(CommandContext context, const CommandWords& words) {
  const auto& arguments = words.arguments();
  const CreateMode mode = create_mode_of(words);
  const std::string& path = arguments[0];
  // A sequential name gets its digits from the server: "/a/" may be asked for.
  check_path(mode.sequential ? path + "1" : path);
  jute::BufferView data;
  if (arguments.size() > 1) data = arguments[1];
  jute::AclList acl{{jute::kAllPermissions, {"world", "anyone"}}};
  if (arguments.size() > 2) acl = parse_acl(arguments[2]);
  const std::string made = must(create(context.session, path, data, acl, mode), path);
  context.out.field("path", made);
  context.out.note("Created " + made);
}

void run_delete(CommandContext context, const CommandWords& words) {
  const std::string path = path_of(words);
  int32_t version = version_of(words);
  if (words.arguments().size() > 1) {
    context.out.note(
        "'delete path [version]' has been deprecated. Please use 'delete [-v version] path' "
        "instead.");
    version = version_of(CommandWords({"delete", "-v", words.arguments()[1]}, {"v:"}));
  }
  must(remove(context.session, path, version), path);
}

void say_data(ShellOutput& out, const NodeData& node) {
  if (node.data)
    out.field("data", *node.data);
  else
    out.field_null("data");
  out.line(node.data.value_or("null"));
}

void run_get(CommandContext context, const CommandWords& words) {
  const std::string path = path_of(words);
  const bool watch = watch_of(context, words, "get", "[-s] [-w] path");
  const NodeData node = must(get(context.session, path, watch), path);
  say_data(context.out, node);
  if (words.has("s")) context.out.stat(node.stat);
}

void run_get_acl(CommandContext context, const CommandWords& words) {
  const std::string path = path_of(words);
  const NodeAcl node = must(get_acl(context.session, path), path);
  std::string json = "[";
  for (const jute::Acl& acl : node.acl) {
    const std::string permissions = permissions_text(acl.permissions);
    context.out.line("'" + acl.id.scheme + ",'" + acl.id.id + "\n: " + permissions);
    if (json.size() > 1) json += ",";
    json += "{\"scheme\":" + json_text(acl.id.scheme) + ",\"id\":" + json_text(acl.id.id) +
            ",\"perms\":" + json_text(permissions) + "}";
  }
  context.out.field_raw("acl", json + "]");
  if (words.has("s")) context.out.stat(node.stat);
}

void run_get_all_children_number(CommandContext context, const CommandWords& words) {
  const std::string path = path_of(words);
  const int32_t number = must(all_children_number(context.session, path), path);
  context.out.field("number", int64_t{number});
  context.out.line(std::to_string(number));
}

void run_get_ephemerals(CommandContext context, const CommandWords& words) {
  const std::string prefix = words.arguments().empty() ? "/" : path_of(words);
  const auto paths = must(ephemerals(context.session, prefix), prefix);
  context.out.field("ephemerals", paths);
  std::string text = "[";
  for (const std::string& path : paths) text += (text.size() > 1 ? ", " : "") + path;
  context.out.line(text + "]");
}

void run_remove_watches(CommandContext context, const CommandWords& words) {
  const std::string path = path_of(words);
  const WatcherType type = words.has("c")   ? WatcherType::kChildren
                           : words.has("d") ? WatcherType::kData
                                            : WatcherType::kAny;
  must(remove_watches(context.session, path, type, words.has("l")), path);
}

void run_set(CommandContext context, const CommandWords& words) {
  const std::string path = path_of(words);
  const jute::Stat stat =
      must(set(context.session, path, words.arguments()[1], version_of(words)), path);
  if (words.has("s")) context.out.stat(stat);
}

void run_stat(CommandContext context, const CommandWords& words) {
  const std::string path = path_of(words);
  const bool watch = watch_of(context, words, "stat", "[-w] path");
  context.out.stat(must(exists(context.session, path, watch), path));
}

void run_sync(CommandContext context, const CommandWords& words) {
  const std::string path = path_of(words);
  must(sync(context.session, path), path);
  context.out.line("Sync is OK");
}

void run_version(CommandContext context, const CommandWords&) {
  context.out.field("version", kVersion);
  context.out.line("Zoetrope shell version: " + std::string(kVersion));
}

void run_whoami(CommandContext context, const CommandWords&) {
  const auto identities = must(who_am_i(context.session), "");
  context.out.line("Auth scheme: User");
  std::vector<std::string> texts;
  for (const auto& [scheme, user] : identities) texts.push_back(scheme + ": " + user);
  for (const std::string& text : texts) context.out.line(text);
  context.out.field("identities", texts);
}

}  // namespace

const std::vector<Command>& commands() {
  static const std::vector<Command> kCommands = {
      {"addWatch",
       "[-m mode] path # mode is PERSISTENT or PERSISTENT_RECURSIVE (default)",
       {"m:"},
       1,
       run_add_watch},
      {"addauth", "scheme auth", {}, 1, run_addauth},
      {"config", "[-c] [-w] [-s]", {"c", "w", "s"}, 0, run_config},
      {"create", "[-s] [-e] [-c] [-t ttl] path [data] [acl]", {"s", "e", "c", "t:"}, 1, run_create},
      {"delete", "[-v version] path", {"v:"}, 1, run_delete},
      {"deleteall", "path [-b batch size]", {"b:"}, 1, run_deleteall},
      {"delquota", "[-n|-b|-N|-B] path", {"n", "b", "N", "B"}, 1, run_delquota},
      {"get", "[-s] [-w] path", {"s", "w"}, 1, run_get},
      {"getAcl", "[-s] path", {"s"}, 1, run_get_acl},
      {"getAllChildrenNumber", "path", {}, 1, run_get_all_children_number},
      {"getEphemerals", "path", {}, 0, run_get_ephemerals},
      {"listquota", "path", {}, 1, run_listquota},
      {"ls", "[-s] [-w] [-R] path", {"s", "w", "R"}, 1, run_ls},
      {"reconfig",
       "[-s] [-v version] [[-file path] | [-members serverID=host:port1:port2;port3[,...]*]] | "
       "[-add serverId=host:port1:port2;port3[,...]]* [-remove serverId[,...]*]",
       {"s", "v:", "file:", "members:", "add:", "remove:"},
       0,
       run_reconfig},
      {"removewatches", "path [-c|-d|-a] [-l]", {"c", "d", "a", "l"}, 1, run_remove_watches},
      {"set", "[-s] [-v version] path data", {"s", "v:"}, 2, run_set},
      {"setAcl", "[-s] [-v version] [-R] path acl", {"s", "v:", "R"}, 2, run_set_acl},
      {"setquota", "-n|-b|-N|-B val path", {"n:", "b:", "N:", "B:"}, 1, run_setquota},
      {"stat", "[-w] path", {"w"}, 1, run_stat},
      {"sync", "path", {}, 1, run_sync},
      {"version", "", {}, 0, run_version},
      {"whoami", "", {}, 0, run_whoami},
  };
  return kCommands;
}

const Command* find_command(std::string_view name) {
  for (const Command& command : commands()) {
    if (command.name == name) return &command;
  }
  return nullptr;
}

}  // namespace zoetrope::app
