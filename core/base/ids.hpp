// Strong types for every identifier of the protocol, so that a zxid is never passed for a session.
// Owns nothing; never does arithmetic that the protocol does not define.
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>

namespace zoetrope {

template <class Tag, class Rep>
struct StrongId {
  using rep = Rep;
  Rep value{};
  constexpr StrongId() = default;
  constexpr explicit StrongId(Rep v) : value(v) {}
  constexpr auto operator<=>(const StrongId&) const = default;
};

// Transaction id: high 32 bits epoch, low 32 bits counter (facts/quorum-protocol.md section 2).
// Compared as the signed 64-bit number that stands on the wire.
struct Zxid : StrongId<struct ZxidTag, int64_t> {
  using StrongId::StrongId;
  static constexpr Zxid make(uint32_t epoch, uint32_t counter) {
    return Zxid(static_cast<int64_t>(uint64_t{epoch} << 32 | counter));
  }
  constexpr uint32_t epoch() const {
    return static_cast<uint32_t>(static_cast<uint64_t>(value) >> 32);
  }
  constexpr uint32_t counter() const { return static_cast<uint32_t>(static_cast<uint64_t>(value)); }
  constexpr Zxid next() const { return Zxid(value + 1); }
};

// Client session id; 0 means none (facts/client-protocol.md section 4).
struct SessionId : StrongId<struct SessionIdTag, int64_t> {
  using StrongId::StrongId;
};
// Member id of an ensemble (myid); standalone servers use 1.
struct ServerId : StrongId<struct ServerIdTag, int64_t> {
  using StrongId::StrongId;
};
// Request id within one client connection.
struct Xid : StrongId<struct XidTag, int32_t> {
  using StrongId::StrongId;
};
// One TCP connection of one server: low 32 bits a dense slot, high 32 bits its generation, so that
// tables may be plain vectors and an id is never used again. 0 is never a connection.
struct ConnectionId : StrongId<struct ConnectionIdTag, uint64_t> {
  using StrongId::StrongId;
  static constexpr ConnectionId make(uint32_t slot, uint32_t generation) {
    return ConnectionId(uint64_t{generation} << 32 | slot);
  }
  constexpr uint32_t slot() const { return static_cast<uint32_t>(value); }
  constexpr uint32_t generation() const { return static_cast<uint32_t>(value >> 32); }
};

// Hash for the tables of the engine; no order of such a table may reach an effect.
struct IdHash {
  template <class Tag, class Rep>
  size_t operator()(const StrongId<Tag, Rep>& id) const noexcept {
    uint64_t x = static_cast<uint64_t>(id.value) * 0x9E3779B97F4A7C15ULL;
    return static_cast<size_t>(x ^ (x >> 32));
  }
};

}  // namespace zoetrope
