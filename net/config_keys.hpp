// The table of every configuration key: its name, what becomes of it here, and how its value is
// read. Owns the two static tables; never looks at a file. Source: facts/config-keys.md.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "net/zoo_config.hpp"

namespace zoetrope::net {

// What one text of configuration says, before the checks that need more than one key.
struct ConfigDraft {
  ServerConfig config;
  std::optional<std::string> data_dir, data_log_dir;
  std::optional<uint16_t> client_port;
  std::optional<std::string> client_port_address;
  std::optional<std::string> secure_client_port_address;
  bool secure_client_port_set = false;
  std::string dynamic_config_file;
  bool standalone_enabled = true;
  bool quorum_sasl = false, quorum_sasl_learner_required = false,
       quorum_sasl_server_required = false;
  std::optional<int32_t> snap_retain_count, snap_count;

  // Of use to a member of an ensemble only; `peer` without what its server lines say.
  zab::PeerConfig peer;
  std::optional<int32_t> init_limit, sync_limit;
  std::optional<quorum::MemberRole> peer_type;
  bool quorum_listen_on_all = false;
  bool ssl_quorum = false;
  std::optional<int32_t> election_tries_max, handshake_timeout_ms;
};

enum class Standing : uint8_t {
  kObeyed,
  // A standalone server has no use for it, upstream's neither: no warning there. A member of an
  // ensemble obeys it, or warns where there is a consequence.
  kEnsembleOnly,
  kNoEffect,     // tunes something that this server does not have: one warning
  kUnsupported,  // asks for something that this release lacks: one warning
};

struct ConfigKey {
  // As written in zoo.cfg; a trailing '*' stands for anything.
  std::string_view name;
  Standing standing = Standing::kObeyed;
  // Reads the value into the draft; the result is empty or says what is wrong with the value. May
  // be null for keys that are not obeyed.
  std::string (*read)(ConfigDraft& draft, std::string_view value) = nullptr;
  // Follows the key's name in the warning.
  std::string_view consequence = {};
  // Value that asks for what this server does anyway; not warned about.
  std::string_view inert_value = {};
};

// Keys that upstream parses by name: a bad value is an error.
std::span<const ConfigKey> named_keys();
// Keys that upstream passes through as system properties: a bad value is warned about and the
// default stays, as Java's Integer.getInteger does.
std::span<const ConfigKey> property_keys();
// More of them: those about requests and connections that are too many (config_keys_throttle.cpp).
std::span<const ConfigKey> throttle_keys();

// Result of looking a key up; `named` tells which table it is from.
struct FoundKey {
  const ConfigKey* key = nullptr;
  bool named = false;
};
// Accepts "X" and "zookeeper.X"; nullopt for a key that nobody knows.
std::optional<FoundKey> find_key(std::string_view written);

}  // namespace zoetrope::net
