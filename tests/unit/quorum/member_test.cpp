#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "core/quorum/ensemble.hpp"
#include "tests/support/any.hpp"

namespace zoetrope::quorum {
namespace {

using testing::HasSubstr;
using testing::StartsWith;
using Addresses = std::vector<HostPort>;

std::expected<Member, std::string> parsed(std::string_view line) {
  return Member::parse(ServerId(5), line);
}

// As upstream would print the line; the error when it is refused.
std::string printed(std::string_view line) {
  const auto member = parsed(line);
  return member ? member->to_string() : member.error();
}

TEST(Member, GoodForms) {
  ASSERT_TRUE(parsed("host:2888:3888").has_value());
  EXPECT_EQ(parsed("host:2888:3888")->id, ServerId(5));
  EXPECT_EQ(parsed("host:2888:3888")->role, MemberRole::kParticipant);
  EXPECT_EQ(parsed("host:2888:3888")->quorum, (Addresses{{"host", 2888}}));
  EXPECT_EQ(parsed("host:2888:3888")->election, (Addresses{{"host", 3888}}));
  EXPECT_EQ(parsed("host:2888:3888:OBSERVER")->role, MemberRole::kObserver);
  EXPECT_EQ(parsed("host:2888:3888:participant;2181")->client, (HostPort{"0.0.0.0", 2181}));
  EXPECT_EQ(parsed("[::1]:2888:3888;[::1]:2181")->client, (HostPort{"0:0:0:0:0:0:0:1", 2181}));
  EXPECT_FALSE(parsed("h:1:2;;2281")->client.has_value());
  EXPECT_EQ(parsed("h:1:2;;2281")->secure_client, (HostPort{"0.0.0.0", 2281}));
  EXPECT_EQ(parsed("h:1:2;2181;a:2281")->secure_client, (HostPort{"a", 2281}));
  EXPECT_EQ(parsed("a:1:2|b:1:2|[fe80::1]:1:2:observer")->role, MemberRole::kObserver);
}

TEST(Member, PrintsAsUpstreamDoes) {
  EXPECT_EQ(printed("host:2888:3888"), "host:2888:3888:participant");
  EXPECT_EQ(printed("host:2888:3888:Observer"), "host:2888:3888:observer");
  EXPECT_EQ(printed("h:1:2: participant "), "h:1:2:participant");
  EXPECT_EQ(printed("h:1:2;2181"), "h:1:2:participant;0.0.0.0:2181");
  EXPECT_EQ(printed("h:1:2;a:2181"), "h:1:2:participant;a:2181");
  EXPECT_EQ(printed("h:1:2;;2281"), "h:1:2:participant;;0.0.0.0:2281");
  EXPECT_EQ(printed("h:1:2;2181;[::1]:2281"),
            "h:1:2:participant;0.0.0.0:2181;[0:0:0:0:0:0:0:1]:2281");
  EXPECT_EQ(printed("b:1:2|a:3:4:observer"), "a:3:4|b:1:2:observer");
  EXPECT_EQ(printed("[host]:1:2"), "host:1:2:participant");
}

// Java's String.split leaves empty parts at the end out.
TEST(Member, SeparatorsAtTheEndSayNothing) {
  EXPECT_EQ(printed("h:1:2;"), "h:1:2:participant");
  EXPECT_EQ(printed("h:1:2:;;"), "h:1:2:participant");
  EXPECT_EQ(printed("h:1:2|;2181;;;"), "h:1:2:participant;0.0.0.0:2181");
}

TEST(Member, AddressesOfIpv6PrintAsJavaPrintsThem) {
  const auto host = [](const std::string& text) {
    const auto member = parsed("[" + text + "]:1:2");
    return member ? member->quorum[0].host : "refused";
  };
  EXPECT_EQ(host("::"), "0:0:0:0:0:0:0:0");
  EXPECT_EQ(host("2001:DB8::a:0:1"), "2001:db8:0:0:0:a:0:1");
  EXPECT_EQ(host("1::"), "1:0:0:0:0:0:0:0");
  EXPECT_EQ(host("1:2:3:4:5:6:7:8"), "1:2:3:4:5:6:7:8");
  EXPECT_EQ(host("64:ff9b::10.0.0.1"), "64:ff9b:0:0:0:0:a00:1");
  EXPECT_EQ(host("::ffff:10.0.0.1"), "10.0.0.1");
  EXPECT_EQ(host("fe80::1%eth0"), "fe80:0:0:0:0:0:0:1%eth0");
  for (const char* bad : {"", ":", ":::", "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9", "1::2::3",
                          "12345::", "g::", "1:2:3:4:5:6:7::8", "::1.2.3", "::1.2.3.256",
                          "1.2.3.4::", "::1%", "%eth0:", "[::1"}) {
    EXPECT_EQ(host(bad), "refused") << bad;
  }
}

TEST(Member, BadForms) {
  for (const char* line : {"",
                           ";",
                           ";2181",
                           "|",
                           "host",
                           "host:1",
                           "host:1:1",
                           "host:a:2",
                           "host:1:2:king",
                           "host:1:2:participant:x",
                           "host:1:70000",
                           "host:1:-2",
                           "host:1:2;x",
                           "host:1:2;a:b:3",
                           "host:1:2;70000",
                           "host:1:2;;x",
                           "host:1:2;1;2;3",
                           "[::1:1:2",
                           "[::1]x:1:2",
                           "[::1]",
                           "host:1:2|x",
                           "|host:1:2",
                           ":1:2",
                           "a b:1:2",
                           "h:1:2;:3",
                           "::1:1:2",
                           "h:1:2;[::1]"}) {
    const auto member = parsed(line);
    ASSERT_FALSE(member.has_value()) << line;
    EXPECT_THAT(member.error(), StartsWith("\"" + std::string(line) + "\" is not a server line: "));
    EXPECT_FALSE(member.error().contains('\n'));
  }
}

TEST(Member, ErrorsNameWhatIsWrong) {
  EXPECT_EQ(printed("host:1"),
            "\"host:1\" is not a server line: \"host:1\" is not "
            "host:port:port[:participant|observer]");
  EXPECT_THAT(printed("h:1:1"), HasSubstr("two different ports, both are 1"));
  EXPECT_THAT(printed("h:1:70000"), HasSubstr("\"70000\" is not a port (0 to 65535)"));
  EXPECT_THAT(printed("h:1:2:king"), HasSubstr("\"king\" is neither participant nor observer"));
  EXPECT_THAT(printed("h:1:2;a:b:3"), HasSubstr("client address \"a:b:3\" is not [host:]port"));
  EXPECT_THAT(printed("a:1:2:observer|b:1:2:participant"), HasSubstr("different roles"));
  EXPECT_THAT(printed("a:1:2|a:1:3"), HasSubstr("the address a:1 stands in it twice"));
  EXPECT_THAT(printed("a\nb:1:2"), StartsWith("\"a?b:1:2\""));
  EXPECT_LT(printed(std::string(5000, 'x')).size(), 600u);
}

RC_GTEST_PROP(Member, TextRoundTrip, ()) {
  test::Any any;
  const auto host = [&] {
    const char* const hosts[] = {"a", "b.example", "10.0.0.7", "2001:db8:0:0:0:0:0:1",
                                 "fe80:0:0:0:0:0:0:1%eth0"};
    return std::string(hosts[any.below(5)]);
  };
  const auto port = [&] { return static_cast<uint16_t>(any.i32()); };
  Member member;
  member.id = ServerId(any.i64());
  member.role = any.boolean() ? MemberRole::kObserver : MemberRole::kParticipant;
  std::set<std::string> hosts{host()};
  for (size_t more = any.below(3); more > 0; --more) hosts.insert(host());
  for (const std::string& name : hosts) {
    const uint16_t quorum_port = port();
    member.quorum.push_back({name, quorum_port});
    member.election.push_back({name, static_cast<uint16_t>(quorum_port + 1 + any.below(100))});
  }
  if (any.boolean()) member.client = HostPort{host(), port()};
  if (any.boolean()) member.secure_client = HostPort{host(), port()};
  const auto read = Member::parse(member.id, member.to_string());
  RC_ASSERT(read.has_value());
  RC_ASSERT(*read == member);
}

}  // namespace
}  // namespace zoetrope::quorum
