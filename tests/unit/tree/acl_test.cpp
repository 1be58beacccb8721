#include "core/tree/acl.hpp"

#include <gtest/gtest.h>

namespace zoetrope::tree {
namespace {

using jute::Acl;
using jute::AclList;
using jute::Id;

const Acl kWorld{31, {"world", "anyone"}};
const Id kBob{"digest", "bob:fyVmFCwVbTJYrznoSu1koqYEYF0="};
const Id kLocal{"ip", "127.0.0.1"};

TEST(Acl, DigestIsWhatUpstreamSentOnTheWire) {
  EXPECT_EQ(digest_of("bob:secret", "SHA1"), kBob.id);
}

TEST(Acl, DigestsOfOtherAlgorithmsAndTexts) {
  EXPECT_EQ(digest_of("bob:secret", "SHA-1"), kBob.id);
  EXPECT_EQ(digest_of("super:test", "SHA1"), "super:D/InIHSb7yEEbrWz8b9l71RjZJU=");
  EXPECT_EQ(digest_of("a:b", "SHA-256")->size(), 2U + 44U);
  EXPECT_EQ(digest_of("a:b", "SHA-512")->size(), 2U + 88U);
  EXPECT_EQ(digest_of("a:b", "SHA3-256")->size(), 2U + 44U);
  EXPECT_EQ(digest_of("a:b", "no such hash"), std::nullopt);
  EXPECT_EQ(digest_of("", "SHA1"), ":2jmj7l5rSw0yVb/vlWAYkK/YBwk=");
  EXPECT_EQ(digest_of("bob", "SHA1")->substr(0, 4), "bob:");
  EXPECT_EQ(digest_of("a:b:c", "SHA1")->substr(0, 2), "a:");
}

TEST(Acl, Permits) {
  const AuthConfig config;
  EXPECT_TRUE(permits({}, jute::kRead, {}, config));
  EXPECT_TRUE(permits({kWorld}, jute::kAdmin, {}, config));
  const AclList read_only{{jute::kRead, {"world", "anyone"}}};
  EXPECT_TRUE(permits(read_only, jute::kRead, {}, config));
  EXPECT_FALSE(permits(read_only, jute::kWrite, {kBob, kLocal}, config));
  EXPECT_TRUE(permits(read_only, jute::kRead | jute::kAdmin, {}, config));
  const AclList bobs{{31, kBob}};
  EXPECT_FALSE(permits(bobs, jute::kRead, {kLocal}, config));
  EXPECT_TRUE(permits(bobs, jute::kRead, {kLocal, kBob}, config));
  EXPECT_FALSE(permits(bobs, jute::kRead, {{"digest", "bob:other"}}, config));
  EXPECT_FALSE(permits(bobs, jute::kRead, {{"ip", kBob.id}}, config));
  const AclList net{{jute::kWrite, {"ip", "127.0.0.0/8"}}};
  EXPECT_TRUE(permits(net, jute::kWrite, {kLocal}, config));
  EXPECT_FALSE(permits(net, jute::kRead, {kLocal}, config));
  EXPECT_TRUE(permits(net, jute::kRead, {{"super", ""}}, config));
  const AclList foreign{{31, {"sasl", "x"}}, {31, {"world", "someone"}}};
  EXPECT_FALSE(permits(foreign, jute::kRead, {{"sasl", "x"}, {"world", "someone"}}, config));
  AuthConfig skip;
  skip.skip_acl = true;
  EXPECT_TRUE(permits(bobs, jute::kRead, {}, skip));
  AuthConfig no_digest;
  no_digest.digest_enabled = false;
  EXPECT_FALSE(permits(bobs, jute::kRead, {kBob}, no_digest));
}

TEST(Acl, Authenticates) {
  AuthConfig config;
  AuthOutcome outcome = authenticate("digest", "bob:secret", config);
  EXPECT_EQ(outcome.error, ErrorCode::kOk);
  EXPECT_EQ(outcome.ids, std::vector<Id>{kBob});
  config.super_digest = kBob.id;
  outcome = authenticate("digest", "bob:secret", config);
  EXPECT_EQ(outcome.ids, (std::vector<Id>{{"super", ""}, kBob}));
  outcome = authenticate("ip", "", config);
  EXPECT_EQ(outcome.error, ErrorCode::kOk);
  EXPECT_TRUE(outcome.ids.empty());
  EXPECT_EQ(authenticate("world", "", config).error, ErrorCode::kAuthFailed);
  EXPECT_EQ(authenticate("sasl", "", config).error, ErrorCode::kAuthFailed);
  EXPECT_EQ(authenticate("", "", config).error, ErrorCode::kAuthFailed);
  config.digest_enabled = false;
  EXPECT_EQ(authenticate("digest", "bob:secret", config).error, ErrorCode::kAuthFailed);
}

TEST(Acl, FixUp) {
  const AuthConfig config;
  EXPECT_EQ(fix_up_acl({}, {kBob}, config), std::nullopt);
  EXPECT_EQ(fix_up_acl({kWorld, kWorld}, {}, config), AclList{kWorld});
  EXPECT_EQ(fix_up_acl({{1, {"world", "someone"}}}, {}, config), std::nullopt);
  EXPECT_EQ(fix_up_acl({{1, {"", ""}}}, {}, config), std::nullopt);
  EXPECT_EQ(fix_up_acl({{1, {"sasl", "x"}}}, {}, config), std::nullopt);
  EXPECT_EQ(fix_up_acl({{3, {"auth", ""}}}, {kLocal}, config), std::nullopt);
  const Id eve{"digest", "eve:x"};
  EXPECT_EQ(
      fix_up_acl({kWorld, {3, {"auth", "ignored"}}}, {kLocal, kBob, {"super", ""}, eve}, config),
      (AclList{kWorld, {3, kBob}, {3, eve}}));
  EXPECT_EQ(fix_up_acl({kWorld, {1, {"ip", "nonsense"}}}, {}, config), std::nullopt);
  EXPECT_NE(fix_up_acl({{1, {"ip", "10.0.0.0/8"}}}, {}, config), std::nullopt);
  AuthConfig no_digest;
  no_digest.digest_enabled = false;
  EXPECT_EQ(fix_up_acl({{3, {"auth", ""}}}, {kBob}, no_digest), std::nullopt);
  EXPECT_EQ(fix_up_acl({{3, kBob}}, {}, no_digest), std::nullopt);
}

TEST(Acl, DigestIdsHaveTwoParts) {
  const AuthConfig config;
  for (const char* id : {"a:b", "a:b:", ":b", "a:b::"}) {
    EXPECT_NE(fix_up_acl({{1, {"digest", id}}}, {}, config), std::nullopt) << id;
  }
  for (const char* id : {"", "a", "a:", ":", "a:b:c", "::b"}) {
    EXPECT_EQ(fix_up_acl({{1, {"digest", id}}}, {}, config), std::nullopt) << id;
  }
}

TEST(Acl, UserNames) {
  EXPECT_EQ(user_name(kBob), "bob");
  EXPECT_EQ(user_name(kLocal), "127.0.0.1");
  EXPECT_EQ(user_name({"super", ""}), "");
}

}  // namespace
}  // namespace zoetrope::tree
