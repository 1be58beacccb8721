// Permission checks and ACL fix-up for the schemes world, auth, ip, digest and super
// (facts/client-protocol.md section 14; upstream ZooKeeperServer.checkACL,
// PrepRequestProcessor.fixupACL).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/error.hpp"
#include "core/jute/records.hpp"

namespace zoetrope::tree {

struct AuthConfig {
  bool skip_acl = false;
  bool digest_enabled = true;
  // Whether the ip scheme takes IPv6 addresses; 3.8.0 does not.
  bool ip_v6 = true;
  // "user:BASE64(hash)" that makes a connection super; empty for none.
  std::string super_digest;
  // Hash of the digest scheme: "SHA1", "SHA-256", "SHA-512", "SHA3-256" ... as Java names them.
  std::string digest_algorithm = "SHA1";
};

// True when one of `ids` has one of the `permissions` bits under `acl` (or the ACL is empty).
bool permits(const jute::AclList& acl, int32_t permissions, const std::vector<jute::Id>& ids,
             const AuthConfig& config);

// Result of an auth packet: ids to add to the connection, or kAuthFailed.
struct AuthOutcome {
  ErrorCode error = ErrorCode::kOk;
  std::vector<jute::Id> ids;
};
AuthOutcome authenticate(std::string_view scheme, std::string_view auth, const AuthConfig& config);

// The ACL as it is to be stored (duplicates removed, "auth" expanded), or nullopt for kInvalidAcl.
std::optional<jute::AclList> fix_up_acl(const jute::AclList& acl, const std::vector<jute::Id>& ids,
                                        const AuthConfig& config);

// What whoAmI shows of an id: the part before ':' for digest, else the id itself.
std::string user_name(const jute::Id& id);

// "user:BASE64(hash(user:password))"; nullopt when the algorithm is unknown.
std::optional<std::string> digest_of(std::string_view user_and_password,
                                     std::string_view algorithm);

}  // namespace zoetrope::tree
