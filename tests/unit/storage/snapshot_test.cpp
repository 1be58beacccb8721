#include "core/storage/snapshot.hpp"

#include <gtest/gtest.h>

#include "core/base/checksum.hpp"
#include "core/base/endian.hpp"
#include "core/base/random.hpp"
#include "tests/support/bytes.hpp"
#include "tests/unit/storage/history.hpp"

namespace zoetrope::storage {
namespace {

constexpr SnapshotOptions kAs38{Compression::kNone, true, false};
constexpr SnapshotOptions kAs39{Compression::kNone, true, true};

std::string sample(const std::string& name) {
  return test::read_test_data("disk/" + name);
}

Snapshot decoded(std::string_view name, std::string_view file) {
  auto snapshot = decode_snapshot(name, file, {});
  EXPECT_TRUE(snapshot) << name << ": " << snapshot.error().what << " at "
                        << snapshot.error().offset;
  return snapshot ? std::move(*snapshot) : Snapshot{tree::Tree(), {}, {}, {}};
}

Snapshot some_state(uint64_t seed, size_t transactions) {
  History history(seed);
  for (size_t i = 0; i < transactions; ++i) history.extend();
  return history.state_at(Zxid(static_cast<int64_t>(transactions)));
}

TEST(SnapshotName, IsReadAndWritten) {
  EXPECT_EQ(snapshot_file_name(Zxid(0x10AB), Compression::kNone), "snapshot.10ab");
  EXPECT_EQ(snapshot_file_name(Zxid(0), Compression::kGzip), "snapshot.0.gz");
  EXPECT_EQ(snapshot_file_name(Zxid(1), Compression::kSnappy), "snapshot.1.snappy");
  for (const Compression c : {Compression::kNone, Compression::kGzip, Compression::kSnappy}) {
    const auto parsed = parse_snapshot_name(snapshot_file_name(Zxid(77), c));
    ASSERT_TRUE(parsed);
    EXPECT_EQ(parsed->zxid, Zxid(77));
    EXPECT_EQ(parsed->compression, c);
  }
  for (const char* name : {"snapshot", "snapshot.", "snapshot.g", "snapshot.1.tmp", "log.1",
                           "tmp.snapshot.1", "snapshot..gz", "snapshot.1.zip"}) {
    EXPECT_FALSE(parse_snapshot_name(name)) << name;
  }
}

TEST(SnapshotSamples, AreWrittenBackToTheSameBytes) {
  for (const char* name : {"snapshot.0", "snapshot.12"}) {
    const std::string file = sample(std::string("standalone-") + name);
    Snapshot snapshot = decoded(name, file);
    EXPECT_EQ(encode_snapshot(snapshot.tree, snapshot.sessions, kAs38), file) << name;
    ASSERT_TRUE(snapshot.digest);
    const bool known = snapshot.digest->first != Zxid(0);
    EXPECT_EQ(snapshot.digest->second, known ? snapshot.tree.digest() : 0) << name;
    EXPECT_EQ(snapshot.digest->first, snapshot.tree.last_processed_zxid());
    EXPECT_FALSE(snapshot.last_processed_zxid);
  }
}

// After a SNAP sync upstream knows no digest and writes zxid 0; the rest is as ours.
TEST(SnapshotSamples, SnapSyncedOneDiffersOnlyInTheUnknownDigest) {
  const std::string file = sample("ensemble-snapshot.100000011");
  Snapshot snapshot = decoded("snapshot.100000011", file);
  const std::string written = encode_snapshot(snapshot.tree, snapshot.sessions, kAs38);
  constexpr size_t kDigestSection = 8 + 4 + 8 + 13;
  ASSERT_EQ(written.size(), file.size());
  EXPECT_EQ(written.substr(0, file.size() - kDigestSection),
            file.substr(0, file.size() - kDigestSection));
  ASSERT_TRUE(snapshot.digest);
  EXPECT_EQ(snapshot.digest->first, Zxid(0));
}

TEST(SnapshotSamples, CompressedOnesHoldTheSame) {
  const Snapshot plain = decoded("snapshot.12", sample("standalone-snapshot.12"));
  for (const char* name : {"snapshot.12.gz", "snapshot.12.snappy"}) {
    const Snapshot snapshot = decoded(name, sample(std::string("standalone-") + name));
    EXPECT_EQ(snapshot.tree.fingerprint(), plain.tree.fingerprint()) << name;
    EXPECT_EQ(snapshot.sessions, plain.sessions);
  }
}

TEST(SnapshotRoundTrip, KeepsTreeSessionsAndDigestInEveryForm) {
  const Snapshot original = some_state(3, 3000);
  for (const Compression c : {Compression::kNone, Compression::kGzip, Compression::kSnappy}) {
    for (const bool digest : {false, true}) {
      for (const bool last : {false, true}) {
        tree::Tree tree = original.tree;
        const std::string name = snapshot_file_name(tree.last_processed_zxid(), c);
        const std::string file = encode_snapshot(tree, original.sessions, {c, digest, last});
        const Snapshot read = decoded(name, file);
        EXPECT_EQ(read.tree.fingerprint(), original.tree.fingerprint());
        EXPECT_EQ(read.tree.digest(), original.tree.digest());
        EXPECT_EQ(read.sessions, original.sessions);
        EXPECT_EQ(read.digest.has_value(), digest);
        EXPECT_EQ(read.last_processed_zxid.has_value(), digest && last);
      }
    }
  }
}

// Upstream writes section 8 without section 7 when digests are off.
TEST(SnapshotRoundTrip, ReadsSectionEightWithoutSectionSeven) {
  tree::Tree tree = some_state(3, 50).tree;
  std::string file = encode_snapshot(tree, {}, {Compression::kNone, false, false});
  jute::Writer out(file);
  out.i64(0x123);
  out.i64(adler32(file));
  out.string("/");
  const Snapshot read = decoded("snapshot.32", file);
  EXPECT_FALSE(read.digest);
  EXPECT_EQ(read.last_processed_zxid, Zxid(0x123));
}

TEST(SnapshotWriter, PiecesOfAnySizeMakeTheSameFile) {
  const Snapshot original = some_state(4, 300);
  tree::Tree whole = original.tree;
  for (const Compression c : {Compression::kNone, Compression::kGzip, Compression::kSnappy}) {
    const SnapshotOptions options{c, true, true};
    const std::string expected = encode_snapshot(whole, original.sessions, options);
    for (const size_t piece : {size_t{1}, size_t{100}, size_t{5000}}) {
      tree::Tree tree = original.tree;
      std::string file;
      SnapshotWriter writer(tree, original.sessions, options);
      EXPECT_EQ(writer.zxid(), original.tree.last_processed_zxid());
      while (writer.next(file, piece)) {
      }
      EXPECT_EQ(file, expected);
      EXPECT_FALSE(tree.snapshot_in_progress());
    }
  }
}

TEST(SnapshotWriter, HoldsTheStateOfItsBeginningWhileTheTreeChanges) {
  History history(5);
  for (int i = 0; i < 500; ++i) history.extend();
  const Snapshot original = history.state_at(Zxid(500));
  tree::Tree tree = original.tree;
  std::string file;
  SnapshotWriter writer(tree, original.sessions, kAs39);
  while (writer.next(file, 100)) {
    const HistoryEntry& entry = history.extend();
    tree.replay(*jute::decode_txn(entry.payload));
  }
  EXPECT_GT(history.entries().size(), 550U);
  const Snapshot read = decoded("snapshot.1f4", file);
  EXPECT_EQ(read.tree.fingerprint(), original.tree.fingerprint());
  EXPECT_EQ(read.digest->second, read.tree.digest());
}

TEST(SnapshotWriter, LeavesTheTreeFreeWhenItIsGivenUp) {
  tree::Tree tree = some_state(4, 300).tree;
  {
    SnapshotWriter writer(tree, {}, kAs39);
    std::string file;
    EXPECT_TRUE(writer.next(file, 1));
    EXPECT_TRUE(tree.snapshot_in_progress());
  }
  EXPECT_FALSE(tree.snapshot_in_progress());
}

TEST(SnapshotReader, ReadsAFileInPiecesOfAnySize) {
  const std::string file = sample("standalone-snapshot.12");
  const uint64_t expected = decoded("snapshot.12", file).tree.fingerprint();
  for (size_t piece = 1; piece < 70; ++piece) {
    size_t at = 0;
    std::string held;
    const auto snapshot = decode_snapshot(SnapshotName{Zxid(0x12), Compression::kNone},
                                          [&]() -> std::string_view {
                                            held = file.substr(std::min(at, file.size()), piece);
                                            at += piece;
                                            return held;
                                          },
                                          {});
    ASSERT_TRUE(snapshot) << piece;
    EXPECT_EQ(snapshot->tree.fingerprint(), expected);
  }
}

TEST(SnapshotReader, FlippedBitAnywhereIsRefused) {
  tree::Tree tree = some_state(6, 12).tree;
  const std::string file = encode_snapshot(tree, {{SessionId(5), 4000}}, kAs39);
  for (size_t at = 0; at < file.size(); ++at) {
    for (int bit = 0; bit < 8; ++bit) {
      std::string damaged = file;
      damaged[at] = static_cast<char>(damaged[at] ^ (1 << bit));
      const test::ExactCopy copy(damaged);
      EXPECT_FALSE(decode_snapshot("snapshot.c", copy.view(), {})) << at << " bit " << bit;
    }
  }
}

// Ends after section 6, 7 and 8 are whole files; every other end is not.
TEST(SnapshotReader, CutFileIsRefused) {
  tree::Tree tree = some_state(6, 12).tree;
  for (const Compression c : {Compression::kNone, Compression::kGzip, Compression::kSnappy}) {
    const std::string file = encode_snapshot(tree, {{SessionId(5), 4000}}, {c, true, true});
    const std::string name = snapshot_file_name(Zxid(12), c);
    for (size_t size = 0; size < file.size(); ++size) {
      const test::ExactCopy copy(std::string_view(file).substr(0, size));
      const bool whole_section =
          c == Compression::kNone && (size + 21 == file.size() || size + 21 + 33 == file.size());
      // The last bytes of gzip check what the seals have checked already.
      if (c == Compression::kGzip && size + 12 >= file.size()) continue;
      const bool readable = decode_snapshot(name, copy.view(), {}).has_value();
      EXPECT_EQ(readable, whole_section) << name << " cut at " << size;
    }
  }
}

TEST(SnapshotReader, DamagedCompressedFileIsRefusedOrTheSame) {
  tree::Tree tree = some_state(6, 40).tree;
  const uint64_t expected = tree.fingerprint();
  for (const Compression c : {Compression::kGzip, Compression::kSnappy}) {
    const std::string file = encode_snapshot(tree, {}, {c, true, true});
    const std::string name = snapshot_file_name(tree.last_processed_zxid(), c);
    for (size_t at = 0; at < file.size(); ++at) {
      std::string damaged = file;
      damaged[at] = static_cast<char>(damaged[at] ^ 0x10);
      const auto snapshot = decode_snapshot(name, damaged, {});
      if (!snapshot) continue;
      EXPECT_EQ(snapshot->tree.fingerprint(), expected) << name << " " << at;
    }
  }
}

TEST(SnapshotReader, ForgedLengthsAreRefused) {
  const std::string file = sample("standalone-snapshot.12");
  for (const uint32_t value : {0x7FFFFFFFU, 0xFFFFFFFFU, 0x80000000U, 0x10000000U}) {
    for (size_t at = 0; at + 4 <= file.size(); ++at) {
      std::string forged = file;
      store_be32(forged.data() + at, value);
      if (forged == file) continue;
      const test::ExactCopy copy(forged);
      EXPECT_FALSE(decode_snapshot("snapshot.12", copy.view(), {})) << at;
    }
  }
}

TEST(SnapshotReader, NamesWhatIsWrong) {
  EXPECT_EQ(decode_snapshot("snapshot.1", "", {}).error().what, "the file ends within the header");
  EXPECT_EQ(decode_snapshot("log.1", "", {}).error().what, "not the name of a snapshot");
  std::string file = sample("standalone-snapshot.12");
  file[100] = static_cast<char>(file[100] ^ 1);
  EXPECT_FALSE(decode_snapshot("snapshot.12", file, {}));
  EXPECT_EQ(decode_snapshot("snapshot.12.snappy", file, {}).error().what,
            "the snappy header is missing");
}

}  // namespace
}  // namespace zoetrope::storage
