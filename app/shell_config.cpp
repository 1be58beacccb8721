// config and reconfig: the membership of the ensemble (upstream GetConfigCommand, ReconfigCommand).
#include <charconv>

#include "app/shell_commands.hpp"
#include "net/properties.hpp"
#include "net/zoo_config.hpp"

namespace zoetrope::app {
namespace {

std::string trimmed(std::string_view text) {
  const size_t begin = text.find_first_not_of(" \t\r");
  if (begin == std::string_view::npos) return {};
  return std::string(text.substr(begin, text.find_last_not_of(" \t\r") - begin + 1));
}

std::string lower_case(std::string text) {
  for (char& c : text) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
  }
  return text;
}

// "server.1=a:2888:3888:participant;b:2181" gives "b:2181"; a bare port means every address.
std::string client_address(const std::string& server) {
  const size_t semicolon = server.find(';');
  if (semicolon == std::string::npos) return {};
  const std::string address = trimmed(server.substr(semicolon + 1));
  return address.find(':') == std::string::npos ? "0.0.0.0:" + address : address;
}

// "VERSION host:port,host:port": what a client needs to know of a configuration.
std::string client_view(const std::string& config) {
  std::string version;
  std::string servers;
  for (size_t begin = 0; begin < config.size();) {
    const size_t end = std::min(config.find('\n', begin), config.size());
    const std::string line = trimmed(std::string_view(config).substr(begin, end - begin));
    begin = end + 1;
    if (line.starts_with("version=")) version = line.substr(8);
    if (!line.starts_with("server.")) continue;
    servers += (servers.empty() ? "" : ",") + client_address(line);
  }
  return version + " " + servers;
}

// The members that a file lists, one for each comma: its server, group and weight lines. A dynamic
// file may be given as it is; a version in it says nothing of the new configuration.
std::string members_of_file(const std::string& name) {
  const auto text = net::read_whole_file(name);
  if (!text) throw usage_error(text.error());
  const auto entries = net::parse_properties(*text);
  if (!entries) {
    throw usage_error(name + ":" + std::to_string(entries.error().line) + ": " +
                      entries.error().what);
  }
  std::string members;
  for (const net::Property& entry : *entries) {
    const std::string& key = entry.key;
    if (key == "version") continue;
    if (!key.starts_with("server.") && !key.starts_with("group") && !key.starts_with("weight")) {
      throw usage_error(name + ":" + std::to_string(entry.line) + ": " + key +
                        " is no part of a configuration (only server, group and weight are)");
    }
    members += (members.empty() ? "" : ",") + key + "=" + entry.value;
  }
  if (members.empty()) throw usage_error(name + " has no line that begins with 'server.'");
  return members;
}

int64_t config_id_of(const CommandWords& words) {
  const auto text = words.value("v");
  if (!text) return -1;
  int64_t id = 0;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), id, 16);
  if (error != std::errc{} || end != text->data() + text->size()) {
    throw usage_error("-v must be followed by a long (configuration version)");
  }
  return id;
}

}  // namespace

void run_config(CommandContext context, const CommandWords& words) {
  const NodeData node = must(get_config(context.session, words.has("w")), "/zookeeper/config");
  const std::string config = node.data.value_or("null");
  const std::string text = words.has("c") ? client_view(config) : config;
  context.out.field("config", text);
  context.out.line(text);
  if (words.has("s")) context.out.stat(node.stat);
}

void run_reconfig(CommandContext context, const CommandWords& words) {
  const bool whole = words.has("file") || words.has("members");
  const bool steps = words.has("add") || words.has("remove");
  if (!whole && !steps) {
    throw usage_error("reconfig " + std::string(find_command("reconfig")->usage));
  }
  if (whole && steps) {
    throw usage_error(
        "Can't use -file or -members together with -add or -remove (mixing "
        "incremental and non-incremental modes is not allowed)");
  }
  if (words.has("file") && words.has("members")) {
    throw usage_error("Can't use -file and -members together (conflicting non-incremental modes)");
  }
  Reconfiguration change;
  if (words.has("add")) change.joining = lower_case(*words.value("add"));
  if (words.has("remove")) change.leaving = lower_case(*words.value("remove"));
  if (words.has("members")) change.members = lower_case(*words.value("members"));
  if (words.has("file")) change.members = members_of_file(*words.value("file"));
  change.config_id = config_id_of(words);
  const NodeData node = must(reconfig(context.session, change), "");
  context.out.field("config", node.data.value_or(""));
  context.out.line("Committed new configuration:\n" + node.data.value_or(""));
  if (words.has("s")) context.out.stat(node.stat);
}

}  // namespace zoetrope::app
