#include "record/entry.hpp"

#include <utility>

#include "core/base/checksum.hpp"
#include "core/base/hash.hpp"
#include "core/base/state_archive.hpp"

namespace zoetrope::record {

namespace {

constexpr uint8_t kConnections = 253, kStart = 254, kEnd = 255;

void append_head(std::string& out, uint8_t kind, Now now, uint64_t previous_effects) {
  StateArchive archive(out);
  archive(kind, now.monotonic.ns, now.wall.ms, previous_effects);
}

// What an input of that kind holds; true when there is such a kind.
template <size_t I = 0>
bool read_input(StateArchive& archive, uint8_t kind, Entry& entry) {
  if constexpr (I < std::variant_size_v<node::Input>) {
    if (kind != I) return read_input<I + 1>(archive, kind, entry);
    auto& input = entry.what.emplace<node::Input>(std::in_place_index<I>);
    auto& value = std::get<I>(input);
    if constexpr (std::is_same_v<std::decay_t<decltype(value)>, node::Reloaded>) {
      entry.reloaded = std::make_unique<storage::RecoveredState>();
      archive(*entry.reloaded);
      value.state = entry.reloaded.get();
    } else {
      archive(value);
    }
    return true;
  } else {
    return false;
  }
}

}  // namespace

void append_start(std::string& out, Now now) {
  append_head(out, kStart, now, 0);
}

void append_end(std::string& out, Now now, uint64_t previous_effects) {
  append_head(out, kEnd, now, previous_effects);
}

void append_connections(std::string& out, Now now, PeerConnections& connections) {
  append_head(out, kConnections, now, 0);
  StateArchive archive(out);
  archive(connections);
}

void append_input(std::string& out, Now now, uint64_t previous_effects, const node::Input& input) {
  append_head(out, static_cast<uint8_t>(input.index()), now, previous_effects);
  StateArchive archive(out);
  if (const auto* received = std::get_if<node::Received>(&input)) return archive.save(*received);
  std::visit(
      [&archive](const auto& value) {
        if constexpr (std::is_same_v<std::decay_t<decltype(value)>, node::Reloaded>) {
          archive.save(*value.state);
        } else {
          archive.save(value);
        }
      },
      input);
}

std::optional<Entry> read_entry(std::string_view bytes) {
  StateArchive archive(bytes);
  Entry entry;
  uint8_t kind = 0;
  archive(kind, entry.now.monotonic.ns, entry.now.wall.ms, entry.previous_effects);
  if (kind == kStart) {
    entry.what = Start{};
  } else if (kind == kEnd) {
    entry.what = End{};
  } else if (kind == kConnections) {
    archive(entry.what.emplace<PeerConnections>());
  } else if (!read_input(archive, kind, entry)) {
    return std::nullopt;
  }
  if (!archive.ok() || !archive.at_end()) return std::nullopt;
  return entry;
}

uint64_t EffectsHash::of(const node::Effects& effects, PeerConnections& connections) {
  RunningHash hash;
  const auto& list = effects.list();
  const auto add_send = [&](ConnectionId connection, std::string_view bytes) {
    hash.add(connection.value);
    // Of all that is hashed here by far the most, and this is the fastest.
    hash.add(uint64_t{bytes.size()} << 32 | crc32(bytes));
    connections.sent(connection, bytes.size());
  };
  size_t i = count_;
  // What the step said to whom the step before had said something last.
  if (i > 0) {
    const auto* last = std::get_if<node::Send>(&list[i - 1]);
    const size_t end = last == nullptr ? 0 : size_t{last->offset} + last->length;
    if (end > bytes_)
      add_send(last->connection, effects.bytes(*last).substr(bytes_ - last->offset));
  }
  for (; i < list.size(); ++i) {
    if (const auto* send = std::get_if<node::Send>(&list[i])) {
      add_send(send->connection, effects.bytes(*send));
      continue;
    }
    if (const auto* close = std::get_if<node::Close>(&list[i])) {
      connections.closed(close->connection);
    }
    scratch_.clear();
    StateArchive archive(scratch_);
    archive.save(list[i]);
    hash.add(scratch_);
  }
  return hash.value() | 1;
}

}  // namespace zoetrope::record
