#include "net/connections.hpp"

#include <sys/socket.h>

#include <algorithm>
#include <cerrno>

#include "core/base/assert.hpp"

namespace zoetrope::net {

namespace {

// Beyond these, memory that a burst needed is given back.
constexpr size_t kGatherBytesKept = 1 << 20;
constexpr size_t kPiecesKept = 1 << 14;
// Sent bytes at the front of a backlog are dropped when they are this many and the larger part.
constexpr size_t kSentBytesKept = 64 * 1024;

void close_with_reset(int fd) {
  const linger hard{1, 0};
  ::setsockopt(fd, SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
  ::close(fd);
}

}  // namespace

Connections::~Connections() {
  drop_all();
}

ConnectionId Connections::open(UniqueFd socket) {
  if (free_slots_.empty()) {
    free_slots_.push_back(static_cast<uint32_t>(slots_.size()));
    slots_.emplace_back();
  }
  const uint32_t index = free_slots_.back();
  free_slots_.pop_back();
  Slot& slot = slots_[index];
  ZT_ASSERT(slot.fd < 0);
  slot.fd = socket.release();
  ++open_count_;
  return ConnectionId::make(index, slot.generation);
}

Connections::Slot* Connections::find(ConnectionId id) {
  return const_cast<Slot*>(std::as_const(*this).find(id));
}

const Connections::Slot* Connections::find(ConnectionId id) const {
  if (id.slot() >= slots_.size()) return nullptr;
  const Slot& slot = slots_[id.slot()];
  return slot.fd >= 0 && slot.generation == id.generation() ? &slot : nullptr;
}

bool Connections::is_live(ConnectionId id) const {
  const Slot* slot = find(id);
  return slot != nullptr && !slot->is_closing;
}

bool Connections::is_closing(ConnectionId id) const {
  const Slot* slot = find(id);
  return slot != nullptr && slot->is_closing;
}

Connections::ReadResult Connections::read(ConnectionId id) {
  Slot* slot = find(id);
  if (slot == nullptr) return {Read::kNothing, {}};
  ssize_t n;
  do {
    n = ::recv(slot->fd, read_buffer_.get(), kReadBytes, 0);
  } while (n < 0 && errno == EINTR);
  if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) return {Read::kNothing, {}};
  if (n <= 0) return {n == 0 ? Read::kEnd : Read::kBroken, {}};
  const auto size = static_cast<size_t>(n);
  return {size == kReadBytes ? Read::kPartial : Read::kBytes, {read_buffer_.get(), size}};
}

void Connections::set_paused(ConnectionId id, bool paused) {
  if (Slot* slot = find(id)) slot->is_paused = paused;
}

bool Connections::is_paused(ConnectionId id) const {
  const Slot* slot = find(id);
  return slot != nullptr && slot->is_paused;
}

void Connections::queue(ConnectionId id, std::string_view bytes) {
  Slot* slot = find(id);
  if (slot == nullptr || slot->is_closing || bytes.empty()) return;
  const auto piece = static_cast<uint32_t>(pieces_.size());
  pieces_.push_back({bytes, kNoChain});
  if (slot->first_piece == kNoChain) {
    slot->first_piece = piece;
    queued_.push_back(id);
  } else {
    pieces_[slot->last_piece].next = piece;
  }
  slot->last_piece = piece;
}

// Everything queued for one connection as one run of bytes; copied only when it is in several
// pieces.
std::string_view Connections::gathered(Slot& slot) {
  const Piece& first = pieces_[slot.first_piece];
  std::string_view bytes = first.bytes;
  if (first.next != kNoChain) {
    gather_buffer_.clear();
    for (uint32_t i = slot.first_piece; i != kNoChain; i = pieces_[i].next) {
      gather_buffer_.append(pieces_[i].bytes);
    }
    bytes = gather_buffer_;
  }
  slot.first_piece = slot.last_piece = kNoChain;
  return bytes;
}

void Connections::flush(std::vector<ConnectionId>& broken, std::vector<ConnectionId>& unsent) {
  for (const ConnectionId id : queued_) {
    Slot* slot = find(id);
    if (slot == nullptr || slot->first_piece == kNoChain) continue;
    if (!send(*slot, gathered(*slot))) {
      broken.push_back(id);
    } else if (slot->unsent != nullptr) {
      unsent.push_back(id);
    }
  }
  queued_.clear();
  pieces_.clear();
  if (gather_buffer_.capacity() > kGatherBytesKept) std::string().swap(gather_buffer_);
  if (pieces_.capacity() > kPiecesKept) std::vector<Piece>().swap(pieces_);
}

// Sends what it can and keeps the rest. False when the connection is broken.
bool Connections::send(Slot& slot, std::string_view bytes) {
  if (slot.unsent == nullptr) {
    ssize_t n;
    do {
      n = ::send(slot.fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    } while (n < 0 && errno == EINTR);
    if (n < 0 && errno != EAGAIN && errno != EWOULDBLOCK) return false;
    if (n > 0) bytes.remove_prefix(static_cast<size_t>(n));
    if (bytes.empty()) return true;
    slot.unsent = std::make_unique<Unsent>();
  }
  slot.unsent->bytes.append(bytes);
  return true;
}

bool Connections::writable(ConnectionId id) {
  Slot* slot = find(id);
  if (slot == nullptr || slot->unsent == nullptr) return true;
  Unsent& unsent = *slot->unsent;
  while (unsent.size() != 0) {
    const ssize_t n =
        ::send(slot->fd, unsent.bytes.data() + unsent.sent, unsent.size(), MSG_NOSIGNAL);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0 && errno != EAGAIN && errno != EWOULDBLOCK) return false;
    if (n < 0) break;
    unsent.sent += static_cast<size_t>(n);
  }
  if (unsent.sent >= kSentBytesKept && unsent.sent >= unsent.bytes.size() / 2) {
    unsent.bytes.erase(0, unsent.sent);
    unsent.sent = 0;
  }
  if (unsent.size() == 0 && unsent.reported == 0 && !unsent.asked) slot->unsent.reset();
  shut_when_sent(*slot);
  return true;
}

std::optional<uint64_t> Connections::backlog_change(ConnectionId id) {
  Slot* slot = find(id);
  if (slot == nullptr || slot->unsent == nullptr || slot->is_closing) return std::nullopt;
  Unsent& unsent = *slot->unsent;
  const uint64_t size = unsent.size();
  const bool has_risen = size > output_bytes_high_ &&
                         (unsent.reported == 0 || size >= unsent.reported + output_bytes_high_ / 2);
  const bool has_fallen = unsent.reported != 0 && (size == 0 || size < output_bytes_high_ / 2);
  const bool is_asked = unsent.asked && size <= *unsent.asked;
  if (!has_risen && !has_fallen && !is_asked) return std::nullopt;
  if (has_risen || has_fallen) unsent.reported = has_risen ? size : 0;
  if (is_asked) unsent.asked.reset();
  if (size == 0 && !unsent.asked) slot->unsent.reset();
  return size;
}

bool Connections::ask_backlog(ConnectionId id, uint64_t at_most) {
  Slot* slot = find(id);
  if (slot == nullptr || slot->is_closing) return false;
  if (slot->unsent == nullptr || slot->unsent->size() <= at_most) return true;
  slot->unsent->asked = at_most;
  return false;
}

bool Connections::has_unsent(ConnectionId id) const {
  const Slot* slot = find(id);
  return slot != nullptr && slot->unsent != nullptr;
}

uint64_t Connections::unsent_bytes(ConnectionId id) const {
  const Slot* slot = find(id);
  return slot != nullptr && slot->unsent != nullptr ? slot->unsent->size() : 0;
}

void Connections::free(ConnectionId id, Slot& slot) {
  const uint32_t generation = slot.generation + 1;
  slot = Slot();
  slot.generation = generation == 0 ? 1 : generation;
  free_slots_.push_back(id.slot());
  --open_count_;
}

void Connections::reset(ConnectionId id) {
  Slot* slot = find(id);
  if (slot == nullptr) return;
  close_with_reset(slot->fd);
  free(id, *slot);
}

void Connections::drop(ConnectionId id) {
  Slot* slot = find(id);
  if (slot == nullptr) return;
  ::close(slot->fd);
  free(id, *slot);
}

void Connections::drop_all() {
  for (uint32_t i = 0; i < slots_.size(); ++i) drop(ConnectionId::make(i, slots_[i].generation));
}

bool Connections::close_now(ConnectionId id) {
  const Slot* slot = find(id);
  if (slot == nullptr || slot->is_closing || slot->unsent != nullptr) return false;
  if (read(id).what != Read::kNothing) return false;
  drop(id);
  return true;
}

void Connections::close_after_flush(ConnectionId id, MonotonicTime now) {
  Slot* slot = find(id);
  if (slot == nullptr || slot->is_closing) return;
  slot->is_closing = true;
  slot->is_paused = false;
  closing_.push_back({id, now + kLingerTime});
  shut_when_sent(*slot);
  discard_input(id);
}

void Connections::shut_when_sent(Slot& slot) {
  if (!slot.is_closing || slot.is_shut) return;
  if (slot.unsent != nullptr && slot.unsent->size() != 0) return;
  slot.is_shut = true;
  slot.unsent.reset();
  ::shutdown(slot.fd, SHUT_WR);
}

void Connections::discard_input(ConnectionId id) {
  // A peer that sends without end is not read without end; its deadline comes.
  constexpr int kReadsMax = 4;
  for (int i = 0; i < kReadsMax; ++i) {
    const Read what = read(id).what;
    if (what == Read::kNothing || what == Read::kBytes) return;
    if (what == Read::kPartial) continue;
    const Slot* slot = find(id);
    // The peer may have ended only its own half and still wait for our last bytes.
    if (slot != nullptr && (slot->is_shut || what == Read::kBroken)) drop(id);
    return;
  }
}

bool Connections::expire_closing(MonotonicTime now) {
  std::erase_if(closing_, [&](const Closing& closing) {
    const Slot* slot = find(closing.id);
    if (slot == nullptr) return true;
    if (closing.deadline > now) return false;
    if (slot->is_shut) {
      drop(closing.id);
    } else {
      reset(closing.id);
    }
    return true;
  });
  return !closing_.empty();
}

}  // namespace zoetrope::net
