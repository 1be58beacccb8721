#include "core/zab/sync_plan.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "core/base/random.hpp"

namespace zoetrope::zab {
namespace {

using quorum::PacketType;
using Verdict = SyncWalk::Verdict;

CommittedWindow window_of(const std::vector<Zxid>& zxids) {
  CommittedWindow window(500, 1 << 20);
  for (const Zxid zxid : zxids) window.add(zxid, "payload");
  return window;
}

SyncRequest asked(Zxid learner_last, Zxid last_processed) {
  SyncRequest request;
  request.learner_last = learner_last;
  request.last_processed = last_processed;
  return request;
}

constexpr Zxid z(uint32_t epoch, uint32_t counter) {
  return Zxid::make(epoch, counter);
}

TEST(StartOfSync, AnEqualLearnerGetsAnEmptyDiff) {
  const CommittedWindow window = window_of({z(1, 1), z(1, 2)});
  const SyncStart start = start_of_sync(asked(z(1, 2), z(1, 2)), window);
  EXPECT_EQ(start.source, SyncSource::kNone);
  EXPECT_EQ(start.op, (SyncOp{PacketType::kDiff, z(1, 2)}));
}

TEST(StartOfSync, ALearnerAheadIsCut) {
  const CommittedWindow window = window_of({z(1, 1), z(1, 2)});
  const SyncStart start = start_of_sync(asked(z(1, 4), z(1, 2)), window);
  EXPECT_EQ(start.source, SyncSource::kNone);
  EXPECT_EQ(start.op, (SyncOp{PacketType::kTrunc, z(1, 2)}));
}

TEST(StartOfSync, TheWindowTheLogAndTheSnapshotComeInThisOrder) {
  const CommittedWindow window = window_of({z(1, 5), z(1, 6), z(1, 7)});
  EXPECT_EQ(start_of_sync(asked(z(1, 5), z(1, 7)), window).source, SyncSource::kWindow);
  EXPECT_EQ(start_of_sync(asked(z(1, 6), z(1, 7)), window).source, SyncSource::kWindow);
  EXPECT_EQ(start_of_sync(asked(z(1, 4), z(1, 7)), window).source, SyncSource::kLogThenWindow);
  SyncRequest without_log = asked(z(1, 4), z(1, 7));
  without_log.log_usable = false;
  const SyncStart snapshot = start_of_sync(without_log, window);
  EXPECT_EQ(snapshot.source, SyncSource::kSnapshot);
  EXPECT_EQ(snapshot.op, (SyncOp{PacketType::kSnap, z(1, 7)}));
}

TEST(StartOfSync, ASnapshotCanBeForced) {
  SyncRequest request = asked(z(1, 2), z(1, 2));
  request.force_snapshot = true;
  EXPECT_EQ(start_of_sync(request, window_of({z(1, 2)})).source, SyncSource::kSnapshot);
}

TEST(StartOfSync, AnEmptyWindowStandsAtTheLastProcessedZxid) {
  const CommittedWindow window(500, 1 << 20);
  EXPECT_EQ(start_of_sync(asked(z(1, 3), z(1, 7)), window).source, SyncSource::kLogThenWindow);
  EXPECT_EQ(start_of_sync(asked(z(1, 9), z(1, 7)), window).op,
            (SyncOp{PacketType::kTrunc, z(1, 7)}));
}

TEST(SyncWalk, SendsWhatIsNewerThanTheLearner) {
  SyncWalk walk(z(1, 5), z(1, 8));
  EXPECT_EQ(walk.take(z(1, 4)), Verdict::kSkip);
  EXPECT_EQ(walk.take(z(1, 5)), Verdict::kSkip);
  EXPECT_EQ(walk.op(), (SyncOp{PacketType::kDiff, z(1, 8)})) << "the op names the window's end";
  EXPECT_EQ(walk.take(z(1, 6)), Verdict::kSend);
  EXPECT_EQ(walk.take(z(1, 6)), Verdict::kSkip) << "log and window overlap";
  EXPECT_EQ(walk.take(z(1, 7)), Verdict::kSend);
  EXPECT_TRUE(walk.finish());
}

// ZOOKEEPER-1154: the learner's last zxid lies within the window and is not part of the history.
TEST(SyncWalk, CutsATailThatNeverWasCommitted) {
  SyncWalk walk(z(7, 4), z(8, 1));
  EXPECT_EQ(walk.take(z(7, 2)), Verdict::kSkip);
  EXPECT_EQ(walk.take(z(7, 3)), Verdict::kSkip);
  EXPECT_EQ(walk.take(z(8, 1)), Verdict::kSend);
  EXPECT_EQ(walk.op(), (SyncOp{PacketType::kTrunc, z(7, 3)}));
}

TEST(SyncWalk, GivesUpWhereNothingProvesACommonZxid) {
  // The leader's history has nothing of the learner's epoch.
  SyncWalk other_epoch(z(7, 4), z(8, 1));
  EXPECT_EQ(other_epoch.take(z(6, 9)), Verdict::kSkip);
  EXPECT_EQ(other_epoch.take(z(8, 1)), Verdict::kGiveUp);
  // The walk begins behind the learner.
  SyncWalk too_late(z(7, 4), z(7, 9));
  EXPECT_EQ(too_late.take(z(7, 6)), Verdict::kGiveUp);
}

TEST(SyncWalk, AZxidOfNewLeaderStandsInNoLog) {
  SyncWalk walk(z(8, 0), z(8, 2));
  EXPECT_EQ(walk.take(z(7, 3)), Verdict::kSkip);
  EXPECT_EQ(walk.take(z(8, 1)), Verdict::kSend);
  EXPECT_EQ(walk.op(), (SyncOp{PacketType::kDiff, z(8, 2)}));
  SyncWalk nothing_newer(z(9, 0), z(8, 2));
  EXPECT_EQ(nothing_newer.take(z(8, 2)), Verdict::kSkip);
  EXPECT_TRUE(nothing_newer.finish());
  EXPECT_EQ(nothing_newer.op(), (SyncOp{PacketType::kDiff, z(8, 2)}));
}

TEST(CommittedWindow, KeepsTheNewestByCountAndBytes) {
  CommittedWindow window(3, 100);
  for (uint32_t i = 1; i <= 5; ++i) window.add(z(1, i), std::string(10, 'x'));
  EXPECT_EQ(window.min(), z(1, 3));
  EXPECT_EQ(window.max(), z(1, 5));
  EXPECT_EQ(window.bytes(), 30u);
  window.add(z(1, 6), std::string(90, 'y'));
  EXPECT_EQ(window.min(), z(1, 5));
  window.add(z(1, 7), std::string(500, 'z'));
  EXPECT_EQ(window.min(), window.max()) << "the newest stays however large";
}

// Histories as Zab makes them: in every epoch a leader that has all that was committed adds to it;
// servers have a prefix of some leader's history, cut anywhere behind what they had before.
struct Histories {
  std::vector<Zxid> leader;
  std::vector<Zxid> learner;
};

Histories draw_histories(Random& random) {
  std::vector<Zxid> committed;
  std::vector<Zxid> learner;
  const auto epochs = static_cast<uint32_t>(random.between(1, 5));
  for (uint32_t epoch = 1; epoch <= epochs; ++epoch) {
    const bool learner_follows = random.between(0, 1) == 1;
    // Who follows first takes over the history that the epoch begins with.
    if (learner_follows) learner = committed;
    const int64_t proposed = random.between(0, 5);
    const int64_t logged = random.between(0, proposed);
    const int64_t outlived = random.between(0, proposed);
    for (uint32_t counter = 1; counter <= proposed; ++counter) {
      if (learner_follows && counter <= logged) learner.push_back(z(epoch, counter));
      if (counter <= outlived) committed.push_back(z(epoch, counter));
    }
  }
  return {committed, learner};
}

// What the learner has after the synchronisation; nothing where a snapshot is sent.
std::optional<std::vector<Zxid>> synchronised(const Histories& histories, size_t kept) {
  const std::vector<Zxid> newest(histories.leader.end() - static_cast<ptrdiff_t>(kept),
                                 histories.leader.end());
  const CommittedWindow window = window_of(newest);
  const SyncStart start =
      start_of_sync(asked(histories.learner.back(), histories.leader.back()), window);
  std::optional<SyncOp> op = start.op;
  SyncWalk walk(histories.learner.back(), window.max());
  std::vector<Zxid> sent;
  if (start.source == SyncSource::kSnapshot) return std::nullopt;
  if (start.source != SyncSource::kNone) {
    const bool from_log = start.source == SyncSource::kLogThenWindow;
    for (const Zxid zxid : from_log ? histories.leader : newest) {
      const Verdict verdict = walk.take(zxid);
      if (verdict == Verdict::kGiveUp) return std::nullopt;
      if (verdict == Verdict::kSend) sent.push_back(zxid);
    }
    if (!walk.finish()) return std::nullopt;
    op = walk.op();
  }
  std::vector<Zxid> result = histories.learner;
  if (op->type == PacketType::kTrunc) {
    const bool has_it = std::ranges::find(result, op->zxid) != result.end();
    EXPECT_TRUE(has_it) << "cut to a zxid that the learner does not have";
    while (!result.empty() && result.back() > op->zxid) result.pop_back();
  }
  result.insert(result.end(), sent.begin(), sent.end());
  return result;
}

TEST(SyncWalk, BringsEveryLearnerToTheLeadersHistory) {
  int by_proposals = 0;
  for (uint64_t seed = 1; seed <= 20'000; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Random random(seed);
    const Histories histories = draw_histories(random);
    if (histories.leader.empty() || histories.learner.empty()) continue;
    const auto kept = random.between(1, static_cast<int64_t>(histories.leader.size()));
    const auto result = synchronised(histories, static_cast<size_t>(kept));
    if (!result) continue;
    ++by_proposals;
    ASSERT_EQ(*result, histories.leader);
  }
  EXPECT_GT(by_proposals, 8'000) << "most learners need no snapshot";
}

}  // namespace
}  // namespace zoetrope::zab
