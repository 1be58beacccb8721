#include "core/storage/snapshot_stream.hpp"

#include <gtest/gtest.h>

#include "core/base/random.hpp"
#include "tests/support/bytes.hpp"
#include "tests/unit/storage/history.hpp"

namespace zoetrope::storage {
namespace {

constexpr std::string_view kSignature(
    "\0\0\0\x0a"
    "BenWasHere",
    14);

Snapshot some_state(uint64_t seed, size_t transactions) {
  History history(seed);
  for (size_t i = 0; i < transactions; ++i) history.extend();
  return history.state_at(Zxid(static_cast<int64_t>(transactions)));
}

std::string stream_of(Snapshot& state, size_t piece) {
  std::string bytes;
  SnapshotSender sender(state.tree, state.sessions);
  while (sender.next(bytes, piece)) {
  }
  return bytes;
}

// What is between the header of a file and its first checksum is the same in both forms.
TEST(SnapshotStream, IsTheMiddleOfAFileAndASignature) {
  Snapshot state = some_state(1, 200);
  const std::string stream = stream_of(state, 1 << 20);
  const std::string file =
      encode_snapshot(state.tree, state.sessions, {Compression::kNone, false, false});
  ASSERT_TRUE(stream.ends_with(kSignature));
  const std::string_view middle = std::string_view(stream).substr(0, stream.size() - 14);
  EXPECT_EQ(middle, std::string_view(file).substr(16, middle.size()));
  EXPECT_EQ(file.size(), 16 + middle.size() + 13);
}

TEST(SnapshotStream, GivesTheSameStateHoweverItIsCut) {
  for (uint64_t seed = 1; seed <= 40; ++seed) {
    Random random(seed);
    Snapshot state = some_state(seed, 1 + random.below(150));
    const std::string bytes = stream_of(state, 1 + random.below(500)) + "next packet";
    const Zxid zxid = state.tree.last_processed_zxid();
    SnapshotReceiver receiver({}, zxid);
    size_t taken = 0, given = 0;
    bool done = false;
    while (!done) {
      ASSERT_LT(given, bytes.size()) << "seed " << seed;
      given = std::min(bytes.size(), given + 1 + random.below(100));
      const auto progress = receiver.feed(std::string_view(bytes).substr(taken, given - taken));
      ASSERT_FALSE(progress.error) << *progress.error << ", seed " << seed;
      taken += progress.consumed;
      done = progress.done;
    }
    EXPECT_EQ(bytes.substr(taken), "next packet");
    EXPECT_EQ(receiver.tree().fingerprint(), state.tree.fingerprint()) << "seed " << seed;
    EXPECT_EQ(receiver.sessions(), state.sessions);
    EXPECT_EQ(receiver.tree().last_processed_zxid(), zxid);
  }
}

TEST(SnapshotStream, HoldsTheTreeAsItWasAtTheBeginning) {
  History history(7);
  for (int i = 0; i < 60; ++i) history.extend();
  Snapshot before = history.state_at(Zxid(30));
  Snapshot state = history.state_at(Zxid(30));
  std::string bytes;
  {
    SnapshotSender sender(state.tree, state.sessions);
    bool more = sender.next(bytes, 1);
    for (int64_t zxid = 31; zxid <= 60; ++zxid) {
      const auto txn = jute::decode_txn(history.entries()[static_cast<size_t>(zxid) - 1].payload);
      ASSERT_TRUE(txn);
      state.tree.replay(*txn);
      if (more) more = sender.next(bytes, 1);
    }
    while (more) more = sender.next(bytes, 1);
  }
  SnapshotReceiver receiver({}, Zxid(30));
  ASSERT_TRUE(receiver.feed(bytes).done);
  EXPECT_EQ(receiver.tree().fingerprint(), before.tree.fingerprint());
}

TEST(SnapshotStream, CanBeDroppedHalfWay) {
  Snapshot state = some_state(3, 50);
  {
    std::string bytes;
    SnapshotSender sender(state.tree, state.sessions);
    sender.next(bytes, 1);
  }
  EXPECT_FALSE(state.tree.snapshot_in_progress());
}

TEST(SnapshotStream, RefusesWhatIsNone) {
  Snapshot state = some_state(5, 50);
  const std::string good = stream_of(state, 1 << 20);
  const auto error_of = [](std::string bytes) {
    SnapshotReceiver receiver({}, Zxid(50));
    return receiver.feed(bytes).error.value_or("none");
  };
  EXPECT_EQ(error_of(good), "none");
  std::string bad = good;
  bad[bad.size() - 1] = 'x';
  EXPECT_EQ(error_of(bad), "the snapshot stream does not end with its signature");
  EXPECT_EQ(error_of(std::string("\xff\xff\xff\xff", 4)),
            "a negative count in the snapshot stream");
  EXPECT_EQ(error_of(std::string("\0\0\0\0\0\0\0\1\0\0\0\0\0\0\0\1\x7f\0\0\0", 20)),
            "an impossible ACL length in the snapshot stream");
  EXPECT_EQ(error_of(std::string("\0\0\0\0\0\0\0\0\xff\xff\xff\xff", 12)),
            "an impossible path length in the snapshot stream");
}

}  // namespace
}  // namespace zoetrope::storage
