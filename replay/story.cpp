#include "replay/story.hpp"

#include <array>
#include <charconv>

#include "core/jute/opcode.hpp"
#include "core/quorum/notification.hpp"

namespace zoetrope::replay {

using trace::EventKind;

namespace {

constexpr size_t kFrameMax = 64 << 20;

std::string hex(Zxid zxid) {
  std::array<char, 20> digits;
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(),
                                 static_cast<uint64_t>(zxid.value), 16);
  return "0x" + std::string(digits.data(), end.ptr);
}

std::string bytes_text(size_t n) {
  return std::to_string(n) + (n == 1 ? " byte" : " bytes");
}

// Names in the order in which they came: "PROPOSAL 0x5, 3 COMMIT".
class Names {
 public:
  void add(std::string name) {
    if (name == last_) {
      ++count_;
      return;
    }
    flush();
    last_ = std::move(name);
    count_ = 1;
  }
  std::string text() {
    flush();
    return std::move(text_);
  }

 private:
  void flush() {
    if (count_ == 0) return;
    if (!text_.empty()) text_ += ", ";
    if (count_ > 1) text_ += std::to_string(count_) + " ";
    text_ += last_;
    count_ = 0;
  }

  std::string text_, last_;
  size_t count_ = 0;
};

std::string name_of(const quorum::Packet& packet) {
  const std::string name(quorum::to_string(packet.type));
  const bool has_zxid = packet.type != quorum::PacketType::kPing &&
                        packet.type != quorum::PacketType::kRequest &&
                        packet.type != quorum::PacketType::kRevalidate;
  return has_zxid ? name + " " + hex(packet.zxid) : name;
}

std::string name_of(const quorum::Notification& n) {
  std::string name(quorum::to_string(n.state));
  return name + ", votes " + std::to_string(n.leader.value) + " with " + hex(n.zxid) +
         " in round " + std::to_string(n.election_epoch);
}

// Whole frames of four bytes of length each; false for what is none.
template <class See>
bool for_each_frame(std::string_view bytes, const See& see) {
  while (bytes.size() >= 4) {
    const uint32_t size = load_be32(bytes.data());
    if (size > kFrameMax || size > bytes.size() - 4) return false;
    see(bytes.substr(4, size));
    bytes.remove_prefix(4 + size);
  }
  return bytes.empty();
}

// What an election port's bytes say, the first of which begins with a message of its own.
std::string election_text(std::string_view bytes, bool is_first) {
  Names names;
  if (is_first) {
    const auto initial = quorum::read_initial_message(bytes);
    if (initial && *initial) {
      names.add("server " + std::to_string((*initial)->message.server.value) +
                " introduces itself");
      bytes.remove_prefix((*initial)->size);
    }
  }
  for_each_frame(bytes, [&](std::string_view frame) {
    const auto notification = quorum::read_notification(frame);
    names.add(notification ? name_of(*notification) : std::string("a message"));
  });
  const std::string text = names.text();
  return text.empty() ? bytes_text(bytes.size()) : text;
}

// What a client asks for; only the first request may be another one than it seems, in a piece that
// does not begin with one.
std::string client_text(std::string_view bytes) {
  Names names;
  for_each_frame(bytes, [&](std::string_view frame) {
    const bool has_header = frame.size() >= 8;
    const auto op = static_cast<jute::OpCode>(has_header ? load_be32(frame.data() + 4) : 0);
    const std::string_view name = jute::to_string(op);
    names.add(has_header && !name.empty() && op != jute::OpCode::kNotification ? std::string(name)
                                                                               : "connect");
  });
  const std::string text = names.text();
  return text.empty() ? bytes_text(bytes.size()) : text;
}

std::string name_of(ConnectionId id) {
  return "connection " + std::to_string(id.slot()) + "." + std::to_string(id.generation());
}

}  // namespace

void Teller::add(EventKind kind, std::string text) {
  told_.moments.push_back(
      {step_->now.monotonic.ns + wall_ahead_, step_->number, kind, std::move(text)});
}

void Teller::see(const Step& step) {
  step_ = &step;
  if (step.run != run_ || told_.moments.empty()) {
    run_ = step.run;
    wall_ahead_ = step.now.wall.ms * 1'000'000 - step.now.monotonic.ns;
    streams_.clear();
    standing_.clear();
    told_.server = step.server->config().server_id;
    applied_ = step.server->tree().last_processed_zxid();
    add(EventKind::kLife, step.input == nullptr ? "started at " + hex(applied_)
                                                : "seen from here, at " + hex(applied_));
  }
  if (step.input != nullptr) {
    const node::Input& input = *step.input;
    if (const auto* received = std::get_if<node::Received>(&input)) {
      receive(*received);
    } else if (std::holds_alternative<node::Shutdown>(input)) {
      add(EventKind::kLife, "asked to stop");
    } else if (const auto* closed = std::get_if<node::Closed>(&input)) {
      streams_.erase(closed->connection);
      const auto* peer = step.connections->find(closed->connection);
      if (peer != nullptr) add(EventKind::kStep, "lost " + peer->remote.to_string());
    } else if (const auto* done = std::get_if<node::DiskDone>(&input); done && done->error) {
      add(EventKind::kFault, "disk: " + done->error->message);
    } else if (std::holds_alternative<node::Reloaded>(input)) {
      add(EventKind::kDisk, record::describe(input));
    }
  }
  take_effects();
  note_standing();
  note_applied();
}

void Teller::see(const Break& end) {
  Step last{end.run, end.step, end.now};
  step_ = &last;
  switch (end.kind) {
    case BreakKind::kStopped: return add(EventKind::kLife, "stopped");
    case BreakKind::kKilled: return add(EventKind::kLife, "ended without a word");
    case BreakKind::kGap: return add(EventKind::kFault, "steps are missing from here on");
    case BreakKind::kLeft: return add(EventKind::kLife, "not recorded any further");
  }
}

void Teller::receive(const node::Received& received) {
  const record::PeerConnection* peer = step_->connections->find(received.connection);
  const std::string_view bytes = received.bytes;
  if (peer == nullptr) {
    return add(EventKind::kOperation, name_of(received.connection) + ": " + client_text(bytes));
  }
  const uint64_t begin = peer->received - bytes.size();
  std::string text;
  if (peer->port == node::Port::kElection) {
    text = election_text(bytes, begin == 0 && !peer->is_dialled);
  } else {
    Names names;
    if (begin == 0) streams_.insert_or_assign(received.connection, quorum::PacketStream());
    const auto stream = streams_.find(received.connection);
    if (stream != streams_.end()) {
      stream->second.take(bytes, [&](const quorum::Packet& p) { names.add(name_of(p)); });
    }
    text = names.text();
    if (text.empty()) text = bytes_text(bytes.size());
  }
  told_.received.push_back(
      {{peer->remote, peer->local}, run_, peer->id, begin, peer->received, told_.moments.size()});
  add(EventKind::kReceive, std::move(text));
}

void Teller::send(const node::Send& send) {
  const record::PeerConnection* peer = step_->connections->find(send.connection);
  if (peer == nullptr) return;
  const std::string_view bytes = step_->effects->bytes(send);
  const uint64_t begin = peer->sent + sent_[send.connection];
  std::string text;
  if (peer->port == node::Port::kElection) {
    text = election_text(bytes, begin == 0 && peer->is_dialled);
  } else {
    // A step sends whole packets, but for the pieces of a snapshot.
    Names names;
    quorum::PacketStream stream;
    stream.take(bytes, [&](const quorum::Packet& p) { names.add(name_of(p)); });
    text = names.text();
    if (text.empty()) text = bytes_text(bytes.size());
  }
  told_.sent.push_back({{peer->local, peer->remote},
                        run_,
                        peer->id,
                        begin,
                        begin + bytes.size(),
                        told_.moments.size()});
  sent_[send.connection] += bytes.size();
  add(EventKind::kSend, std::move(text));
}

void Teller::take_effects() {
  sent_.clear();
  for (const node::Effect& effect : step_->effects->list()) {
    if (const auto* bytes = std::get_if<node::Send>(&effect)) {
      send(*bytes);
    } else if (const auto* disk = std::get_if<node::Disk>(&effect)) {
      if (std::holds_alternative<storage::WriteFile>(disk->op.action)) continue;
      add(EventKind::kDisk, record::describe(effect, *step_->effects));
    } else if (const auto* log = std::get_if<node::Log>(&effect)) {
      add(EventKind::kStep, log->text);
    } else if (const auto* halt = std::get_if<node::Halt>(&effect)) {
      add(EventKind::kLife, halt->reason);
    }
  }
}

void Teller::note_standing() {
  const zab::Peer* peer = step_->server->peer();
  if (peer == nullptr) return;
  std::string standing(quorum::to_string(peer->state()));
  if (const auto leader = peer->leader(); leader && *leader != told_.server) {
    standing += " " + std::to_string(leader->value);
  }
  standing += ", epoch " + std::to_string(peer->epoch());
  if (peer->is_serving()) standing += ", serving";
  if (standing == standing_) return;
  standing_ = standing;
  add(EventKind::kState, std::move(standing));
}

void Teller::note_applied() {
  const Zxid applied = step_->server->tree().last_processed_zxid();
  if (applied == std::exchange(applied_, applied)) return;
  add(EventKind::kCommit, "applied " + hex(applied));
}

}  // namespace zoetrope::replay
