// The driver's disk side: durability before the answer, in the event loop and in the disk's thread.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "tests/unit/net/driver_world.hpp"

namespace zoetrope::net {
namespace {

using ::testing::ElementsAre;
using Seen = ScriptedEngine::Seen;
using storage::Folder;
using storage::Lane;

// Appends what it receives to a file and answers when the sync is done, one sync for each batch.
struct Logger {
  std::string file = "log.1";
  uint64_t position = 0, size_min = 1 << 20;
  uint64_t last_op = 0;
  std::string gathered;
  std::vector<std::pair<ConnectionId, size_t>> waiting, syncing;
  size_t failures = 0;
  ConnectionId reader;

  void operator()(Now, const node::Input& input, node::Effects& out) {
    if (const auto* received = std::get_if<node::Received>(&input)) {
      gathered.append(received->bytes);
      waiting.emplace_back(received->connection, received->bytes.size());
    } else if (std::holds_alternative<node::BatchEnd>(input)) {
      flush(out);
    } else if (const auto* done = std::get_if<node::DiskDone>(&input)) {
      if (done->error) {
        out.add(node::Halt{false, done->error->message});
      } else if (done->op == last_op) {
        for (const auto& [connection, size] : syncing) out.send(connection, std::string(size, '.'));
        syncing.clear();
      }
    }
  }
  void flush(node::Effects& out) {
    if (waiting.empty() || !syncing.empty()) return;
    const storage::FileName name{Folder::kLog, file};
    out.add(node::Disk{
        {++last_op, Lane::kLog, storage::WriteFile{name, position, gathered, size_min}}});
    out.add(node::Disk{{++last_op, Lane::kLog, storage::SyncFile{name}}});
    position += gathered.size();
    gathered.clear();
    syncing.swap(waiting);
  }
};

TEST(DriverDisk, AnAnswerMeansThatTheFileHasIt) {
  Logger logger;
  World world(
      [&](Now now, const node::Input& input, node::Effects& out) { logger(now, input, out); });
  world.start();
  Client client(world.port);
  std::string sent;
  // Long enough for the loop to find this client alone and to sync by itself.
  const auto end = std::chrono::steady_clock::now() + std::chrono::milliseconds(400);
  while (std::chrono::steady_clock::now() < end) {
    const std::string piece = std::to_string(sent.size()) + ";";
    client.send(piece);
    ASSERT_EQ(client.receive(piece.size()), std::string(piece.size(), '.'));
    sent += piece;
    ASSERT_EQ(content_of(world.dir / "log.1").substr(0, sent.size()), sent);
  }
  EXPECT_EQ(std::filesystem::file_size(world.dir / "log.1"), uint64_t{1} << 20);
}

TEST(DriverDisk, ManyClientsShareSyncs) {
  Logger logger;
  World world(
      [&](Now now, const node::Input& input, node::Effects& out) { logger(now, input, out); });
  world.start();
  constexpr int kThreads = 8, kRounds = 200;
  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([&, i] {
      Client client(world.port);
      const std::string piece(10, static_cast<char>('a' + i));
      for (int round = 0; round < kRounds; ++round) {
        client.send(piece);
        ASSERT_EQ(client.receive(10), "..........");
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  world.stop();
  std::string content = content_of(world.dir / "log.1");
  content.resize(logger.position);
  for (int i = 0; i < kThreads; ++i) {
    EXPECT_EQ(std::ranges::count(content, static_cast<char>('a' + i)), 10 * kRounds);
  }
}

TEST(DriverDisk, AnErrorReachesTheEngineFromBothPlaces) {
  for (const bool wait_first : {false, true}) {
    Logger logger;
    World world(
        [&](Now now, const node::Input& input, node::Effects& out) { logger(now, input, out); });
    world.start();
    std::filesystem::create_symlink("/dev/full", world.dir / "log.full");
    Client client(world.port);
    const auto end =
        std::chrono::steady_clock::now() + std::chrono::milliseconds(wait_first ? 200 : 0);
    do {
      client.send("good");
      ASSERT_EQ(client.receive(4), "....");
    } while (std::chrono::steady_clock::now() < end);
    // Only now, between two requests, does nobody else look at it.
    logger.file = "log.full";
    logger.size_min = 0;
    client.send("bad");
    EXPECT_EQ(client.receive_all(), "");
    world.join();
    EXPECT_FALSE(world.halt.clean);
    EXPECT_EQ(world.halt.reason,
              "cannot write " + (world.dir / "log.full") + ": No space left on device");
  }
}

TEST(InlineSync, ForOneReadingClientWhenItHasBeenAloneForAWhile) {
  const ConnectionId a = ConnectionId::make(0, 1), b = ConnectionId::make(1, 1);
  const auto at = [](int64_t ms) { return MonotonicTime::from_ms(1'000'000 + ms); };
  InlineSync policy;
  policy.received(a, at(0));
  policy.answered_at_once(at(300));
  EXPECT_FALSE(policy.allows(100, at(0)));
  policy.received(a, at(60));
  EXPECT_FALSE(policy.allows(100, at(99)));
  EXPECT_TRUE(policy.allows(100, at(100)));
  EXPECT_FALSE(policy.allows(InlineSync::kBytesMax + 1, at(100)));
  policy.received(b, at(110));
  EXPECT_FALSE(policy.allows(100, at(110)));
  policy.received(a, at(111));
  EXPECT_FALSE(policy.allows(100, at(210)));
  EXPECT_TRUE(policy.allows(100, at(211)));
}

TEST(InlineSync, ForSmallBatchesOfSeveralClientsWhileNobodyReads) {
  const ConnectionId a = ConnectionId::make(0, 1), b = ConnectionId::make(1, 1);
  const auto at = [](int64_t ms) { return MonotonicTime::from_ms(1'000'000 + ms); };
  InlineSync policy;
  policy.answered_at_once(at(0));
  for (int64_t ms = 0; ms <= 200; ms += 10) policy.received(ms % 20 == 0 ? a : b, at(ms));
  EXPECT_FALSE(policy.allows(100, at(99)));
  EXPECT_TRUE(policy.allows(InlineSync::kSharedBytesMax, at(200)));
  EXPECT_FALSE(policy.allows(InlineSync::kSharedBytesMax + 1, at(200)));
  policy.answered_at_once(at(201));
  policy.received(b, at(290));
  EXPECT_FALSE(policy.allows(100, at(300)));
  EXPECT_TRUE(policy.allows(100, at(301)));
}

TEST(InlineSync, ASlowDiskIsLeftToTheThread) {
  const auto at = [](int64_t ms) { return MonotonicTime::from_ms(1'000'000 + ms); };
  InlineSync policy;
  policy.received(ConnectionId::make(0, 1), at(0));
  policy.synced(InlineSync::kSyncTimeMax, at(200));
  EXPECT_TRUE(policy.allows(1, at(200)));
  policy.synced(Duration{InlineSync::kSyncTimeMax.ns + 1}, at(300));
  EXPECT_FALSE(policy.allows(1, at(300)));
  EXPECT_FALSE(policy.allows(1, at(300 + InlineSync::kSlowDiskTime.ms() - 1)));
  EXPECT_TRUE(policy.allows(1, at(300 + InlineSync::kSlowDiskTime.ms())));
}

// A piece of a log comes back while the log goes on; what cannot be read is told.
TEST(DriverDisk, APieceOfAFileComesBack) {
  Logger logger;
  World world([&](Now now, const node::Input& input, node::Effects& out) {
    const auto* received = std::get_if<node::Received>(&input);
    const auto* read = std::get_if<node::FileRead>(&input);
    if (received != nullptr && received->bytes == "read") {
      out.add(node::ReadFile{1, {Folder::kLog, "log.1"}, 2, 5});
      out.add(node::ReadFile{2, {Folder::kLog, "log.1"}, uint64_t{2} << 20, 5});
      out.add(node::ReadFile{3, {Folder::kLog, "log.2"}, 0, 5});
    } else if (read != nullptr) {
      out.send(logger.reader, std::to_string(read->token) + ":" +
                                  (read->error ? "error" : std::string(read->bytes)) + ";");
    } else {
      logger(now, input, out);
    }
    if (received != nullptr) logger.reader = received->connection;
  });
  world.start();
  Client client(world.port);
  client.send("0123456789");
  EXPECT_EQ(client.receive(10), "..........");
  client.send("read");
  EXPECT_EQ(client.receive(19), "1:23456;2:;3:error;");
}

}  // namespace
}  // namespace zoetrope::net
