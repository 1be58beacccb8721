// One simulated client: connects to one of the servers, keeps a session alive over reconnects to
// others, sends random operations and records all that it does and sees. Speaks the client protocol
// through core/wire. Owns its session, its outstanding requests and its watches; it never looks
// into a server.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/wire/frame.hpp"
#include "core/wire/messages.hpp"
#include "properties/history.hpp"
#include "sim/addresses.hpp"
#include "sim/choices.hpp"
#include "sim/event_queue.hpp"
#include "sim/network.hpp"
#include "sim/recorder.hpp"
#include "sim/script.hpp"
#include "sim/watch_book.hpp"

namespace zoetrope::sim {

inline constexpr std::string_view kSuperAuth = "super:secret";

struct ClientConfig {
  std::string region;  // of the topology; empty: none
  int32_t timeout_ms = 6000;
  int32_t timeout_ms_min = 2000, timeout_ms_max = 40000;  // what the server may negotiate
  size_t pipeline_max = 4;
  // What it does: this, or what is drawn.
  std::optional<std::vector<ClientAction>> told;
  ScriptConfig script;
  bool authenticates = false;
  bool is_super = false;                // with kSuperAuth, which the servers know
  bool read_only = false;               // is content with a server that writes nothing
  bool eager = false;                   // sends requests before the handshake is answered
  uint64_t garbage_connect_one_in = 0;  // of connections: something else than a handshake
};

class Client {
 public:
  Client(uint32_t index, ClientConfig config, HostId host, std::vector<ServerAddress> servers,
         EventQueue& queue, Network& network, Recorder& recorder, Choices& choices, Random random,
         bool keeps_script = false);

  // Makes the first plan; the world calls wake() from then on.
  void begin();
  void wake(const Event& event);
  void deliver(const Delivery& delivery);

  // No more random operations: come back if need be, read once more, and then close the session or
  // keep it alive.
  void settle(bool close_session);
  bool exhausted() const { return script_.is_over(); }
  // All that it was to do, if that is kept; after the run.
  std::vector<ClientAction> script() { return script_.whole(); }
  bool settled() const { return settled_; }
  HostId host() const { return host_; }
  uint32_t index() const { return index_; }
  // Hands what is still outstanding to the recorder.
  void end();

 private:
  enum class Phase : uint8_t {
    kDisconnected,  // waits until it connects
    kConnecting,
    kHandshaking,
    kConnected,
    kAway,     // powered off, or silent on purpose
    kGarbage,  // sent something that is no handshake and waits for the end
    kReading,  // looks around at a server in read-only mode
  };

  // --- connection (client.cpp) -------------------------------------------------------------------
  void connect();
  void choose_server();
  void handshake();
  void handshake_answered(std::string_view payload);
  void refused();
  void drop(bool reset);
  void disconnected();
  void forget_session();
  void plan_wake();
  void act();
  void keep_alive();
  MonotonicTime now() const { return queue_.now(); }
  Duration part_of_timeout(int64_t numerator, int64_t denominator) const;

  // --- servers in read-only mode (client_read_only.cpp): a visit that no history tells of
  // -------------------------------------------------------------------------------------------
  void look_around();
  void read_only_reply(std::string_view payload);

  // --- requests (client_requests.cpp)
  // --------------------------------------------------------------
  // Every byte that it sends goes through here.
  void send(std::string_view bytes);
  void operate();
  void carry_out(const ClientAction& action);
  void carry_out(const Operate& operate);
  void carry_out(const Leave& leave);
  void carry_out(const CloseSession&) { send_close_session(); }
  void carry_out(const FallSilent& silence);
  void carry_out(const Vanish& vanish);
  void carry_out(const SendMalformed& malformed);
  void carry_out(const ReadSlowly& slow);
  void fill(properties::Arguments& args, const ScriptOperation& from) const;
  void go_away(MonotonicTime back);
  void settle_step();
  properties::Operation& begin_operation(Xid xid);
  void send_operation();
  void send_ping();
  void send_auth();
  void send_set_watches();
  void send_close_session();
  void reply(std::string_view payload);
  void event(wire::ReplyHeader header, jute::Reader& in);
  void complete(properties::Operation operation, wire::ReplyHeader header, jute::Reader& in);
  void after_reply(const properties::Operation& operation);
  void read_frames(std::string_view bytes);

  uint32_t index_;
  ClientConfig config_;
  HostId host_;
  std::vector<ServerAddress> servers_;
  size_t server_ = 0;  // of the connection at hand, or of the last one
  EventQueue& queue_;
  Network& network_;
  Recorder& recorder_;
  // What it chooses besides its script.
  struct Sites {
    Sites(Choices& choices, const std::string& name);
    Site& times;    // when it connects
    Site& servers;  // to whom
    Site& manners;  // how it gives up, and what it says instead of a handshake
  };
  Sites sites_;
  Script script_;
  std::array<std::string, kMadeNames> made_;  // names that servers made up
  size_t made_next_ = 0;
  std::vector<properties::Identity> identities_;
  std::string auth_;  // "user:password", empty for none

  Phase phase_ = Phase::kDisconnected;
  ConnectionId connection_;
  uint32_t record_ = 0;  // index of the connection in the history
  SessionId session_;
  std::string password_;
  int32_t timeout_ms_ = 0;  // negotiated, or asked for before that
  Zxid last_zxid_;
  int32_t next_xid_ = 1;
  wire::FrameCutter cutter_;
  std::deque<properties::Operation> outstanding_;
  WatchBook watches_;

  MonotonicTime until_;  // what the phase waits for
  MonotonicTime next_operation_;
  MonotonicTime heard_, sent_;
  std::optional<MonotonicTime> read_again_;  // a slow reader's next look
  std::optional<MonotonicTime> wake_planned_;
  uint64_t wake_number_ = 0;
  bool doomed_ = false;   // sent something for which the server will close the connection
  bool closing_ = false;  // closeSession is under way
  bool ping_outstanding_ = false;
  bool settling_ = false, settled_ = false, closes_at_end_ = false;
  uint64_t final_reads_ = 0;
  std::string frame_;  // scratch
};

}  // namespace zoetrope::sim
