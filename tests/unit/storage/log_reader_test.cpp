// Reading a running server's log back.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "core/storage/log_reader.hpp"
#include "core/storage/transaction_log.hpp"
#include "tests/unit/storage/store_rig.hpp"

namespace zoetrope::storage {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

constexpr Zxid z(uint32_t epoch, uint32_t counter) {
  return Zxid::make(epoch, counter);
}

std::string payload_of(Zxid zxid, size_t data_bytes) {
  std::string payload;
  jute::Writer out(payload);
  out.i64(7);
  out.i32(0);
  out.i64(zxid.value);
  out.i64(1000);
  out.i32(-1);
  return payload.append(data_bytes, 'd');
}

// Log files as strings.
class Files {
 public:
  void add(std::vector<Zxid> zxids, size_t data_bytes = 10, size_t padding = 0) {
    std::string bytes;
    append_log_header(bytes);
    for (const Zxid zxid : zxids) append_log_record(bytes, payload_of(zxid, data_bytes));
    const LogFile file{{log_file_name(zxids.front()), bytes.size()}, zxids.front()};
    catalogue.logs.push_back(file);
    catalogue.durable = zxids.back();
    contents.push_back(bytes.append(padding, '\0'));
  }

  // Visits all that can be had; "1:2" for each record, and the error at the end.
  std::vector<std::string> read(Zxid after) {
    LogReader reader(after);
    return go_on(reader);
  }

  std::vector<std::string> go_on(LogReader& reader) {
    std::vector<std::string> seen;
    for (int reads = 0; reads < 1000; ++reads) {
      const auto range = reader.next(catalogue);
      if (!range) {
        seen.push_back(range.error());
        return seen;
      }
      if (!*range) return seen;
      std::string bytes;
      for (size_t i = 0; i < catalogue.logs.size(); ++i) {
        if (catalogue.logs[i].info.name != (*range)->file.name) continue;
        if ((*range)->offset < contents[i].size()) {
          bytes = contents[i].substr((*range)->offset, (*range)->length);
        }
      }
      const auto taken = reader.take(bytes, catalogue, [&](Zxid zxid, std::string_view payload) {
        EXPECT_EQ(payload.substr(0, 40), payload_of(zxid, 100).substr(0, 40));
        seen.push_back(std::to_string(zxid.epoch()) + ":" + std::to_string(zxid.counter()));
      });
      if (!taken) {
        seen.push_back(taken.error());
        return seen;
      }
    }
    seen.push_back("it does not end");
    return seen;
  }

  LogCatalogue catalogue;
  std::vector<std::string> contents;
};

TEST(LogReader, BeginsWithTheFileThatMayHoldTheLastRecordKnown) {
  Files files;
  files.add({z(1, 1), z(1, 2)}, 10, 100'000);
  files.add({z(1, 3), z(1, 4)});
  files.add({z(1, 5)}, 10, 5);
  EXPECT_THAT(files.read(z(1, 1)), ElementsAre("1:1", "1:2", "1:3", "1:4", "1:5"));
  EXPECT_THAT(files.read(z(1, 3)), ElementsAre("1:3", "1:4", "1:5"));
  EXPECT_THAT(files.read(z(1, 4)), ElementsAre("1:3", "1:4", "1:5"));
  // Its tail was never this server's: all that is needed to tell where it forks.
  EXPECT_THAT(files.read(z(1, 9)), ElementsAre("1:5"));
  EXPECT_THAT(files.read(z(0, 9)), ElementsAre(HasSubstr("no log goes back")));
}

TEST(LogReader, RecordsLongerThanAPieceArriveWhole) {
  Files files;
  files.add({z(1, 1), z(1, 2), z(1, 3)}, 700'000, 1 << 20);
  EXPECT_THAT(files.read(z(1, 1)), ElementsAre("1:1", "1:2", "1:3"));
}

TEST(LogReader, EpochsFollowEachOther) {
  Files files;
  files.add({z(1, 1), z(1, 2), z(2, 1)});
  files.add({z(4, 1), z(4, 2)});
  EXPECT_THAT(files.read(z(1, 2)), ElementsAre("1:1", "1:2", "2:1", "4:1", "4:2"));
  // The zxid of NEWLEADER stands in no log.
  EXPECT_THAT(files.read(z(3, 0)), ElementsAre("1:1", "1:2", "2:1", "4:1", "4:2"));
}

// ZOOKEEPER-2418
TEST(LogReader, AGapEndsIt) {
  Files files;
  files.add({z(1, 1), z(1, 2)});
  files.add({z(1, 5), z(1, 6)});
  EXPECT_THAT(files.read(z(1, 1)), ElementsAre("1:1", "1:2", HasSubstr("records are missing")));
  EXPECT_THAT(files.read(z(1, 5)), ElementsAre("1:5", "1:6"));
  files.add({z(2, 2)});
  EXPECT_THAT(files.read(z(1, 5)), ElementsAre("1:5", "1:6", HasSubstr("records are missing")));
}

TEST(LogReader, ASnapshotOfNoRecordStandsForMissingOnes) {
  Files files;
  files.add({z(1, 1), z(1, 2)});
  files.add({z(2, 1)});
  files.catalogue.snapshots = {z(0, 0), z(1, 1), z(1, 2), z(2, 1), z(3, 9)};
  EXPECT_THAT(files.read(z(1, 1)), ElementsAre("1:1", "1:2", "2:1"));
  files.catalogue.snapshots.push_back(z(1, 7));
  EXPECT_THAT(files.read(z(1, 1)), ElementsAre("1:1", "1:2", HasSubstr("records are missing")));
  files.catalogue.snapshots.back() = z(2, 0);
  EXPECT_THAT(files.read(z(1, 1)), ElementsAre("1:1", "1:2", HasSubstr("records are missing")));
}

TEST(LogReader, OnlyWhatIsDurableIsLookedAt) {
  Files files;
  files.add({z(1, 1), z(1, 2), z(1, 3)});
  files.catalogue.durable = z(1, 2);
  const std::string whole = files.contents[0];
  files.contents[0].resize(whole.size() - 20, '\0');
  files.contents[0].append(50, 'x');
  LogReader reader(z(1, 1));
  EXPECT_THAT(files.go_on(reader), ElementsAre("1:1", "1:2"));
  files.contents[0] = whole;
  files.catalogue.durable = z(1, 3);
  EXPECT_THAT(files.go_on(reader), ElementsAre("1:3"));
  // The last one has reached its end; what follows is in another file.
  files.add({z(1, 4)});
  EXPECT_THAT(files.go_on(reader), ElementsAre("1:4"));
}

TEST(LogReader, DamageEndsIt) {
  Files files;
  files.add({z(1, 1), z(1, 2), z(1, 3)}, 10, 100);
  files.contents[0][kLogHeaderSize + 53 + kRecordOverhead + 20] ^= 1;
  EXPECT_THAT(files.read(z(1, 1)), ElementsAre("1:1", HasSubstr("damaged")));
  files.contents[0].resize(120);
  EXPECT_THAT(files.read(z(1, 1)), ElementsAre("1:1", HasSubstr("cut short")));
  files.contents[0].resize(80);
  EXPECT_THAT(files.read(z(1, 1)), ElementsAre("1:1", HasSubstr("the log ends at")));
  files.contents[0] = "no log at all, whatever its name may say";
  EXPECT_THAT(files.read(z(1, 1)), ElementsAre(HasSubstr("no log")));
}

TEST(LogReader, ALogIsReadWhileItIsShortAgainstTheSnapshot) {
  Files files;
  files.add({z(1, 1), z(1, 2)}, 952, 1 << 20);  // 16 + 2 * 1005 bytes
  files.add({z(1, 3)}, 952);
  files.catalogue.newest_snapshot_bytes = 3047 * 2;
  EXPECT_TRUE(is_worth_reading(files.catalogue, z(1, 1), 50));
  EXPECT_FALSE(is_worth_reading(files.catalogue, z(1, 1), 49));
  EXPECT_TRUE(is_worth_reading(files.catalogue, z(1, 3), 33));
  EXPECT_TRUE(is_worth_reading(files.catalogue, z(1, 1), 0));
  EXPECT_FALSE(is_worth_reading(files.catalogue, z(1, 1), -1));
  EXPECT_FALSE(is_worth_reading(files.catalogue, Zxid(), 0));
}

// Under a real store: what it has told to be durable can be read at any moment.
TEST(LogReader, FollowsAStoreThatGoesOn) {
  StoreConfig config;
  config.preallocation_kb = 64;
  config.log_size_limit_kb = 4;
  config.batch_size_max = 3;
  StoreRig rig(config);
  ASSERT_EQ(rig.start(), std::nullopt);
  rig.begin_snapshot();
  rig.settle();
  LogReader reader(z(0, 1));
  size_t seen = 0;
  Zxid last;
  for (int round = 0; round < 200; ++round) {
    rig.append(2, 300);
    rig.flush();
    for (int i = 0; i < 2 + round % 4; ++i) {
      rig.perform(Lane::kLog);
      rig.complete(Lane::kLog);
    }
    const LogCatalogue catalogue = rig.store->catalogue();
    if (catalogue.durable < z(0, 1)) continue;
    const auto range = reader.next(catalogue);
    ASSERT_TRUE(range.has_value()) << range.error();
    if (!*range) continue;
    const auto bytes = rig.disk.read((*range)->file, (*range)->offset, (*range)->length);
    ASSERT_TRUE(bytes.has_value());
    const auto taken = reader.take(*bytes, catalogue, [&](Zxid zxid, std::string_view) {
      ++seen;
      last = zxid;
      EXPECT_LE(zxid, catalogue.durable);
    });
    ASSERT_TRUE(taken.has_value()) << taken.error();
  }
  EXPECT_GT(seen, 200u);
  EXPECT_GT(rig.store->catalogue().logs.size(), 3u);
}

}  // namespace
}  // namespace zoetrope::storage
