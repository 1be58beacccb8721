// All that one server has to know and that does not change while it runs. Values, with ZooKeeper's
// defaults (facts/config-keys.md); parsing zoo.cfg is the driver's business.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/base/ids.hpp"
#include "core/node/connection_throttle.hpp"
#include "core/node/request_throttle.hpp"
#include "core/storage/store.hpp"
#include "core/tree/acl.hpp"
#include "core/zab/peer_config.hpp"

namespace zoetrope {
class StateArchive;
}

namespace zoetrope::node {

// Which release's visible details a client meets where releases differ
// (facts/client-protocol.md section 20).
enum class Compatibility : uint8_t {
  k3_8,  // event zxid -1, no READ check for exists and events, create2 in multi answered as create
  k3_9,  // as the newest release
};

struct Config {
  ServerId server_id{1};
  Compatibility compatibility = Compatibility::k3_9;

  int32_t tick_time_ms = 3000;
  int32_t session_timeout_ms_min = -1;       // -1: twice the tick time
  int32_t session_timeout_ms_max = -1;       // -1: twenty times the tick time
  int32_t connections_per_address_max = 60;  // 0: no limit
  int32_t connections_max = 0;               // 0: no limit
  int32_t sessionless_timeout_ms = 10000;

  int32_t frame_bytes_max = 1048575;  // jute.maxbuffer
  int32_t buffer_extra_bytes = -1;    // jute.maxbuffer.extrasize; -1: as frame_bytes_max
  // Bytes of large requests that may be under way together; a request is large above the threshold,
  // none is with -1.
  int64_t large_request_threshold = -1;
  int64_t large_request_bytes_max = 104857600;
  int32_t outstanding_limit = 1000;  // globalOutstandingLimit
  RequestThrottleConfig request_throttle;
  ConnectionThrottleConfig connection_throttle;
  // Unsent output of one connection: above the first its requests are not read, above the second it
  // is closed.
  uint64_t output_bytes_high = 4 << 20;
  uint64_t output_bytes_max = 256 << 20;

  bool extended_types_enabled = false;
  bool digest_enabled = true;
  bool close_session_txn_enabled = true;
  bool reconfig_enabled = false;
  bool enforce_quota = false;
  int64_t container_check_interval_ms = 60000;
  int64_t containers_per_minute_max = 10000;
  int64_t container_never_used_interval_ms = 300000;

  // --- of a member of an ensemble ---
  bool read_only_mode = false;  // readonlymode.enabled
  bool local_sessions_enabled = false;
  bool local_sessions_upgrading_enabled = false;
  bool leader_serves = true;  // leaderServes

  // The ensemble that the server is a member of; none for a standalone server.
  std::optional<zab::PeerConfig> peer;

  tree::AuthConfig auth;
  storage::StoreConfig store;

  // Four-letter words that are answered; "*" alone allows all.
  std::vector<std::string> four_letter_words = {"srvr"};

  // Only for texts that people and tools read (srvr, conf, envi, mntr).
  std::string version = "zoetrope";
  std::string build_date = "unknown";
  int64_t recovery_ms = 0;  // what reading the data directory took, as the driver measured it
  int32_t client_port = 0;
  int32_t client_port_listen_backlog = -1;
  std::string data_dir, data_log_dir;  // with version-2, as `conf` shows them
  std::vector<std::pair<std::string, std::string>> environment;  // lines of `envi`

  void carry_state(StateArchive& archive);

  int32_t timeout_ms_min() const {
    return session_timeout_ms_min == -1 ? 2 * tick_time_ms : session_timeout_ms_min;
  }
  int32_t timeout_ms_max() const {
    return session_timeout_ms_max == -1 ? 20 * tick_time_ms : session_timeout_ms_max;
  }
};

}  // namespace zoetrope::node
