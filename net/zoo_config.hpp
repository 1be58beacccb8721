// zoo.cfg and -D definitions turned into the values that a server runs with. Every key that stock
// ZooKeeper knows is obeyed or named in one warning; bad values are refused with file and line as
// upstream refuses them. Owns values only; reads no file itself (the caller passes a reader).
// Source: QuorumPeerConfig.parseProperties, ServerConfig, facts/config-keys.md.
#pragma once

#include <cstdint>
#include <expected>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/time.hpp"
#include "core/node/config.hpp"
#include "core/storage/recovery.hpp"

namespace zoetrope::net {

struct ListenAddress {
  std::string host;   // empty: every address of the machine, IPv4 and IPv6
  uint16_t port = 0;  // 0: any free port
  bool operator==(const ListenAddress&) const = default;
};

// Where the other members of an ensemble connect to.
struct PeerPorts {
  std::vector<ListenAddress> quorum, election;
  bool on_all = false;                         // quorumListenOnAllIPs
  std::vector<ListenAddress> observer_master;  // none: this server serves no observers as follower
  // How often it is tried to open the election port at start (electionPortBindRetry); 0: without
  // end.
  int32_t election_tries_max = 3;
  // The quorum port is opened when this server is to lead. Who cannot open it must not lead, and
  // would be elected again as soon as it gave up: so after this many tries the server stops.
  int32_t quorum_tries_max = 5;
  Duration pause = Duration::from_ms(1000);  // between two tries
};

struct ServerConfig {
  node::Config engine;
  storage::RecoveryOptions recovery;

  std::string data_dir;      // as written; version-2 lies below it
  std::string data_log_dir;  // equal to data_dir unless set
  bool datadir_autocreate = true;
  // Where the configuration file is, as the system names it; empty for a text that is no file.
  std::string config_dir;
  bool has_dynamic_file = false;  // dynamicConfigFile: the servers stand there
  std::optional<int64_t> myid;    // a standalone server does not need it

  ListenAddress client;
  bool client_tcp_keepalive = false;
  std::optional<PeerPorts> peers;  // of a member of an ensemble, together with engine.peer
  bool peer_keepalive = false;
  int64_t fsync_warning_ms = 1000;

  // One line each, "zoo.cfg:12: ..."; in the order of the text.
  std::vector<std::string> warnings;
};

// Reads a whole file; the error says why it cannot be read.
using ReadFile = std::function<std::expected<std::string, std::string>(const std::string& path)>;

// `text` is the content of the file called `name` in messages. `definitions` are -D options,
// "key=value" ("key" alone is "true"); where both set a key the file wins, as upstream. `read_file`
// is asked for <dataDir>/myid and for dynamicConfigFile. The error is one line that names the
// place.
std::expected<ServerConfig, std::string> parse_zoo_config(
    std::string_view text, std::string_view name, const std::vector<std::string>& definitions,
    const ReadFile& read_file);

// parse_zoo_config() on the real file at `path`.
std::expected<ServerConfig, std::string> load_zoo_config(
    const std::string& path, const std::vector<std::string>& definitions);

// Upstream keeps a copy of a file with server lines before it takes them out of it, "zoo.cfg.bak".
// Whether `config` calls for it, and the copy; the text is why it could not be made.
std::optional<std::string> back_up_config(const std::string& path, const ServerConfig& config);

// Reads a file of the real file system.
std::expected<std::string, std::string> read_whole_file(const std::string& path);

}  // namespace zoetrope::net
