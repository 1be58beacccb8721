// Reload: the history cut and recovered while the driver runs.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "core/storage/recovery.hpp"
#include "net/file_disk.hpp"
#include "net/history.hpp"
#include "tests/unit/net/driver_world.hpp"

namespace zoetrope::net {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using Seen = ScriptedEngine::Seen;
using storage::FileName;
using storage::Folder;
using storage::Lane;

// An engine that owns a file of the log lane and reloads when a client says so.
struct Reloading {
  explicit Reloading(std::optional<Zxid> last) {
    world.engine.behaviour = [this, last](Now, const node::Input& input, node::Effects& out) {
      if (const auto* received = std::get_if<node::Received>(&input)) {
        client_id = received->connection;
        if (received->bytes == "reload") out.add(node::Reload{last});
        if (received->bytes == "write") write(out);
      } else if (const auto* done = std::get_if<node::DiskDone>(&input)) {
        if (done->op == ops) out.send(client_id, "written");
      } else if (const auto* reloaded = std::get_if<node::Reloaded>(&input)) {
        state.emplace(std::move(*reloaded->state));
        out.send(client_id, "reloaded");
      }
    };
    const std::string data = ZT_TEST_DATA "/disk/standalone-";
    std::filesystem::copy_file(data + "snapshot.0", world.dir / "snapshot.0");
    std::filesystem::copy_file(data + "log.1", world.dir / "log.1");
  }
  void write(node::Effects& out) {
    const FileName file{Folder::kLog, "log.f00"};
    out.add(
        node::Disk{{++ops, Lane::kLog, storage::WriteFile{file, 0, "what was written", 65536}}});
    out.add(node::Disk{{++ops, Lane::kLog, storage::SyncFile{file}}});
  }
  std::string ask(const std::string& what, size_t answer) {
    client->send(what);
    return client->receive(answer);
  }
  void start() {
    world.start();
    client.emplace(world.port);
  }

  uint64_t ops = 0;
  ConnectionId client_id;
  std::optional<storage::RecoveredState> state;
  World world;
  std::optional<Client> client;
};

uint64_t last_zxid_of(const std::string& directory) {
  const auto state = recover_history({directory, directory}, {});
  return state ? state->last_zxid.value : 0;
}

TEST(DriverReload, CutsTheHistoryAndRecoversWhatIsLeft) {
  Reloading run(Zxid(5));
  ASSERT_GT(last_zxid_of(run.world.dir.path()), 5u);
  const auto size = std::filesystem::file_size(run.world.dir / "log.1");
  run.start();
  EXPECT_EQ(run.ask("reload", 8), "reloaded");
  run.world.stop();
  EXPECT_THAT(run.world.engine.seen().reloaded, ElementsAre(Zxid(5)));
  EXPECT_EQ(run.state->tree.last_processed_zxid(), Zxid(5));
  EXPECT_LT(std::filesystem::file_size(run.world.dir / "log.1"), size);
  EXPECT_EQ(last_zxid_of(run.world.dir.path()), 5u);
}

TEST(DriverReload, WithoutACutTheHistoryStaysAsItIs) {
  Reloading run(std::nullopt);
  const uint64_t last = last_zxid_of(run.world.dir.path());
  run.start();
  EXPECT_EQ(run.ask("reload", 8), "reloaded");
  EXPECT_EQ(run.ask("reload", 8), "reloaded");
  run.world.stop();
  EXPECT_THAT(run.world.engine.seen().reloaded, ElementsAre(Zxid(last), Zxid(last)));
}

// The file that the engine had open is removed by the cut; what is written to that name afterwards
// must not go to the file that nobody can see any more.
TEST(DriverReload, NoFileStaysOpen) {
  Reloading run(Zxid(5));
  run.start();
  EXPECT_EQ(run.ask("write", 7), "written");
  EXPECT_TRUE(std::filesystem::exists(run.world.dir / "log.f00"));
  EXPECT_EQ(run.ask("reload", 8), "reloaded");
  EXPECT_FALSE(std::filesystem::exists(run.world.dir / "log.f00"));
  EXPECT_EQ(run.ask("write", 7), "written");
  EXPECT_EQ(content_of(run.world.dir / "log.f00").substr(0, 16), "what was written");
}

TEST(DriverReload, ADiskThatCannotBeReadStopsTheServer) {
  Reloading run(std::nullopt);
  run.start();
  std::filesystem::remove(run.world.dir / "snapshot.0");
  run.client->send("reload");
  run.world.join();
  EXPECT_FALSE(run.world.halt.clean);
  EXPECT_THAT(run.world.halt.reason, HasSubstr("snapshot"));
  EXPECT_FALSE(run.state.has_value());
}

TEST(DriverReload, AHistoryThatCannotBeCutStopsTheServer) {
  Reloading run(Zxid(5));
  run.start();
  std::filesystem::remove(run.world.dir / "snapshot.0");
  run.client->send("reload");
  run.world.join();
  EXPECT_FALSE(run.world.halt.clean);
  EXPECT_THAT(run.world.halt.reason, HasSubstr("cannot cut the history after 0x5"));
}

}  // namespace
}  // namespace zoetrope::net
