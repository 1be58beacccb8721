#include "core/jute/records.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <set>
#include <string>

#include "core/jute/opcode.hpp"
#include "tests/support/allocation.hpp"
#include "tests/support/any.hpp"
#include "tests/support/bytes.hpp"

namespace zoetrope::jute {
namespace {

using test::ExactCopy;
using test::hex;
using test::unhex;

template <class Record>
std::string encode(const Record& record) {
  std::string bytes;
  Writer out(bytes);
  write(out, record);
  return bytes;
}

// Decodes what was encoded, and refuses every part of it.
template <class Record>
void check_round_trip(const Record& record, auto&& read) {
  const std::string bytes = encode(record);
  const ExactCopy whole(bytes);
  Reader in(whole.view());
  RC_ASSERT(read(in) == record);
  RC_ASSERT(in.ok());
  RC_ASSERT(in.remaining() == 0u);
  for (size_t size = 0; size < bytes.size(); ++size) {
    const ExactCopy part(std::string_view(bytes).substr(0, size));
    Reader short_in(part.view());
    read(short_in);
    RC_ASSERT(!short_in.ok());
  }
}

TEST(Records, StatHasItsFieldsInOrder) {
  const std::string bytes = encode(Stat{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11});
  EXPECT_EQ(bytes.size(), 68u);
  EXPECT_EQ(bytes, unhex("0000000000000001 0000000000000002 0000000000000003 0000000000000004"
                         "00000005 00000006 00000007 0000000000000008 00000009 0000000a"
                         "000000000000000b"));
}

TEST(Records, StatPersistedHasItsFieldsInOrder) {
  const std::string bytes = encode(StatPersisted{1, 2, 3, 4, 5, 6, 7, 8, 9});
  EXPECT_EQ(bytes.size(), 60u);
  EXPECT_EQ(bytes, unhex("0000000000000001 0000000000000002 0000000000000003 0000000000000004"
                         "00000005 00000006 00000007 0000000000000008 0000000000000009"));
}

TEST(Records, OpenAclIsWorldAnyoneWithAllPermissions) {
  EXPECT_EQ(open_acl_bytes(), encode(AclList{{kAllPermissions, {"world", "anyone"}}}));
  Reader in(open_acl_bytes());
  EXPECT_EQ(read_acl_bytes(in), open_acl_bytes());
  EXPECT_TRUE(in.ok());
}

TEST(Records, NullAclListIsToldFromTheEmptyOne) {
  bool was_null = false;
  const std::string null = unhex("ffffffff"), empty = unhex("00000000");
  Reader in_null(null), in_empty(empty);
  EXPECT_TRUE(read_acl_list(in_null, &was_null).empty());
  EXPECT_TRUE(was_null);
  EXPECT_TRUE(read_acl_list(in_empty, &was_null).empty());
  EXPECT_FALSE(was_null);
  Reader skip_null(null);
  EXPECT_EQ(read_acl_bytes(skip_null), null);
  EXPECT_TRUE(skip_null.ok());
}

TEST(Records, NullSchemeAndIdAreReadAsEmpty) {
  const std::string bytes = unhex("00000001 0000001f ffffffff ffffffff");
  Reader in(bytes), skip(bytes);
  EXPECT_EQ(read_acl_list(in), (AclList{{31, {"", ""}}}));
  EXPECT_TRUE(in.ok());
  EXPECT_EQ(read_acl_bytes(skip), bytes);
}

TEST(Records, AclBytesEndWhereTheListEnds) {
  const std::string bytes = "before" + std::string(open_acl_bytes()) + "after";
  Reader in(bytes);
  in.raw(6);
  EXPECT_EQ(read_acl_bytes(in), open_acl_bytes());
  EXPECT_EQ(in.rest(), "after");
}

TEST(Records, NullStringListIsReadAsEmpty) {
  const std::string bytes = unhex("ffffffff");
  Reader in(bytes);
  EXPECT_TRUE(read_strings(in).empty());
  EXPECT_TRUE(in.ok());
}

TEST(Records, ForgedCountsDoNotAllocate) {
  // A list of 2^31-1 items, and one whose count would just fit while its items do not.
  for (const char* text : {"7fffffff 00000000", "00000002 00000001 61 7fffffff 00000000 00000000",
                           "00000001 0000001f 7fffffff 00000000"}) {
    const std::string bytes = unhex(text);
    const test::AllocationWatch watch;
    Reader strings(bytes), list(bytes), skipped(bytes);
    read_strings(strings);
    read_acl_list(list);
    read_acl_bytes(skipped);
    EXPECT_FALSE(strings.ok());
    EXPECT_FALSE(list.ok());
    EXPECT_FALSE(skipped.ok());
    EXPECT_LT(watch.bytes(), 2048u) << text;
  }
}

TEST(Records, NegativeCountsAreRefused) {
  const std::string bytes = unhex("fffffffe 00000000");
  Reader strings(bytes), list(bytes), skipped(bytes);
  read_strings(strings);
  read_acl_list(list);
  EXPECT_EQ(read_acl_bytes(skipped), "");
  EXPECT_FALSE(strings.ok());
  EXPECT_FALSE(list.ok());
  EXPECT_FALSE(skipped.ok());
}

RC_GTEST_PROP(Records, StatRoundTrips, ()) {
  check_round_trip(test::Any().stat(), read_stat);
}

RC_GTEST_PROP(Records, StatPersistedRoundTrips, ()) {
  check_round_trip(test::Any().stat_persisted(), read_stat_persisted);
}

RC_GTEST_PROP(Records, AclListRoundTrips, ()) {
  test::Any any;
  const AclList list = any.acl_list();
  check_round_trip(list, [](Reader& in) { return read_acl_list(in); });
  if (list.empty()) return;
  check_round_trip(list.front(), read_acl);
  check_round_trip(list.front().id, read_id);
}

RC_GTEST_PROP(Records, AclBytesAreWhatWasEncoded, ()) {
  test::Any any;
  const std::string bytes(any.acl());
  Reader in(bytes);
  RC_ASSERT(read_acl_bytes(in) == bytes);
  for (size_t size = 0; size < bytes.size(); ++size) {
    const ExactCopy part(std::string_view(bytes).substr(0, size));
    Reader short_in(part.view());
    RC_ASSERT(read_acl_bytes(short_in).empty());
    RC_ASSERT(!short_in.ok());
  }
}

RC_GTEST_PROP(Records, StringsRoundTrip, ()) {
  test::Any any;
  const auto strings = any.strings();
  std::string bytes;
  Writer out(bytes);
  write_strings(out, strings);
  Reader in(bytes);
  RC_ASSERT(read_strings(in) == strings);
  RC_ASSERT(in.ok() && in.remaining() == 0u);
  for (size_t size = 0; size < bytes.size(); ++size) {
    const ExactCopy part(std::string_view(bytes).substr(0, size));
    Reader short_in(part.view());
    read_strings(short_in);
    RC_ASSERT(!short_in.ok());
  }
}

TEST(OpCode, EveryOperationHasItsOwnName) {
  std::set<std::string_view> names;
  int known = 0;
  for (int32_t code = -50; code <= 200; ++code) {
    const std::string_view name = to_string(static_cast<OpCode>(code));
    if (name == "unknown") continue;
    ++known;
    EXPECT_TRUE(names.insert(name).second) << name;
  }
  EXPECT_EQ(known, 33);
  EXPECT_EQ(to_string(OpCode::kCreateTtl), "createTTL");
  EXPECT_EQ(to_string(OpCode::kGetAllChildrenNumber), "getAllChildrenNumber");
  EXPECT_EQ(to_string(static_cast<OpCode>(999)), "unknown");
}

}  // namespace
}  // namespace zoetrope::jute
