#include "core/zab/election_links.hpp"

#include <algorithm>
#include <utility>

#include "core/base/assert.hpp"
#include "core/base/endian.hpp"
#include "core/base/hash.hpp"

namespace zoetrope::zab {

namespace {

using quorum::HostPort;

// An observer that was given no id (upstream QuorumPeer.OBSERVER_ID).
constexpr ServerId kObserverWithoutId{INT64_MAX};
constexpr size_t kLengthSize = 4;
constexpr int kAttempts = 6;
constexpr ConnectionId kNoConnection{0};
constexpr DialToken kNoDial{0};

std::string server_name(ServerId id) {
  return "server " + std::to_string(id.value);
}

void log(std::vector<LinkAction>& out, bool is_warning, std::string text) {
  out.emplace_back(LinkLog{.is_warning = is_warning, .text = "election port: " + std::move(text)});
}

void add_addresses(std::vector<HostPort>& addresses, const std::vector<HostPort>& more) {
  for (const HostPort& address : more) {
    if (std::find(addresses.begin(), addresses.end(), address) == addresses.end()) {
      addresses.push_back(address);
    }
  }
}

}  // namespace

ElectionLinks::ElectionLinks(const ElectionLinksConfig& config) : config_(config) {
  ZT_ASSERT(config.redial_min.ns > 0 && config.redial_min <= config.redial_max);
  ZT_ASSERT(config.self.value >= 0);
}

ElectionLinks::Peer& ElectionLinks::peer_at(ServerId id) {
  const auto [place, is_new] = peers_.try_emplace(id);
  if (is_new) place->second.pause = config_.redial_min;
  return place->second;
}

void ElectionLinks::set_members(const quorum::Ensemble& current, const quorum::Ensemble* last_seen,
                                const quorum::Ensemble* rumoured) {
  for (auto& [id, peer] : peers_) peer.configured.clear();
  for (const quorum::Ensemble* ensemble : {&current, last_seen, rumoured}) {
    if (ensemble == nullptr) continue;
    for (const auto& [id, member] : ensemble->members) {
      if (id != config_.self) add_addresses(peer_at(id).configured, member.election);
    }
  }
  std::erase_if(peers_, [](const auto& entry) {
    const Peer& peer = entry.second;
    return peer.configured.empty() && peer.link == kNoConnection && peer.dial == kNoDial;
  });
}

void ElectionLinks::set_own_addresses(const std::vector<HostPort>& addresses) {
  config_.own_addresses.clear();
  for (const HostPort& address : addresses) {
    config_.own_addresses.push_back({address.host, address.port});
  }
}

bool ElectionLinks::wants_dial(const Peer& peer) const {
  if (peer.dial != kNoDial) return false;
  return peer.attempts_left > 0 || (peer.waiting.has_value() && peer.link == kNoConnection);
}

void ElectionLinks::send(ServerId to, std::string framed, MonotonicTime now,
                         std::vector<LinkAction>& out) {
  ZT_ASSERT(to != config_.self);
  ZT_ASSERT(framed.size() > kLengthSize &&
            framed.size() <= kLengthSize + quorum::kNotificationBytesMax);
  const auto found = peers_.find(to);
  if (found == peers_.end()) {
    return log(out, true, "no address is known of " + server_name(to) + "; message dropped");
  }
  Peer& peer = found->second;
  peer.waiting = std::move(framed);
  if (peer.link != kNoConnection) {
    flush(peer, out);
  } else if (wants_dial(peer) && (!peer.redial_at.has_value() || *peer.redial_at <= now)) {
    dial(to, peer, now, out);
  }
}

void ElectionLinks::forget_messages() {
  for (auto& [id, peer] : peers_) {
    peer.waiting.reset();
    peer.last.clear();
  }
}

// Configured addresses first: the operator's word counts more than that of whoever connected.
void ElectionLinks::dial(ServerId id, Peer& peer, MonotonicTime now, std::vector<LinkAction>& out) {
  ZT_ASSERT(peer.dial == kNoDial);
  std::vector<HostPort> addresses = peer.configured;
  add_addresses(addresses, peer.told);
  peer.redial_at.reset();
  if (addresses.empty()) {
    peer.waiting.reset();
    peer.attempts_left = 0;
    return log(out, true, "no address is known of " + server_name(id));
  }
  if (peer.next_address >= addresses.size()) peer.next_address = 0;
  peer.dialled = addresses[peer.next_address];
  peer.dial = DialToken(++dials_);
  peer.dial_deadline = now + config_.connect_timeout;
  out.emplace_back(LinkConnect{.token = peer.dial, .to = peer.dialled});
}

void ElectionLinks::plan_redial(Peer& peer, MonotonicTime now) {
  peer.redial_at = now + peer.pause;
  peer.pause = std::min(Duration{peer.pause.ns * 2}, config_.redial_max);
}

void ElectionLinks::dial_failed(ServerId id, Peer& peer, std::string_view why, MonotonicTime now,
                                std::vector<LinkAction>& out) {
  peer.dial = kNoDial;
  peer.is_out_of_reach = peer.link == kNoConnection;
  log(out, false,
      "no connection to " + server_name(id) + " at " + peer.dialled.to_string() + ": " +
          std::string(why));
  if (peer.attempts_left > 0) --peer.attempts_left;
  ++peer.next_address;
  plan_redial(peer, now);
}

void ElectionLinks::connect_failed(DialToken token, MonotonicTime now,
                                   std::vector<LinkAction>& out) {
  for (auto& [id, peer] : peers_) {
    if (peer.dial == token) return dial_failed(id, peer, "refused or unreachable", now, out);
  }
}

void ElectionLinks::connected(DialToken token, ConnectionId connection, MonotonicTime now,
                              std::vector<LinkAction>& out) {
  const auto found = std::find_if(peers_.begin(), peers_.end(), [&](const auto& entry) {
    return entry.second.dial == token && token != kNoDial;
  });
  if (found == peers_.end()) {
    out.emplace_back(LinkClose{connection});
    return;
  }
  auto& [id, peer] = *found;
  peer.dial = kNoDial;
  peer.is_out_of_reach = false;
  const bool is_knock = id > config_.self;
  if (is_knock && peer.link != kNoConnection) {
    // It dialled us in the meantime.
    out.emplace_back(LinkClose{connection});
    return;
  }
  std::string initial;
  quorum::append_initial_message(initial, {config_.self, config_.own_addresses},
                                 config_.multi_address);
  out.emplace_back(LinkSend{connection, std::move(initial)});
  if (is_knock) {
    if (peer.attempts_left > 0) --peer.attempts_left;
    out.emplace_back(LinkClose{connection});
    return plan_redial(peer, now);
  }
  connections_[connection] = {
      .peer = id, .origin = peer.dialled.to_string(), .unread = {}, .handshake_deadline = now};
  establish(id, peer, connection, out);
}

void ElectionLinks::establish(ServerId id, Peer& peer, ConnectionId connection,
                              std::vector<LinkAction>& out) {
  const ConnectionId old = std::exchange(peer.link, connection);
  peer.is_out_of_reach = false;
  peer.attempts_left = 0;
  peer.redial_at.reset();
  peer.next_address = 0;
  if (old != kNoConnection) {
    connections_.erase(old);
    out.emplace_back(LinkClose{old});
    log(out, false, "a new connection of " + server_name(id) + " replaces the one that stood");
  }
  if (peer.dial != kNoDial) out.emplace_back(LinkAbandon{std::exchange(peer.dial, kNoDial)});
  if (!peer.waiting.has_value() && !peer.last.empty()) peer.waiting = peer.last;
  flush(peer, out);
}

void ElectionLinks::flush(Peer& peer, std::vector<LinkAction>& out) {
  if (!peer.waiting.has_value()) return;
  peer.last = *std::exchange(peer.waiting, std::nullopt);
  out.emplace_back(LinkSend{peer.link, peer.last});
}

// What was sent last may have been lost with the connection.
void ElectionLinks::lose_link(ServerId id, MonotonicTime now) {
  Peer& peer = peers_.at(id);
  peer.link = kNoConnection;
  peer.is_out_of_reach = true;
  if (id.value < 0) {
    peers_.erase(id);
    return;
  }
  if (!peer.last.empty()) peer.attempts_left = kAttempts;
  plan_redial(peer, now);
}

void ElectionLinks::closed(ConnectionId connection, MonotonicTime now,
                           std::vector<LinkAction>& out) {
  const auto found = connections_.find(connection);
  if (found == connections_.end()) return;
  const std::optional<ServerId> peer = found->second.peer;
  connections_.erase(found);
  if (!peer.has_value()) return;
  log(out, false, "the connection with " + server_name(*peer) + " is lost");
  lose_link(*peer, now);
}

// Bad input ends its connection, and nothing else.
void ElectionLinks::drop(ConnectionId connection, const std::string& why, MonotonicTime now,
                         std::vector<LinkAction>& out) {
  const auto found = connections_.find(connection);
  ZT_ASSERT(found != connections_.end());
  const std::optional<ServerId> peer = found->second.peer;
  log(out, true,
      "closing the connection " + (peer.has_value() ? "with " + server_name(*peer) + " " : "") +
          "from " + found->second.origin + ": " + why);
  connections_.erase(found);
  out.emplace_back(LinkClose{connection});
  if (peer.has_value()) lose_link(*peer, now);
}

void ElectionLinks::opened(ConnectionId connection, const Endpoint& remote, MonotonicTime now,
                           std::vector<LinkAction>& out) {
  size_t unnamed = 0;
  auto oldest = connections_.end();
  for (auto place = connections_.begin(); place != connections_.end(); ++place) {
    const Connection& other = place->second;
    if (other.peer.has_value()) continue;
    ++unnamed;
    if (oldest == connections_.end() ||
        other.handshake_deadline < oldest->second.handshake_deadline) {
      oldest = place;
    }
  }
  if (unnamed >= config_.unnamed_max && oldest != connections_.end()) {
    drop(oldest->first, "too many connections that do not say whose they are", now, out);
  }
  connections_[connection] = {.peer = std::nullopt,
                              .origin = remote.to_string(),
                              .unread = {},
                              .handshake_deadline = now + config_.handshake_timeout};
}

void ElectionLinks::received(ConnectionId connection, std::string_view bytes, MonotonicTime now,
                             std::vector<LinkAction>& out) {
  const auto found = connections_.find(connection);
  if (found == connections_.end()) return;  // it was closed or replaced meanwhile
  found->second.unread += bytes;
  if (!found->second.peer.has_value()) read_initial(connection, now, out);
  read_messages(connection, now, out);
}

void ElectionLinks::read_initial(ConnectionId connection, MonotonicTime now,
                                 std::vector<LinkAction>& out) {
  std::string& unread = connections_.at(connection).unread;
  const auto read = quorum::read_initial_message(unread);
  if (!read.has_value()) {
    return drop(connection,
                "bad initial message at byte " + std::to_string(read.error().offset) + ": " +
                    read.error().what,
                now, out);
  }
  if (!read->has_value()) return;
  unread.erase(0, (*read)->size);
  name(connection, (*read)->message, now, out);
}

size_t ElectionLinks::strangers() const {
  return static_cast<size_t>(std::count_if(peers_.begin(), peers_.end(), [](const auto& entry) {
    return entry.second.configured.empty();
  }));
}

void ElectionLinks::name(ConnectionId connection, const quorum::InitialMessage& initial,
                         MonotonicTime now, std::vector<LinkAction>& out) {
  ServerId id = initial.server;
  if (id == config_.self) {
    return drop(connection, "it claims to be " + server_name(id) + ", as this server is", now, out);
  }
  if (id.value < 0) {
    return drop(connection, "bad server id " + std::to_string(id.value), now, out);
  }
  if (!peers_.contains(id) && strangers() >= config_.strangers_max) {
    return drop(connection, "too many servers outside of the configuration", now, out);
  }
  // It cannot be dialled back by an id that it does not have, so this connection has to do.
  const bool is_nameless = id == kObserverWithoutId;
  if (is_nameless) id = ServerId(--nameless_);
  Peer& peer = peer_at(id);
  std::vector<HostPort> told;
  for (const auto& address : initial.addresses) told.push_back({address.host, address.port});
  const bool has_moved = !peer.told.empty() && !told.empty() && peer.told != told;
  if (has_moved && peer.link != kNoConnection) {
    log(out, true,
        server_name(id) + " at " + peer.told.front().to_string() + " is connected, and " +
            told.front().to_string() + " claims the same id: has it moved, or are they two?");
  }
  if (!told.empty()) peer.told = std::move(told);
  if (id < config_.self && !is_nameless) return knocked(connection, id, now, out);
  connections_.at(connection).peer = id;
  establish(id, peer, connection, out);
}

void ElectionLinks::knocked(ConnectionId connection, ServerId id, MonotonicTime now,
                            std::vector<LinkAction>& out) {
  connections_.erase(connection);
  out.emplace_back(LinkClose{connection});
  Peer& peer = peers_.at(id);
  peer.attempts_left = kAttempts;
  peer.pause = config_.redial_min;
  if (peer.dial == kNoDial) dial(id, peer, now, out);
}

void ElectionLinks::read_messages(ConnectionId connection, MonotonicTime now,
                                  std::vector<LinkAction>& out) {
  const auto found = connections_.find(connection);
  if (found == connections_.end() || !found->second.peer.has_value()) return;
  const ServerId from = *found->second.peer;
  std::string& unread = found->second.unread;
  size_t used = 0;
  while (unread.size() - used >= kLengthSize) {
    const auto length = static_cast<int32_t>(load_be32(unread.data() + used));
    if (length < 1 || length > static_cast<int32_t>(quorum::kNotificationBytesMax)) {
      return drop(connection, "bad message length " + std::to_string(length), now, out);
    }
    const auto size = static_cast<size_t>(length);
    if (unread.size() - used - kLengthSize < size) break;
    out.emplace_back(LinkDeliver{from, unread.substr(used + kLengthSize, size)});
    used += kLengthSize + size;
    // The connection is of use, so that its successor need not be waited for.
    peers_.at(from).pause = config_.redial_min;
  }
  unread.erase(0, used);
}

void ElectionLinks::tick(MonotonicTime now, std::vector<LinkAction>& out) {
  std::vector<ConnectionId> silent;
  for (const auto& [id, connection] : connections_) {
    if (!connection.peer.has_value() && connection.handshake_deadline <= now) silent.push_back(id);
  }
  for (ConnectionId id : silent) drop(id, "no whole initial message in time", now, out);
  for (auto& [id, peer] : peers_) {
    if (peer.dial != kNoDial && peer.dial_deadline <= now) {
      out.emplace_back(LinkAbandon{peer.dial});
      dial_failed(id, peer, "timed out", now, out);
    }
    if (peer.redial_at.has_value() && *peer.redial_at <= now) {
      peer.redial_at.reset();
      if (wants_dial(peer)) dial(id, peer, now, out);
    }
  }
  // A server outside of the configuration that cannot be reached is not waited for.
  std::erase_if(peers_, [](const auto& entry) {
    const Peer& peer = entry.second;
    return peer.configured.empty() && peer.link == kNoConnection && peer.dial == kNoDial &&
           peer.attempts_left == 0;
  });
}

std::optional<MonotonicTime> ElectionLinks::next_deadline() const {
  std::optional<MonotonicTime> next;
  const auto consider = [&](MonotonicTime time) {
    if (!next.has_value() || time < *next) next = time;
  };
  for (const auto& [id, connection] : connections_) {
    if (!connection.peer.has_value()) consider(connection.handshake_deadline);
  }
  for (const auto& [id, peer] : peers_) {
    if (peer.dial != kNoDial) consider(peer.dial_deadline);
    if (peer.redial_at.has_value()) consider(*peer.redial_at);
  }
  return next;
}

bool ElectionLinks::has_delivered() const {
  return peers_.empty() || std::any_of(peers_.begin(), peers_.end(), [](const auto& entry) {
           return !entry.second.waiting.has_value();
         });
}

bool ElectionLinks::is_linked(ServerId peer) const {
  const auto found = peers_.find(peer);
  return found != peers_.end() && found->second.link != kNoConnection;
}

bool ElectionLinks::is_out_of_reach(ServerId peer) const {
  const auto found = peers_.find(peer);
  return found != peers_.end() && found->second.is_out_of_reach;
}

uint64_t ElectionLinks::fingerprint() const {
  RunningHash hash;
  const auto add_address = [&](const HostPort& address) {
    hash.add(address.host);
    hash.add(address.port);
  };
  for (const auto& [id, peer] : peers_) {
    hash.add(static_cast<uint64_t>(id.value));
    for (const auto* addresses : {&peer.told, &peer.configured}) {
      hash.add(addresses->size());
      for (const HostPort& address : *addresses) add_address(address);
    }
    hash.add(peer.waiting.has_value() ? 1 : 0);
    hash.add(peer.waiting.value_or(""));
    hash.add(peer.last);
    hash.add(peer.link.value);
    hash.add(peer.dial.value);
    hash.add(peer.dial == kNoDial ? 0 : static_cast<uint64_t>(peer.dial_deadline.ns));
    hash.add(peer.is_out_of_reach ? 1 : 0);
    hash.add(peer.next_address);
    hash.add(static_cast<uint64_t>(peer.pause.ns));
    hash.add(peer.redial_at ? static_cast<uint64_t>(peer.redial_at->ns) : 0);
    hash.add(static_cast<uint64_t>(peer.attempts_left));
  }
  hash.add(connections_.size());
  for (const auto& [id, connection] : connections_) {
    hash.add(id.value);
    hash.add(connection.peer ? static_cast<uint64_t>(connection.peer->value) : 0);
    hash.add(connection.unread);
    hash.add(static_cast<uint64_t>(connection.handshake_deadline.ns));
  }
  hash.add(dials_);
  hash.add(static_cast<uint64_t>(nameless_));
  return hash.value();
}

}  // namespace zoetrope::zab
