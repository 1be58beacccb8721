// Records that both the client protocol and the disk formats use (facts/client-protocol.md section
// 3). Plain values; encoding and decoding only.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/jute/archive.hpp"

namespace zoetrope::jute {

// Permission bits of an ACL entry (facts/client-protocol.md section 14).
enum Permission : int32_t {
  kRead = 1,
  kWrite = 2,
  kCreate = 4,
  kDelete = 8,
  kAdmin = 16,
  kAllPermissions = 31
};

// An identity: authentication scheme and the scheme's own name for who it is.
struct Id {
  std::string scheme;
  std::string id;
  auto operator<=>(const Id&) const = default;
};

struct Acl {
  int32_t permissions = 0;
  Id id;
  auto operator<=>(const Acl&) const = default;
};
using AclList = std::vector<Acl>;

// What is stored of a znode beside path, data and ACL; 60 bytes on disk in this order.
struct StatPersisted {
  int64_t czxid = 0, mzxid = 0, ctime = 0, mtime = 0;
  int32_t version = 0, cversion = 0, aversion = 0;
  int64_t ephemeral_owner = 0, pzxid = 0;
  auto operator<=>(const StatPersisted&) const = default;
};

// What a client sees of a znode; 68 bytes on the wire in this order. cversion counts creates plus
// deletes, ephemeral_owner is 0 for container and TTL nodes (facts/client-protocol.md section 10).
struct Stat {
  int64_t czxid = 0, mzxid = 0, ctime = 0, mtime = 0;
  int32_t version = 0, cversion = 0, aversion = 0;
  int64_t ephemeral_owner = 0;
  int32_t data_length = 0, num_children = 0;
  int64_t pzxid = 0;
  auto operator<=>(const Stat&) const = default;
};

void write(Writer& out, const Id& id);
void write(Writer& out, const Acl& acl);
void write(Writer& out, const AclList& acl);
void write(Writer& out, const StatPersisted& stat);
void write(Writer& out, const Stat& stat);

Id read_id(Reader& in);
Acl read_acl(Reader& in);
// A null list is read as an empty one; `was_null`, if given, tells which it was.
AclList read_acl_list(Reader& in, bool* was_null = nullptr);
// Skips one vector<ACL> and gives its encoded bytes, validated.
std::string_view read_acl_bytes(Reader& in);
StatPersisted read_stat_persisted(Reader& in);
Stat read_stat(Reader& in);
// Vector of strings; null is read as empty.
std::vector<std::string_view> read_strings(Reader& in);
void write_strings(Writer& out, const std::vector<std::string_view>& strings);

// The encoded form of the ACL world:anyone with all permissions, the commonest of all.
std::string_view open_acl_bytes();

}  // namespace zoetrope::jute
