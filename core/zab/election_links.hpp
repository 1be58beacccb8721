// The connections of the election port as a state machine without sockets: what is dialled,
// answered, replaced and closed, and which message is sent when (facts/quorum-protocol.md section
// 3; upstream QuorumCnxManager). Owns one queue of one message for each peer; never reads what a
// message says.
//
// One connection serves a pair of servers, dialled by the one with the higher id. The other one,
// when it has something to say first, knocks: it connects, sends its initial message and closes,
// and is dialled back. A connection that the higher one opens replaces the one that stands, since
// it would not have been opened if that one were of use (ZOOKEEPER-498, 512); a dialled-back one
// replaces it only once it is up. Whatever a connection may have swallowed is said again on the
// next one.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "core/base/endpoint.hpp"
#include "core/base/ids.hpp"
#include "core/base/time.hpp"
#include "core/quorum/ensemble.hpp"
#include "core/quorum/notification.hpp"

namespace zoetrope {
class StateArchive;
}

namespace zoetrope::zab {

struct ElectionLinksConfig {
  ServerId self;
  // What a dialled server is told; several only with `multi_address`.
  std::vector<quorum::ElectionAddress> own_addresses;
  bool multi_address = false;
  Duration connect_timeout = Duration::from_ms(5'000);     // cnxTimeout
  Duration handshake_timeout = Duration::from_ms(10'000);  // until the initial message is whole
  // Pause between attempts to reach a peer, doubling from the first to the second.
  Duration redial_min = Duration::from_ms(200);
  Duration redial_max = Duration::from_ms(5'000);
  // Accepted connections that have not said whose they are; the oldest gives way.
  size_t unnamed_max = 64;
  // Servers outside of the configuration that are talked to.
  size_t strangers_max = 64;
};

// An attempt to connect; never used twice. 0 is none.
struct DialToken : StrongId<struct DialTokenTag, uint64_t> {
  using StrongId::StrongId;
};

// Is answered by connected() or connect_failed(), unless abandoned.
struct LinkConnect {
  DialToken token;
  quorum::HostPort to;
};
// The attempt is of no interest any more. Should it succeed all the same, the connection is closed.
struct LinkAbandon {
  DialToken token;
};
struct LinkSend {
  ConnectionId connection;
  std::string bytes;
};
// After what was sent to it before. closed() may follow or not.
struct LinkClose {
  ConnectionId connection;
};
// A message without its length prefix.
struct LinkDeliver {
  ServerId from;
  std::string message;
};
struct LinkLog {
  bool is_warning = false;
  std::string text;  // one line
};
using LinkAction =
    std::variant<LinkConnect, LinkAbandon, LinkSend, LinkClose, LinkDeliver, LinkLog>;

class ElectionLinks {
 public:
  explicit ElectionLinks(const ElectionLinksConfig& config);

  // Whom there is to talk to and where. Connections stay.
  void set_members(const quorum::Ensemble& current, const quorum::Ensemble* last_seen,
                   const quorum::Ensemble* rumoured = nullptr);
  // What dialled servers are told from now on.
  void set_own_addresses(const std::vector<quorum::HostPort>& addresses);
  // `framed` with its length prefix; takes the place of a message that waits. Not for `self`.
  void send(ServerId to, std::string framed, MonotonicTime now, std::vector<LinkAction>& out);
  // What was said so far does not hold any more: nothing of it is sent again. For a server that has
  // found its leader; whoever still looks will ask it.
  void forget_messages();

  // A connection was accepted at the election port.
  void opened(ConnectionId connection, const Endpoint& remote, MonotonicTime now,
              std::vector<LinkAction>& out);
  void connected(DialToken token, ConnectionId connection, MonotonicTime now,
                 std::vector<LinkAction>& out);
  void connect_failed(DialToken token, MonotonicTime now, std::vector<LinkAction>& out);
  void received(ConnectionId connection, std::string_view bytes, MonotonicTime now,
                std::vector<LinkAction>& out);
  void closed(ConnectionId connection, MonotonicTime now, std::vector<LinkAction>& out);
  void tick(MonotonicTime now, std::vector<LinkAction>& out);
  std::optional<MonotonicTime> next_deadline() const;

  // A message to at least one peer got out, or there was none (upstream haveDelivered).
  bool has_delivered() const;
  bool is_linked(ServerId peer) const;
  // Its connection broke or could not be made, and there has been no other one since.
  bool is_out_of_reach(ServerId peer) const;
  uint64_t fingerprint() const;
  void carry_state(StateArchive& archive);

 private:
  struct Connection {
    std::optional<ServerId> peer;  // none: its initial message is not whole yet
    std::string origin;            // for messages to people
    std::string unread;
    MonotonicTime handshake_deadline;
  };
  struct Peer {
    // As it says itself, and as it is configured.
    std::vector<quorum::HostPort> told;
    std::vector<quorum::HostPort> configured;
    std::optional<std::string> waiting;
    std::string last;  // last message sent, framed
    ConnectionId link;
    DialToken dial;
    quorum::HostPort dialled;
    MonotonicTime dial_deadline;
    bool is_out_of_reach = false;
    size_t next_address = 0;
    Duration pause;
    std::optional<MonotonicTime> redial_at;
    // It asked to be dialled, or a broken connection may have swallowed the last message: worth a
    // few attempts, where a new message is worth any number.
    int attempts_left = 0;
  };

  bool wants_dial(const Peer& peer) const;
  Peer& peer_at(ServerId id);
  void dial(ServerId id, Peer& peer, MonotonicTime now, std::vector<LinkAction>& out);
  void dial_failed(ServerId id, Peer& peer, std::string_view why, MonotonicTime now,
                   std::vector<LinkAction>& out);
  void plan_redial(Peer& peer, MonotonicTime now);
  void establish(ServerId id, Peer& peer, ConnectionId connection, std::vector<LinkAction>& out);
  void flush(Peer& peer, std::vector<LinkAction>& out);
  void lose_link(ServerId id, MonotonicTime now);
  void drop(ConnectionId connection, const std::string& why, MonotonicTime now,
            std::vector<LinkAction>& out);
  void read_initial(ConnectionId connection, MonotonicTime now, std::vector<LinkAction>& out);
  void name(ConnectionId connection, const quorum::InitialMessage& initial, MonotonicTime now,
            std::vector<LinkAction>& out);
  void knocked(ConnectionId connection, ServerId id, MonotonicTime now,
               std::vector<LinkAction>& out);
  void read_messages(ConnectionId connection, MonotonicTime now, std::vector<LinkAction>& out);
  size_t strangers() const;

  ElectionLinksConfig config_;
  std::map<ServerId, Peer> peers_;
  std::map<ConnectionId, Connection> connections_;
  uint64_t dials_ = 0;
  int64_t nameless_ = 0;  // last id given to a server that has none; they are negative
};

}  // namespace zoetrope::zab
