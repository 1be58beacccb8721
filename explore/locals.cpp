#include "explore/locals.hpp"

#include "core/base/assert.hpp"
#include "core/base/hash.hpp"

namespace zoetrope::explore {

namespace {

// Every event of every local state has a key of its own, no hash: nothing may be mixed up here.
uint64_t key_of(LocalId id, const Locals::Event& event) {
  ZT_ASSERT(id < (1U << 28) && event.argument < (1U << 26));
  return uint64_t{id} << 36 | uint64_t{event.argument} << 10 |
         static_cast<uint64_t>(event.from) << 6 | static_cast<uint64_t>(event.lane) << 4 |
         static_cast<uint64_t>(event.kind);
}

uint64_t hash_of(const Fact& fact) {
  RunningHash hash;
  hash.add(static_cast<uint64_t>(fact.kind));
  hash.add(static_cast<uint64_t>(fact.server));
  hash.add(static_cast<uint64_t>(fact.term));
  hash.add(static_cast<uint64_t>(fact.epoch));
  hash.add(static_cast<uint64_t>(fact.zxid.value));
  hash.add(fact.text);
  for (const std::string& transaction : fact.history) hash.add(transaction);
  return hash.value();
}

}  // namespace

LocalId Locals::add(std::unique_ptr<Node> node) {
  const uint64_t fingerprint = node->fingerprint();
  const auto [place, is_new] =
      by_fingerprint_.try_emplace(fingerprint, static_cast<LocalId>(locals_.size()));
  if (is_new) {
    auto local = std::make_unique<Local>();
    local->fingerprint = fingerprint;
    local->own_events = node->own_events();
    local->standing = node->standing();
    local->node = std::move(node);
    locals_.push_back(std::move(local));
  }
  return place->second;
}

const Locals::Outcome& Locals::outcome(LocalId id, const Event& event) {
  const auto [place, is_new] =
      by_event_.try_emplace(key_of(id, event), static_cast<uint32_t>(outcomes_.size()));
  if (!is_new) return *outcomes_[place->second];
  const uint32_t number = place->second;
  auto outcome = std::make_unique<Outcome>();
  std::unique_ptr<Node> node = locals_[id]->node->clone();
  Step step;
  carry_out(*node, event, step);
  for (const Send& send : step.sends) {
    outcome->sends.push_back(
        {static_cast<uint8_t>(send.to), static_cast<uint8_t>(send.lane), intern(send.bytes)});
  }
  for (Fact& fact : step.facts) outcome->facts.push_back(intern(std::move(fact)));
  outcome->violations = std::move(step.violations);
  outcome->next = add(std::move(node));
  outcomes_.push_back(std::move(outcome));
  return *outcomes_[number];
}

void Locals::carry_out(Node& node, const Event& event, Step& step) const {
  switch (event.kind) {
    case EventKind::kStart: return node.start(step);
    case EventKind::kReceive:
      return node.receive(event.from, event.lane, message(event.argument), step);
    case EventKind::kLost: return node.lost(event.from, event.lane, step);
    case EventKind::kFound: return node.found(event.from, step);
    case EventKind::kOwn: return node.own(static_cast<uint8_t>(event.argument), step);
    case EventKind::kCrash: return node.crash();
    case EventKind::kRestart: return node.restart(step);
    case EventKind::kSilence: return node.silence(silences_[event.argument], step);
  }
}

MessageId Locals::intern(std::string_view bytes) {
  const uint64_t hash = hash_bytes(bytes);
  const auto [place, is_new] =
      by_message_.try_emplace(hash, static_cast<MessageId>(messages_.size()));
  if (is_new) messages_.push_back({std::make_unique<std::string>(bytes), hash});
  ZT_ASSERT(*messages_[place->second].bytes == bytes);
  return place->second;
}

FactId Locals::intern(Fact fact) {
  const uint64_t hash = hash_of(fact);
  const auto [place, is_new] = by_fact_.try_emplace(hash, static_cast<FactId>(facts_.size()));
  if (is_new) facts_.push_back({std::move(fact), hash});
  return place->second;
}

uint32_t Locals::number_of(const Silence& silence) {
  for (uint32_t i = 0; i < silences_.size(); ++i) {
    const Silence& known = silences_[i];
    if (known.leader_is_there == silence.leader_is_there &&
        known.leader_is_established == silence.leader_is_established &&
        known.has_quorum == silence.has_quorum && known.epoch == silence.epoch) {
      return i;
    }
  }
  silences_.push_back(silence);
  return static_cast<uint32_t>(silences_.size() - 1);
}

}  // namespace zoetrope::explore
