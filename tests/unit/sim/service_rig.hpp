// A small ensemble of real servers on the simulated network, driven step by step by a test: servers
// are cut off, killed and started again, and clients send single requests and wait for the answer.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/wire/messages.hpp"
#include "sim/profile.hpp"
#include "sim/world.hpp"

namespace zoetrope::sim {

class ServiceRig;

// A client with one connection at a time. Whatever it waits for ends the wait when the connection
// does.
class RigClient {
 public:
  struct Reply {
    wire::ReplyHeader header;
    std::string body;
  };

  RigClient(ServiceRig& rig, HostId host) : rig_(rig), host_(host) {}

  bool read_only = false;  // asks for no more
  int32_t timeout_ms = 8000;
  SessionId session;  // 0: a new one is asked for
  std::string password = std::string(16, '\0');
  Zxid last_zxid;

  // Opens a connection and says who it is; true when a session came of it.
  bool connect(size_t server);
  // Sends and waits; nullopt when the connection ended first. Pings meanwhile.
  std::optional<Reply> call(jute::OpCode type, std::string_view body = {});
  // Of the reply; kConnectionLoss without one.
  ErrorCode error_of(jute::OpCode type, std::string_view body = {});
  // Sends and does not wait.
  Xid send(jute::OpCode type, std::string_view body = {});
  std::optional<Reply> wait_for(Xid xid);
  // The answer to a four-letter word, over a connection of its own.
  std::string ask(size_t server, std::string_view word);
  // Whether wait_for() need not wait; of pings, one ever.
  bool has_reply(Xid xid) const { return replies_.contains(xid); }
  void disconnect();
  bool is_connected() const { return open_; }
  bool is_read_only() const { return response_read_only_; }
  int out_of_order = 0;  // replies that did not come in the order of the requests
  HostId host() const { return host_; }

  void deliver(const Delivery& delivery);

 private:
  void open(size_t server);
  void transmit(std::string_view payload);
  void take_frames();

  ServiceRig& rig_;
  HostId host_;
  ConnectionId connection_;
  bool open_ = false, accepted_ = false, over_ = false, answered_ = false, words_ = false;
  bool response_read_only_ = false;
  std::string unread_;
  std::map<Xid, Reply> replies_;
  Xid last_answered_;
  int32_t next_xid_ = 1;
};

class ServiceRig {
 public:
  using Adjust = std::function<void(node::Config& server, size_t index)>;

  // Participants first, then observers; server i has the id i + 1. `adjust` sees each configuration
  // before the start.
  ServiceRig(size_t participants, size_t observers, const Adjust& adjust = {});

  void run(int64_t ms);
  // False when it has not come true within `ms`.
  bool run_until(const std::function<bool()>& done, int64_t ms);

  Standing standing(size_t server) const;
  bool serves(size_t server) const { return standing(server).serves; }
  // Index of the one who leads and serves; runs until there is one.
  size_t leader();
  // One that follows, and serves.
  size_t follower();
  bool all_serve(int64_t ms = 20'000);
  void kill(size_t server);
  void start(size_t server);
  // From all other servers, not from clients.
  void isolate(size_t server);
  void rejoin(size_t server);
  const tree::Tree& tree(size_t server) const { return *processes[server]->engine()->tree(); }
  std::unique_ptr<RigClient> client();

  EventQueue queue;
  Trace trace;
  Choices choices;
  Network network;
  Addresses addresses;
  std::vector<std::unique_ptr<Process>> processes;
  std::map<HostId, RigClient*> clients;

 private:
  void dispatch(const Event& event);
};

// Bodies of requests.
std::string create_body(std::string_view path, int32_t flags = 0, std::string_view data = {});
std::string path_body(std::string_view path);
std::string path_watch_body(std::string_view path, bool watch = false);
std::string set_data_body(std::string_view path, std::string_view data);

}  // namespace zoetrope::sim
