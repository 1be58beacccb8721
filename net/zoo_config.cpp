#include "net/zoo_config.hpp"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <map>

#include "core/quorum/config_text.hpp"
#include "core/quorum/ensemble.hpp"
#include "net/config_keys.hpp"
#include "net/config_values.hpp"
#include "net/ensemble_config.hpp"
#include "net/properties.hpp"

namespace zoetrope::net {

namespace {

constexpr int32_t kSnapRetainCountMin = 3;  // upstream MIN_SNAP_RETAIN_COUNT
constexpr int32_t kSnapCountMin = 2;        // upstream ZooKeeperServer.getSnapCount

// Reads entries into a draft and then makes the checks that need several of them.
class Parser {
 public:
  Parser(std::string_view file, const ReadFile& read_file) : file_(file), read_file_(read_file) {}

  // The first thing that is wrong, one line; empty while all is well.
  const std::string& error() const { return error_; }

  void define(std::string_view definition) {
    const size_t equals = definition.find('=');
    const std::string key(definition.substr(0, equals));
    const bool has_value = equals != std::string_view::npos;
    apply(key, has_value ? definition.substr(equals + 1) : "true", "-D " + key);
  }
  void add(const Property& property) {
    const std::string place = at_line(property.line);
    const std::string name = plain_name(property.key);
    if (const auto [entry, is_new] = first_set_.try_emplace(name, place); !is_new) {
      warn(place, name + " is set again: what " + entry->second + " said is not used");
    }
    apply(property.key, property.value, place);
  }
  void finish() {
    if (error_.empty()) check_quorum_sasl();
    if (error_.empty()) check_directories();
    if (error_.empty()) read_myid();
    if (error_.empty()) read_dynamic_file();
    if (error_.empty()) check_members();
    if (error_.empty()) check_ports();
    if (error_.empty()) check_sessions();
    if (error_.empty()) check_snapshots();
    if (error_.empty() && is_member_) read_next_file();
    if (error_.empty() && is_member_) become_member();
  }
  ServerConfig take() {
    for (Warning& warning : warnings_) {
      if (is_member_ || !warning.for_members_only) {
        draft_.config.warnings.push_back(std::move(warning.text));
      }
    }
    return std::move(draft_.config);
  }

 private:
  static std::string plain_name(const std::string& key) {
    return key.starts_with("zookeeper.") ? key.substr(10) : key;
  }
  std::string at_line(uint32_t line) const { return file_ + ":" + std::to_string(line); }
  // Where a key was set, or the file alone when it was not.
  std::string place_of(const std::string& name) const {
    const auto found = places_.find(name);
    return found == places_.end() ? file_ : found->second;
  }
  // Keys and values may hold any character, by an escape such as \n; a message stays one line.
  static std::string one_line(std::string text) {
    for (char& c : text) {
      if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = '?';
    }
    return text;
  }
  void fail(const std::string& place, const std::string& text) {
    if (error_.empty()) error_ = one_line(place + ": " + text);
  }
  void warn(const std::string& place, const std::string& text, bool for_members_only = false) {
    warnings_.push_back({one_line(place + ": " + text), for_members_only});
  }

  void apply(const std::string& written, std::string_view value, const std::string& place);
  void check_quorum_sasl();
  void check_directories();
  void read_myid();
  void read_dynamic_file();
  void read_next_file();
  void add_member_line(const std::string& key, std::string_view value, const std::string& place);
  void check_members();
  void become_member();
  void check_member_client_port(const quorum::HostPort& client);
  bool is_removed() const;
  void check_ports();
  void check_sessions();
  void check_snapshots();

  std::string file_;
  const ReadFile& read_file_;
  ConfigDraft draft_;
  std::string error_;
  std::map<std::string, std::string> places_;     // last place of each key
  std::map<std::string, std::string> first_set_;  // first place of each key of the file
  std::vector<MemberLine> members_;
  quorum::Ensemble ensemble_;
  int64_t ensemble_version_ = 0;
  bool is_member_ = false;
  struct Warning {
    std::string text;
    bool for_members_only = false;
  };
  std::vector<Warning> warnings_;
};

void Parser::apply(const std::string& written, std::string_view value, const std::string& place) {
  if (!error_.empty()) return;
  const std::string name = plain_name(written);
  const auto found = find_key(written);
  if (!found) {
    warn(place, "unknown key " + written + " is ignored");
    return;
  }
  places_[name] = place;
  const ConfigKey& key = *found->key;
  if (key.name == "server.*" || key.name == "group.*" || key.name == "weight.*") {
    add_member_line(name, value, place);
  }
  const bool is_for_members = key.standing == Standing::kEnsembleOnly;
  if (key.read != nullptr) {
    const std::string wrong = key.read(draft_, value);
    if (!wrong.empty() && found->named) return fail(place, name + " " + wrong);
    if (!wrong.empty()) {
      return warn(place, name + " " + wrong + "; the default is used", is_for_members);
    }
  }
  if (!key.consequence.empty() &&
      (key.inert_value.empty() || !equals_ignoring_case(value, key.inert_value))) {
    warn(place, name + " " + std::string(key.consequence), is_for_members);
  }
}

// A key that stands twice counts as it stands last.
void Parser::add_member_line(const std::string& key, std::string_view value,
                             const std::string& place) {
  std::erase_if(members_, [&](const MemberLine& line) { return line.key == key; });
  members_.push_back({key, std::string(value)});
  places_[key] = place;
}

void Parser::check_quorum_sasl() {
  const std::string learner = "quorum.auth.learnerRequireSasl";
  const std::string server = "quorum.auth.serverRequireSasl";
  if (draft_.quorum_sasl_server_required && !draft_.quorum_sasl) {
    fail(place_of(server), server + " needs quorum.auth.enableSasl=true");
  } else if (draft_.quorum_sasl_learner_required && !draft_.quorum_sasl) {
    fail(place_of(learner), learner + " needs quorum.auth.enableSasl=true");
  } else if (draft_.quorum_sasl_server_required && !draft_.quorum_sasl_learner_required) {
    fail(place_of(server), server + " needs " + learner + "=true");
  }
}

void Parser::check_directories() {
  if (!draft_.data_dir || draft_.data_dir->empty()) return fail(file_, "dataDir is not set");
  draft_.config.data_dir = *draft_.data_dir;
  draft_.config.data_log_dir = draft_.data_log_dir.value_or(*draft_.data_dir);
  if (draft_.config.data_log_dir.empty())
    return fail(place_of("dataLogDir"), "dataLogDir is empty");
  draft_.config.engine.data_dir = draft_.config.data_dir + "/version-2";
  draft_.config.engine.data_log_dir = draft_.config.data_log_dir + "/version-2";
}

void Parser::read_myid() {
  const std::string path = draft_.config.data_dir + "/myid";
  const auto content = read_file_(path);
  if (!content) return;
  const std::string_view line =
      std::string_view(*content).substr(0, content->find_first_of("\r\n"));
  int64_t id = 0;
  if (!read_long(line, id).empty()) {
    return fail(path + ":1", "myid \"" + std::string(line) + "\" is not a number");
  }
  draft_.config.myid = id;
}

void Parser::read_dynamic_file() {
  const std::string& path = draft_.dynamic_config_file;
  if (path.empty()) return;
  if (!members_.empty()) {
    const std::string& key = members_.front().key;
    return fail(place_of(key), key + " must stand in the dynamic file " + path);
  }
  draft_.config.has_dynamic_file = true;
  const auto content = read_file_(path);
  if (!content) return fail(place_of("dynamicConfigFile"), "dynamicConfigFile: " + content.error());
  const auto properties = parse_properties(*content);
  if (!properties) {
    return fail(path + ":" + std::to_string(properties.error().line), properties.error().what);
  }
  for (const Property& property : *properties) {
    const std::string place = path + ":" + std::to_string(property.line);
    const std::string& key = property.key;
    if (key == "version") return fail(place, "a dynamic file must not set version");
    if (!key.starts_with("server.") && !key.starts_with("group") && !key.starts_with("weight")) {
      return fail(place, key + " must not stand in a dynamic file (only server, group and weight)");
    }
    add_member_line(key, property.value, place);
  }
  ensemble_version_ = quorum::version_of_file_name(path);
}

// What was proposed when the server stopped counts beside what is in force. Upstream looks at the
// file only where a dynamic one is in use, and forgets a proposal that came before its first one.
void Parser::read_next_file() {
  draft_.peer.files.static_file = file_.substr(file_.find_last_of('/') + 1);
  if (!draft_.config.engine.reconfig_enabled) return;
  const std::string path = quorum::next_file_name(file_);
  const auto content = read_file_(path);
  if (!content) return;
  auto next = quorum::Ensemble::parse(*content);
  if (!next) return fail(path, next.error());
  draft_.peer.last_seen = *std::move(next);
}

void Parser::check_members() {
  if (!members_.empty()) {
    auto ensemble = read_ensemble(members_);
    if (!ensemble) return fail(place_of(ensemble.error().key), ensemble.error().text);
    ensemble_ = *std::move(ensemble);
    ensemble_.version = ensemble_version_;
  }
  const auto is_member = is_ensemble(ensemble_, draft_.standalone_enabled);
  if (!is_member) return fail(place_of(is_member.error().key), is_member.error().text);
  is_member_ = *is_member;
  if (!is_member_ && !ensemble_.members.empty()) {
    warn(place_of(members_.front().key),
         "one server line: it is ignored and a standalone server runs");
  }
  const auto self = ensemble_.members.find(ServerId(draft_.config.myid.value_or(-1)));
  if (self != ensemble_.members.end() && self->second.client) {
    check_member_client_port(*self->second.client);
  }
}

void Parser::become_member() {
  std::vector<ConfigRemark> remarks;
  const auto wrong = make_member(draft_, std::move(ensemble_), remarks);
  for (const ConfigRemark& remark : remarks) warn(place_of(remark.key), remark.text);
  if (wrong) fail(place_of(wrong->key), wrong->text);
}

// The client address in a server line is this server's own when myid names that line.
void Parser::check_member_client_port(const quorum::HostPort& client) {
  if (draft_.client_port && *draft_.client_port != client.port) {
    return fail(place_of("clientPort"), "clientPort differs from the port of this server's line, " +
                                            std::to_string(client.port));
  }
  draft_.client_port = client.port;
  if (client.host != "0.0.0.0") draft_.client_port_address = client.host;
}

// A reconfiguration took this server's line away.
bool Parser::is_removed() const {
  return is_member_ && draft_.config.has_dynamic_file && draft_.config.myid &&
         !ensemble_.members.contains(ServerId(*draft_.config.myid));
}

void Parser::check_ports() {
  if (draft_.secure_client_port_address && !draft_.secure_client_port_set) {
    return fail(place_of("secureClientPortAddress"),
                "secureClientPortAddress is set but secureClientPort is not");
  }
  if (!draft_.client_port) {
    // Its client port went with its line; become_member() says that the line is missing.
    if (is_removed()) return;
    if (draft_.client_port_address) {
      return fail(place_of("clientPortAddress"), "clientPortAddress is set but clientPort is not");
    }
    return fail(file_, "clientPort is not set: no client could connect");
  }
  draft_.config.client = {draft_.client_port_address.value_or(""), *draft_.client_port};
  draft_.config.engine.client_port = *draft_.client_port;
}

void Parser::check_sessions() {
  const node::Config& engine = draft_.config.engine;
  if (engine.timeout_ms_min() <= engine.timeout_ms_max()) return;
  const bool min_is_set = engine.session_timeout_ms_min != -1;
  fail(place_of(min_is_set ? "minSessionTimeout" : "maxSessionTimeout"),
       "minSessionTimeout (" + std::to_string(engine.timeout_ms_min()) +
           " ms) must not be larger than maxSessionTimeout (" +
           std::to_string(engine.timeout_ms_max()) + " ms)");
}

void Parser::check_snapshots() {
  const int32_t retain = draft_.snap_retain_count.value_or(kSnapRetainCountMin);
  if (retain < kSnapRetainCountMin) {
    warn(place_of("autopurge.snapRetainCount"),
         "autopurge.snapRetainCount " + std::to_string(retain) + " is below 3; 3 are kept");
  }
  storage::StoreConfig& store = draft_.config.engine.store;
  store.retain_snapshots = static_cast<size_t>(std::max(retain, kSnapRetainCountMin));
  if (!draft_.snap_count) return;
  if (*draft_.snap_count < kSnapCountMin) {
    warn(place_of("snapCount"),
         "snapCount " + std::to_string(*draft_.snap_count) + " is below 2; 2 is used");
  }
  store.snap_count = std::max(*draft_.snap_count, kSnapCountMin);
}

}  // namespace

std::expected<ServerConfig, std::string> parse_zoo_config(
    std::string_view text, std::string_view name, const std::vector<std::string>& definitions,
    const ReadFile& read_file) {
  const auto properties = parse_properties(text);
  if (!properties) {
    return std::unexpected(std::string(name) + ":" + std::to_string(properties.error().line) +
                           ": " + properties.error().what);
  }
  Parser parser(name, read_file);
  for (const std::string& definition : definitions) parser.define(definition);
  for (const Property& property : *properties) parser.add(property);
  parser.finish();
  if (!parser.error().empty()) return std::unexpected(parser.error());
  return parser.take();
}

std::expected<ServerConfig, std::string> load_zoo_config(
    const std::string& path, const std::vector<std::string>& definitions) {
  const auto text = read_whole_file(path);
  if (!text) return std::unexpected(text.error());
  auto config = parse_zoo_config(*text, path, definitions, read_whole_file);
  if (!config) return config;
  std::error_code failed;
  const auto real = std::filesystem::canonical(path, failed);
  if (!failed && config->engine.peer) {
    config->config_dir = real.parent_path().string();
    config->engine.peer->files = {real.filename().string(), config->config_dir};
  }
  return config;
}

std::optional<std::string> back_up_config(const std::string& path, const ServerConfig& config) {
  const bool is_wanted = config.engine.peer && config.engine.reconfig_enabled &&
                         config.engine.peer->ensemble.version == 0 && !config.has_dynamic_file;
  if (!is_wanted) return std::nullopt;
  const std::string copy = path + ".bak";
  std::error_code failed;
  std::filesystem::copy_file(path, copy + ".tmp", std::filesystem::copy_options::overwrite_existing,
                             failed);
  if (!failed) std::filesystem::rename(copy + ".tmp", copy, failed);
  if (!failed) return std::nullopt;
  return "cannot copy " + path + " to " + copy + ": " + failed.message();
}

std::expected<std::string, std::string> read_whole_file(const std::string& path) {
  std::FILE* file = std::fopen(path.c_str(), "rbe");
  if (file == nullptr) {
    return std::unexpected("cannot open " + path + ": " + std::strerror(errno));
  }
  std::string content;
  char buffer[4096];
  while (const size_t n = std::fread(buffer, 1, sizeof buffer, file)) content.append(buffer, n);
  const bool failed = std::ferror(file) != 0;
  std::fclose(file);
  if (failed) return std::unexpected("cannot read " + path + ": " + std::strerror(errno));
  return content;
}

}  // namespace zoetrope::net
