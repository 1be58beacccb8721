#include "core/zab/leader.hpp"

#include <algorithm>
#include <utility>

#include "core/base/assert.hpp"

namespace zoetrope::zab {

using quorum::Packet;
using quorum::PacketCutter;
using quorum::PacketType;

namespace {

// Connections that have not said whose they are; the oldest gives way.
constexpr ptrdiff_t kUnnamedMax = 64;
// Lines for the operator in one tick about what learners did; strangers could fill the log.
constexpr uint32_t kNotesPerTick = 20;

}  // namespace

Leader::Leader(const RoleConfig& config, Configuration& configuration, EpochFiles& epochs,
               Host& host)
    : config_(config), configuration_(configuration), epochs_(epochs), host_(host) {}

void Leader::begin(MonotonicTime now) {
  own_current_epoch_ = epochs_.durable().current;
  own_last_ = host_.last_logged();
  durable_ = host_.durable();
  next_half_tick_ = now + half_tick();
  host_.listen(true);
  enter(Phase::kGathering);
  gather_epochs();
}

void Leader::opened(ConnectionId connection, const Endpoint& remote, MonotonicTime) {
  if (over_) return host_.close(connection);
  make_room_for_unnamed();
  auto [at, is_new] = links_.try_emplace(connection, connection, remote, config_.packet_bytes_max);
  ZT_ASSERT(is_new);
  at->second.opened_as = ++opened_;
  expect_word_within(at->second, config_.init_limit + config_.sync_limit);
  forget_gone();
}

void Leader::make_room_for_unnamed() {
  LearnerLink* oldest = nullptr;
  ptrdiff_t unnamed = 0;
  for (auto& [connection, link] : links_) {
    if (link.gone || link.is_named()) continue;
    ++unnamed;
    if (oldest == nullptr || link.opened_as < oldest->opened_as) oldest = &link;
  }
  if (unnamed >= kUnnamedMax) drop(*oldest, "too many connections have not said whose they are");
}

void Leader::received(ConnectionId connection, std::string_view bytes, MonotonicTime) {
  LearnerLink* link = find(connection);
  if (link == nullptr) return;
  link->bytes_received += bytes.size();
  link->cutter.feed(bytes);
  Packet packet;
  PacketCutter::Status status = PacketCutter::Status::kPacket;
  // Whatever a packet leads to may close this connection, or end the leader.
  while (!link->gone) {
    status = link->cutter.next(packet);
    if (status != PacketCutter::Status::kPacket) break;
    take(*link, packet);
  }
  if (status == PacketCutter::Status::kBad) drop(*link, link->cutter.error().what);
  link->cutter.keep();
  commit_acknowledged();
  answer_syncs();
  end_full_epoch();
  forget_gone();
}

void Leader::take(LearnerLink& link, const Packet& packet) {
  const bool is_up = link.stage == LinkStage::kUp;
  if (is_up) expect_word_within(link, config_.sync_limit);
  switch (packet.type) {
    case PacketType::kFollowerInfo:
    case PacketType::kObserverInfo:
      if (link.stage == LinkStage::kUnnamed) return take_info(link, packet);
      break;
    case PacketType::kAckEpoch:
      if (link.stage == LinkStage::kInvited) return take_ack_epoch(link, packet);
      break;
    case PacketType::kAck:
      if (link.stage >= LinkStage::kSynchronising) return take_ack(link, packet.zxid);
      break;
    case PacketType::kPing:
      if (is_up) return take_ping_reply(link, packet);
      break;
    case PacketType::kRevalidate:
      if (is_up) return take_revalidation(link, packet);
      break;
    case PacketType::kRequest:
      if (is_up) return take_request(link, packet);
      break;
    default: break;
  }
  // A learner says nothing of these kinds before it has UPTODATE.
  drop(link, std::string(to_string(packet.type)) + " was not expected from it");
}

void Leader::closed(ConnectionId connection, MonotonicTime) {
  LearnerLink* link = find(connection);
  if (link == nullptr) return;
  if (link->is_named()) note_bounded(false, "lost the connection to " + link->name());
  forget(*link);
  start_transfers();
  end_handed_over();
  forget_gone();
}

void Leader::drop(LearnerLink& link, const std::string& why) {
  if (link.gone) return;
  note_bounded(true, "closed the connection to " + link.name() + ": " + why);
  host_.close(link.connection);
  forget(link);
  start_transfers();
}

// The link itself stays until the end of the input: its packets may be in use further up.
void Leader::forget(LearnerLink& link) {
  link.gone = true;
  some_gone_ = true;
  if (streaming_ == link.connection) {
    streaming_.reset();
    host_.end_stream();
  }
  if (history_ && history_->learner == link.connection) {
    history_.reset();
    host_.end_history();
  }
  std::erase(awaiting_stream_, link.connection);
  std::erase(awaiting_history_, link.connection);
  if (relay_) std::erase_if(relay_->owners, [&](auto& at) { return at.second == link.connection; });
  std::erase_if(syncs_, [&](const PendingSync& sync) { return sync.origin == link.connection; });
}

void Leader::forget_gone() {
  if (!std::exchange(some_gone_, false)) return;
  std::erase_if(links_, [](const auto& entry) { return entry.second.gone; });
}

void Leader::end(std::string why) {
  if (over_) return;
  over_ = std::move(why);
  for (auto& [connection, link] : links_) {
    if (link.gone) continue;
    host_.close(connection);
    forget(link);
  }
  syncs_.clear();
  relay_ ? host_.listen_for_observers(false) : host_.listen(false);
}

void Leader::abandon() {
  end("the leader was told to stop");
}

bool Leader::owns(ConnectionId connection) const {
  const auto at = links_.find(connection);
  return at != links_.end() && !at->second.gone;
}

LearnerLink* Leader::find(ConnectionId connection) {
  const auto at = links_.find(connection);
  return at == links_.end() || at->second.gone ? nullptr : &at->second;
}

const LearnerLink* Leader::find(ServerId server) const {
  for (const auto& [connection, link] : links_) {
    if (link.is_named() && link.server == server) return &link;
  }
  return nullptr;
}

LearnerLink* Leader::find(ServerId server) {
  return const_cast<LearnerLink*>(std::as_const(*this).find(server));
}

void Leader::note_bounded(bool is_warning, std::string text) {
  if (++notes_ > kNotesPerTick) return;
  if (notes_ == kNotesPerTick) text += " (more of this tick is not told)";
  host_.note(is_warning, std::move(text));
}

std::string& Leader::begin_send(LearnerLink& link) {
  return link.is_held ? link.held : host_.begin_send();
}

void Leader::end_send(LearnerLink& link) {
  if (!link.is_held) return host_.end_send(link.connection);
  some_overfull_ |= link.held.size() > config_.held_bytes_max;
}

void Leader::send(LearnerLink& link, PacketType type, Zxid zxid, jute::BufferView data) {
  quorum::append_packet(begin_send(link), type, zxid, data);
  end_send(link);
}

bool Leader::is_quorum(const std::function<bool(ServerId)>& has) const {
  const Ensembles& ensembles = configuration_.ensembles();
  return ensembles.current.is_quorum(has) &&
         (!ensembles.last_seen || ensembles.last_seen->is_quorum(has));
}

bool Leader::is_quorum_with_self(const std::function<bool(const LearnerLink&)>& has) {
  return is_quorum([&](ServerId server) {
    if (server == config_.self) return true;
    const LearnerLink* link = find(server);
    return link != nullptr && has(*link);
  });
}

bool Leader::is_member(ServerId server) const {
  const Ensembles& ensembles = configuration_.ensembles();
  return ensembles.current.members.contains(server) ||
         (ensembles.last_seen && ensembles.last_seen->members.contains(server));
}

std::vector<Leader::LearnerStatus> Leader::learners() const {
  std::vector<LearnerStatus> all;
  for (const auto& [connection, link] : links_) {
    if (!link.is_named()) continue;
    all.push_back({link.server, link.is_observer, link.stage >= LinkStage::kSynced, link.acked});
  }
  std::ranges::sort(all, {}, &LearnerStatus::server);
  return all;
}

void Leader::add_to(RunningHash& hash) const {
  hash.add(static_cast<uint64_t>(phase_));
  hash.add(over_.value_or(std::string()));
  hash.add(pending_ ? static_cast<uint64_t>(pending_->zxid.value) : 0);
  hash.add(designated_.size());
  hash.add(static_cast<uint64_t>(successor_.value_or(ServerId(-1)).value));
  hash.add(handed_over_at_);
  hash.add(links_.size());
  for (const auto& [connection, link] : links_) link.add_to(hash);
  hash.add(opened_);
  for (const int64_t number : {own_current_epoch_, own_last_.value, epoch_, epoch_start_.value,
                               proposed_.value, committed_.value, durable_.value}) {
    hash.add(static_cast<uint64_t>(number));
  }
  hash.add(awaiting_stream_.size());
  for (const ConnectionId connection : awaiting_stream_) hash.add(connection.value);
  hash.add(streaming_.value_or(ConnectionId()).value);
  hash.add(awaiting_history_.size());
  for (const ConnectionId connection : awaiting_history_) hash.add(connection.value);
  if (history_) {
    hash.add(history_->learner.value);
    hash.add(static_cast<uint64_t>(history_->target.value));
    hash.add(static_cast<uint64_t>(history_->walk.last_taken().value_or(Zxid(-1)).value));
    hash.add(uint64_t{history_->is_opened} | uint64_t{history_->is_awaited} << 1);
  }
  hash.add(static_cast<uint64_t>(log_gap_.value));
  if (relay_) {
    hash.add(relay_->owners.size());
    for (const auto& [session, owner] : relay_->owners) hash.add(owner.value);
  }
  hash.add(syncs_.size());
  for (const PendingSync& sync : syncs_) {
    hash.add(sync.origin.value);
    hash.add(static_cast<uint64_t>(sync.after.value));
    hash.add(sync.round);
  }
  hash.add(ping_rounds_);
  hash.add(static_cast<uint64_t>(next_half_tick_.ns));
  hash.add(half_ticks_);
  hash.add(phase_deadline_);
  hash.add(notes_);
  hash.add(uint64_t{better_candidate_looks_});
}

}  // namespace zoetrope::zab
