#include "properties/model_acl.hpp"

#include <algorithm>

namespace zoetrope::properties {
namespace {

bool is_anyone(const Identity& id) {
  return id.scheme == "world" && id.id == "anyone";
}

}  // namespace

bool permits(const Acl& acl, int32_t permissions, const Identities& identities) {
  if (acl.empty()) return true;
  for (const Identity& id : identities) {
    if (id.scheme == "super") return true;
  }
  for (const AclEntry& entry : acl) {
    if ((entry.permissions & permissions) == 0) continue;
    if (is_anyone(entry.id)) return true;
    if (std::ranges::find(identities, entry.id) != identities.end()) return true;
  }
  return false;
}

std::optional<Acl> stored_acl(const Acl& acl, const Identities& identities) {
  if (acl.empty()) return std::nullopt;
  Acl unique;
  for (const AclEntry& entry : acl) {
    if (std::ranges::find(unique, entry) == unique.end()) unique.push_back(entry);
  }
  Acl stored;
  for (const AclEntry& entry : unique) {
    if (is_anyone(entry.id)) {
      stored.push_back(entry);
    } else if (entry.id.scheme == "auth") {
      const size_t before = stored.size();
      for (const Identity& id : identities) {
        if (id.scheme == "digest") stored.push_back({entry.permissions, id});
      }
      if (stored.size() == before) return std::nullopt;
    } else if (entry.id.scheme == "digest") {
      if (std::ranges::count(entry.id.id, ':') != 1) return std::nullopt;
      stored.push_back(entry);
    } else {
      return std::nullopt;
    }
  }
  return stored;
}

Acl masked_acl(const Acl& acl) {
  Acl masked = acl;
  for (AclEntry& entry : masked) {
    if (entry.id.scheme != "digest") continue;
    entry.id.id = entry.id.id.substr(0, entry.id.id.find(':')) + ":x";
  }
  return masked;
}

bool same_acl(Acl left, Acl right) {
  std::ranges::sort(left);
  std::ranges::sort(right);
  return left == right;
}

}  // namespace zoetrope::properties
