// The rules of access as the model knows them: schemes world, auth and digest
// (facts/client-protocol.md section 14). Owns nothing.
#pragma once

#include <optional>
#include <vector>

#include "properties/history.hpp"

namespace zoetrope::properties {

using Identities = std::vector<Identity>;

// True when one of `identities` has one of the `permissions` bits; an empty ACL permits everything.
bool permits(const Acl& acl, int32_t permissions, const Identities& identities);
// The ACL as it is stored: without duplicates, "auth" expanded; nullopt for InvalidACL.
std::optional<Acl> stored_acl(const Acl& acl, const Identities& identities);
// The ACL as getACL shows it to one who may not change it: digests hidden.
Acl masked_acl(const Acl& acl);
// Equal as sets: the order of entries is no part of the protocol.
bool same_acl(Acl left, Acl right);

}  // namespace zoetrope::properties
