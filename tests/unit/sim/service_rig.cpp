#include "tests/unit/sim/service_rig.hpp"

#include <gtest/gtest.h>

namespace zoetrope::sim {

namespace {

NetworkConfig even_network() {
  NetworkConfig config;
  config.latency = {100, 300, 0, 0};
  config.cut_one_in = 4;
  return config;
}

ProcessConfig plain_process() {
  ProcessConfig process;
  process.server.tick_time_ms = 200;
  process.server.session_timeout_ms_min = 400;
  process.server.session_timeout_ms_max = 20'000;
  process.server.connections_per_address_max = 0;
  process.server.four_letter_words = {"*"};
  process.server.store.preallocation_kb = 0;
  process.tick_late_ms_max = 0;
  return process;
}

}  // namespace

// --- the client --------------------------------------------------------------------------------

void RigClient::open(size_t server) {
  disconnect();
  connection_ = rig_.network.connect(host_, rig_.processes[server]->host(), node::Port::kClient);
  accepted_ = over_ = answered_ = words_ = false;
  unread_.clear();
  replies_.clear();
  last_answered_ = Xid(next_xid_ - 1);
  rig_.run_until([this] { return accepted_ || over_; }, 1000);
  open_ = accepted_;
}

void RigClient::disconnect() {
  if (open_) rig_.network.close(connection_, Side::kOpener);
  open_ = false;
}

void RigClient::transmit(std::string_view payload) {
  std::string bytes;
  jute::Writer(bytes).string(payload);
  if (open_) rig_.network.send(connection_, Side::kOpener, bytes);
}

bool RigClient::connect(size_t server) {
  open(server);
  if (!open_) return false;
  std::string payload;
  jute::Writer out(payload);
  wire::ConnectRequest request;
  request.timeout_ms = timeout_ms;
  request.session = session;
  request.password = password;
  request.read_only = read_only;
  request.last_zxid_seen = last_zxid;
  wire::write(out, request);
  transmit(payload);
  rig_.run_until([this] { return answered_ || over_; }, 10'000);
  return answered_ && session.value != 0;
}

Xid RigClient::send(jute::OpCode type, std::string_view body) {
  const Xid xid(type == jute::OpCode::kPing ? -2 : next_xid_++);
  std::string payload;
  jute::Writer out(payload);
  wire::write(out, wire::RequestHeader{xid, type});
  out.raw(body);
  transmit(payload);
  return xid;
}

std::optional<RigClient::Reply> RigClient::wait_for(Xid xid) {
  for (int i = 0; i < 100; ++i) {
    if (rig_.run_until([&] { return replies_.contains(xid) || over_; }, 100)) break;
    send(jute::OpCode::kPing);
  }
  const auto at = replies_.find(xid);
  if (at == replies_.end()) return std::nullopt;
  return at->second;
}

std::optional<RigClient::Reply> RigClient::call(jute::OpCode type, std::string_view body) {
  if (!open_) return std::nullopt;
  return wait_for(send(type, body));
}

ErrorCode RigClient::error_of(jute::OpCode type, std::string_view body) {
  const auto reply = call(type, body);
  return reply ? reply->header.error : ErrorCode::kConnectionLoss;
}

std::string RigClient::ask(size_t server, std::string_view word) {
  RigClient other(rig_, host_);
  RigClient* const before = std::exchange(rig_.clients[host_], &other);
  other.open(server);
  other.words_ = true;
  if (other.open_) rig_.network.send(other.connection_, Side::kOpener, word);
  rig_.run_until([&] { return other.over_; }, 1000);
  rig_.clients[host_] = before;
  return other.unread_;
}

void RigClient::deliver(const Delivery& delivery) {
  if (delivery.connection != connection_) return;
  switch (delivery.kind) {
    case Delivery::Kind::kConnected: accepted_ = true; break;
    case Delivery::Kind::kBytes:
      unread_ += delivery.bytes;
      if (!words_) take_frames();
      break;
    case Delivery::Kind::kRefused:
    case Delivery::Kind::kClosed:
      over_ = true;
      open_ = false;
      break;
    case Delivery::Kind::kAccepted: break;
  }
}

void RigClient::take_frames() {
  while (unread_.size() >= 4) {
    const auto length = static_cast<size_t>(load_be32(unread_.data()));
    if (unread_.size() < 4 + length) return;
    const std::string frame = unread_.substr(4, length);
    unread_.erase(0, 4 + length);
    jute::Reader in(frame);
    if (!answered_) {
      const wire::ConnectResponse response = wire::read_connect_response(in);
      session = response.session;
      password = response.password;
      response_read_only_ = response.read_only;
      answered_ = true;
      continue;
    }
    Reply reply;
    reply.header = wire::read_reply_header(in);
    reply.body = in.rest();
    last_zxid = std::max(last_zxid, reply.header.zxid);
    if (reply.header.xid.value > 0) {
      out_of_order += reply.header.xid.value != last_answered_.value + 1;
      last_answered_ = reply.header.xid;
    }
    replies_[reply.header.xid] = std::move(reply);
  }
}

// --- the ensemble ------------------------------------------------------------------------------

ServiceRig::ServiceRig(size_t participants, size_t observers, const Adjust& adjust)
    : trace(nullptr), choices(Random(1), nullptr, false), network(even_network(), queue, choices) {
  WorldConfig world;
  world.processes.push_back(plain_process());
  make_ensemble(world, participants, observers, Random(1));
  for (size_t i = 0; i < world.processes.size(); ++i) {
    const ServerId id(static_cast<int64_t>(i + 1));
    addresses.add_server({network.add_host(server_name(id)), id});
  }
  for (size_t i = 0; i < world.processes.size(); ++i) {
    ProcessConfig& config = world.processes[i];
    config.connect_timeout = Duration::from_ms(1000);
    config.server.peer->role.last_counter = 0xfffffffe;
    if (adjust) adjust(config.server, i);
    processes.push_back(std::make_unique<Process>(static_cast<uint32_t>(i), config, make_server,
                                                  HostId(static_cast<uint32_t>(i)), addresses,
                                                  queue, network, trace, choices));
    start(i);
  }
}

void ServiceRig::dispatch(const Event& event) {
  switch (event.kind) {
    case EventKind::kDiskDone:
    case EventKind::kBatchEnd:
    case EventKind::kTick:
    case EventKind::kDialTimeout:
    case EventKind::kReload:
    case EventKind::kFileRead: processes[event.subject]->handle(event); break;
    case EventKind::kFault: break;
    default:
      if (const auto delivery = network.handle(event)) {
        const size_t host = delivery->host.value;
        if (host < processes.size()) {
          processes[host]->deliver(*delivery);
        } else if (const auto at = clients.find(delivery->host); at != clients.end()) {
          at->second->deliver(*delivery);
        }
        network.release(*delivery);
      }
  }
  for (const auto& drained : network.take_drained()) {
    if (drained.host.value < processes.size()) {
      processes[drained.host.value]->output_drained(drained.connection);
    }
  }
}

bool ServiceRig::run_until(const std::function<bool()>& done, int64_t ms) {
  Event mark;
  mark.at = queue.now() + Duration::from_ms(ms);
  mark.kind = EventKind::kFault;
  queue.push(mark);
  while (!done() && queue.now() < mark.at) dispatch(queue.pop());
  return done();
}

void ServiceRig::run(int64_t ms) {
  run_until([] { return false; }, ms);
}

Standing ServiceRig::standing(size_t server) const {
  const Engine* engine = processes[server]->engine();
  return engine == nullptr ? Standing{} : engine->standing().value_or(Standing{});
}

size_t ServiceRig::leader() {
  size_t found = 0;
  const bool is_there = run_until(
      [&] {
        for (size_t i = 0; i < processes.size(); ++i) {
          const Standing s = standing(i);
          if (s.serves && s.state == quorum::PeerState::kLeading) return found = i, true;
        }
        return false;
      },
      30'000);
  EXPECT_TRUE(is_there) << "nobody leads";
  return found;
}

size_t ServiceRig::follower() {
  size_t found = 0;
  const bool is_there = run_until(
      [&] {
        for (size_t i = 0; i < processes.size(); ++i) {
          const Standing s = standing(i);
          if (s.serves && s.state == quorum::PeerState::kFollowing) return found = i, true;
        }
        return false;
      },
      30'000);
  EXPECT_TRUE(is_there) << "nobody follows";
  return found;
}

bool ServiceRig::all_serve(int64_t ms) {
  return run_until(
      [this] {
        for (size_t i = 0; i < processes.size(); ++i) {
          if (!serves(i)) return false;
        }
        return true;
      },
      ms);
}

void ServiceRig::kill(size_t server) {
  processes[server]->die(DeathKind::kKill);
}

void ServiceRig::start(size_t server) {
  processes[server]->start();
}

void ServiceRig::isolate(size_t server) {
  for (size_t i = 0; i < processes.size(); ++i) {
    if (i == server) continue;
    network.cut(processes[server]->host(), processes[i]->host(), Duration::from_ms(1000));
    network.cut(processes[i]->host(), processes[server]->host(), Duration::from_ms(1000));
  }
}

void ServiceRig::rejoin(size_t server) {
  for (size_t i = 0; i < processes.size(); ++i) {
    if (i == server) continue;
    network.heal(processes[server]->host(), processes[i]->host());
    network.heal(processes[i]->host(), processes[server]->host());
  }
}

std::unique_ptr<RigClient> ServiceRig::client() {
  auto made = std::make_unique<RigClient>(
      *this, network.add_host("client-" + std::to_string(clients.size())));
  clients[made->host()] = made.get();
  return made;
}

// --- bodies ------------------------------------------------------------------------------------

std::string create_body(std::string_view path, int32_t flags, std::string_view data) {
  std::string bytes;
  jute::Writer out(bytes);
  wire::CreateRequest request;
  request.path = path;
  request.data = data;
  request.acl = jute::open_acl_bytes();
  request.flags = flags;
  wire::write(out, request, jute::OpCode::kCreate);
  return bytes;
}

std::string path_body(std::string_view path) {
  std::string bytes;
  jute::Writer(bytes).string(path);
  return bytes;
}

std::string path_watch_body(std::string_view path, bool watch) {
  std::string bytes;
  jute::Writer out(bytes);
  wire::write(out, wire::PathWatchRequest{path, watch});
  return bytes;
}

std::string set_data_body(std::string_view path, std::string_view data) {
  std::string bytes;
  jute::Writer out(bytes);
  wire::write(out, wire::SetDataRequest{path, data, -1});
  return bytes;
}

}  // namespace zoetrope::sim
