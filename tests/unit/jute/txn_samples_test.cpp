// Transaction logs written by Java ZooKeeper 3.8.0 (tests/data/disk), record by record.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "core/base/checksum.hpp"
#include "core/jute/txn.hpp"
#include "tests/support/bytes.hpp"

namespace zoetrope::jute {
namespace {

constexpr size_t kFileHeaderSize = 16;

std::string encode(const Txn& txn) {
  std::string bytes;
  Writer out(bytes);
  write(out, txn.header);
  write(out, txn.body);
  if (txn.digest) write(out, *txn.digest);
  return bytes;
}

// Payloads of a log file without padding; each record's checksum and trailer are checked on the
// way.
std::vector<std::string> payloads_of(const std::string& name) {
  const std::string file = test::read_test_data("disk/" + name);
  Reader in(file);
  EXPECT_EQ(in.raw(kFileHeaderSize).substr(0, 4), "ZKLG");
  std::vector<std::string> payloads;
  while (in.ok() && in.remaining() != 0) {
    const int64_t checksum = in.i64();
    const std::string_view payload = in.string();
    EXPECT_EQ(in.i8(), 'B');
    EXPECT_EQ(checksum, int64_t{adler32(payload)}) << name << " at " << in.offset();
    payloads.emplace_back(payload);
  }
  EXPECT_TRUE(in.ok()) << name;
  return payloads;
}

struct Sample {
  const char* name;
  size_t records;
  uint64_t last_zxid;
  uint64_t last_digest;
};

class TxnSamples : public testing::TestWithParam<Sample> {};

TEST_P(TxnSamples, EveryRecordDecodesAndEncodesToTheSameBytes) {
  const auto payloads = payloads_of(GetParam().name);
  ASSERT_EQ(payloads.size(), GetParam().records);
  Zxid last;
  uint64_t last_digest = 0;
  for (const std::string& payload : payloads) {
    const auto txn = decode_txn(payload);
    ASSERT_TRUE(txn.has_value()) << txn.error().what << " at " << txn.error().offset;
    EXPECT_EQ(test::hex(encode(*txn)), test::hex(payload));
    EXPECT_LT(last, txn->header.zxid);
    EXPECT_EQ(txn->digest.has_value(), txn->header.type != OpCode::kError);
    last = txn->header.zxid;
    if (txn->digest) last_digest = txn->digest->tree_digest;
    if (const auto* multi = std::get_if<MultiTxn>(&txn->body)) {
      for (const SubTxn& sub : multi->txns) {
        EXPECT_TRUE(decode_txn_body(sub.type, sub.body).has_value());
      }
    }
  }
  EXPECT_EQ(static_cast<uint64_t>(last.value), GetParam().last_zxid);
  EXPECT_EQ(last_digest, GetParam().last_digest);
}

INSTANTIATE_TEST_SUITE_P(
    Java380, TxnSamples,
    testing::Values(Sample{"standalone-log.1", 18, 0x12, 13379886694},
                    Sample{"ensemble-log.100000001.after-TRUNC", 22, 0x100000016, 20919694510},
                    Sample{"ensemble-log.200000001", 10, 0x20000000a, 25502039113}));

TEST(TxnSamples, FieldsOfTheStandaloneLog) {
  const auto payloads = payloads_of("standalone-log.1");
  ASSERT_EQ(payloads.size(), 18u);
  std::vector<Txn> txns;
  for (const std::string& payload : payloads) txns.push_back(decode_txn(payload).value());

  EXPECT_EQ(std::get<CreateSessionTxn>(txns[0].body).timeout_ms, 30000);
  EXPECT_EQ(txns[0].header.client_id, SessionId(0x1000018b0bf0000));

  const auto& create = std::get<CreateTxn>(txns[1].body);
  EXPECT_EQ(create.path, "/a");
  EXPECT_EQ(create.data, BufferView("hello"));
  EXPECT_EQ(create.acl, open_acl_bytes());
  EXPECT_FALSE(create.ephemeral);
  EXPECT_EQ(create.parent_cversion, 1);

  EXPECT_EQ(txns[2].header.type, OpCode::kCreate2);
  EXPECT_EQ(std::get<CreateTxn>(txns[2].body).data, std::nullopt);
  EXPECT_TRUE(std::get<CreateTxn>(txns[3].body).ephemeral);
  EXPECT_EQ(std::get<CreateContainerTxn>(txns[5].body).parent_cversion, 2);
  EXPECT_EQ(std::get<CreateTtlTxn>(txns[6].body).ttl_ms, 3600000);
  EXPECT_EQ(std::get<SetDataTxn>(txns[7].body).version, 1);
  EXPECT_EQ(std::get<ErrorTxn>(txns[8].body).error, ErrorCode::kBadVersion);
  EXPECT_EQ(std::get<DeleteTxn>(txns[10].body).path, "/a/s-0000000002");

  const auto& set_acl = std::get<SetAclTxn>(txns[9].body);
  EXPECT_EQ(set_acl.version, 1);
  Reader acl(set_acl.acl);
  EXPECT_EQ(read_acl_list(acl), (AclList{{31, {"digest", "bob:fyVmFCwVbTJYrznoSu1koqYEYF0="}},
                                         {1, {"world", "anyone"}}}));

  const auto& multi = std::get<MultiTxn>(txns[12].body);
  ASSERT_EQ(multi.txns.size(), 4u);
  EXPECT_EQ(multi.txns[2].type, OpCode::kCheck);
  EXPECT_FALSE(multi.failed());
  EXPECT_TRUE(std::get<MultiTxn>(txns[13].body).failed());
  EXPECT_EQ(std::get<CloseSessionTxn>(txns[15].body).paths,
            (std::vector<std::string_view>{"/eph"}));
}

}  // namespace
}  // namespace zoetrope::jute
