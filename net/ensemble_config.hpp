// The part of a configuration that makes a server a member of an ensemble: its server, group and
// weight lines, and what follows from them and the keys around them. Owns nothing; reads no file.
// Source: QuorumPeerConfig.parseDynamicConfig, checkValidity; QuorumPeer.start.
#pragma once

#include <expected>
#include <optional>
#include <string>
#include <vector>

#include "core/quorum/ensemble.hpp"
#include "net/config_keys.hpp"

namespace zoetrope::net {

// A server, group or weight key, each at most once.
struct MemberLine {
  std::string key, value;
};

// What is wrong, or worth a warning, and with which key; the text names the key.
struct ConfigRemark {
  std::string key, text;
};

std::expected<quorum::Ensemble, ConfigRemark> read_ensemble(const std::vector<MemberLine>& lines);

// Whether the servers make an ensemble; a single one does not when standalone servers are enabled.
std::expected<bool, ConfigRemark> is_ensemble(const quorum::Ensemble& ensemble,
                                              bool standalone_enabled);

// Makes the server that `draft` describes, with its myid, a member of `ensemble`: fills engine.peer
// and all that belongs to it. The result is what is wrong.
std::optional<ConfigRemark> make_member(ConfigDraft& draft, quorum::Ensemble ensemble,
                                        std::vector<ConfigRemark>& warnings);

}  // namespace zoetrope::net
