#include "core/tree/acl.hpp"

#include <openssl/evp.h>

#include <algorithm>
#include <set>

#include "core/tree/ip_pattern.hpp"

namespace zoetrope::tree {

namespace {

constexpr std::string_view kSuper = "super";
constexpr std::string_view kDigest = "digest";
constexpr std::string_view kIp = "ip";

bool is_world(const jute::Id& id) {
  return id.scheme == "world" && id.id == "anyone";
}

// What upstream's providers match: an identity of a connection against the id of an ACL entry.
bool matches(const jute::Id& own, const jute::Id& wanted, const AuthConfig& config) {
  if (own.scheme != wanted.scheme) return false;
  if (wanted.scheme == kDigest) return config.digest_enabled && own.id == wanted.id;
  if (wanted.scheme == kIp) return ip_matches(own.id, wanted.id);
  return false;
}

// "user:hash": two parts, where empty parts at the end do not count (Java's String.split).
bool valid_digest_id(std::string_view id) {
  while (id.ends_with(':')) id.remove_suffix(1);
  const size_t colon = id.find(':');
  return colon != std::string_view::npos && id.find(':', colon + 1) == std::string_view::npos;
}

bool valid_id(const jute::Id& id, const AuthConfig& config) {
  if (id.scheme == kDigest) return config.digest_enabled && valid_digest_id(id.id);
  if (id.scheme == kIp) {
    return (config.ip_v6 || id.id.find(':') == std::string::npos) && valid_ip_pattern(id.id);
  }
  return is_world(id);
}

std::string base64(const unsigned char* bytes, size_t size) {
  static constexpr char kDigits[] =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string text;
  for (size_t i = 0; i < size; i += 3) {
    const size_t n = std::min<size_t>(3, size - i);
    uint32_t v = uint32_t{bytes[i]} << 16;
    if (n > 1) v |= uint32_t{bytes[i + 1]} << 8;
    if (n > 2) v |= bytes[i + 2];
    for (size_t k = 0; k < 4; ++k) text += k <= n ? kDigits[v >> (18 - 6 * k) & 0x3F] : '=';
  }
  return text;
}

}  // namespace

bool permits(const jute::AclList& acl, int32_t permissions, const std::vector<jute::Id>& ids,
             const AuthConfig& config) {
  if (config.skip_acl || acl.empty()) return true;
  for (const jute::Acl& entry : acl) {
    if ((entry.permissions & permissions) == 0) continue;
    if (is_world(entry.id)) return true;
    for (const jute::Id& id : ids) {
      if (matches(id, entry.id, config)) return true;
    }
  }
  return std::ranges::any_of(ids, [](const jute::Id& id) { return id.scheme == kSuper; });
}

AuthOutcome authenticate(std::string_view scheme, std::string_view auth, const AuthConfig& config) {
  // A connection has its "ip" identity from the start.
  if (scheme == kIp) return {};
  if (scheme != kDigest || !config.digest_enabled) return {ErrorCode::kAuthFailed, {}};
  const auto digest = digest_of(auth, config.digest_algorithm);
  if (!digest) return {ErrorCode::kAuthFailed, {}};
  AuthOutcome outcome;
  if (!config.super_digest.empty() && *digest == config.super_digest) {
    outcome.ids.push_back({std::string(kSuper), ""});
  }
  outcome.ids.push_back({std::string(kDigest), *digest});
  return outcome;
}

std::optional<jute::AclList> fix_up_acl(const jute::AclList& acl, const std::vector<jute::Id>& ids,
                                        const AuthConfig& config) {
  std::set<jute::Acl> seen;
  jute::AclList result;
  for (const jute::Acl& entry : acl) {
    if (!seen.insert(entry).second) continue;
    if (entry.id.scheme != "auth") {
      if (!valid_id(entry.id, config)) return std::nullopt;
      result.push_back(entry);
      continue;
    }
    bool any = false;
    for (const jute::Id& id : ids) {
      if (id.scheme != kDigest || !config.digest_enabled) continue;
      result.push_back({entry.permissions, id});
      any = true;
    }
    if (!any) return std::nullopt;
  }
  if (result.empty()) return std::nullopt;
  return result;
}

std::string user_name(const jute::Id& id) {
  return id.scheme == kDigest ? id.id.substr(0, id.id.find(':')) : id.id;
}

std::optional<std::string> digest_of(std::string_view user_and_password,
                                     std::string_view algorithm) {
  const std::string name(algorithm == "SHA" ? "SHA1" : algorithm);
  EVP_MD* method = EVP_MD_fetch(nullptr, name.c_str(), nullptr);
  if (method == nullptr) return std::nullopt;
  unsigned char hash[EVP_MAX_MD_SIZE];
  unsigned int size = 0;
  const int ok =
      EVP_Digest(user_and_password.data(), user_and_password.size(), hash, &size, method, nullptr);
  EVP_MD_free(method);
  if (ok != 1) return std::nullopt;
  std::string result(user_and_password.substr(0, user_and_password.find(':')));
  return result + ":" + base64(hash, size);
}

}  // namespace zoetrope::tree
