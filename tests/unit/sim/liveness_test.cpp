// The liveness phase: a quorum is healed, the others stay as they are, and what does not come about
// is found.
#include <gtest/gtest.h>

#include <string>

#include "sim/run.hpp"

namespace zoetrope::sim {
namespace {

WorldConfig world_of(uint64_t seed) {
  WorldConfig world = draw_world(Profile::kEnsemble, {}, Random(seed));
  world.liveness = Liveness::kQuorum;
  return world;
}

TEST(LivenessPhase, AQuorumIsEnough) {
  uint64_t servers = 0, down = 0, links = 0, excused = 0;
  for (uint64_t seed = 1; seed <= 40; ++seed) {
    const RunResult result = run_world(world_of(seed), seed, make_server);
    EXPECT_TRUE(result.violations.empty())
        << "seed " << seed << ": " << result.violations[0].property;
    servers += result.counts.frozen_servers;
    down += result.counts.frozen_down;
    links += result.counts.frozen_links;
    excused += result.excuse ? 1 : 0;
  }
  EXPECT_GT(servers, 20U);
  EXPECT_GT(down, 0U);
  EXPECT_GT(links, 0U);
  EXPECT_LT(excused, 8U) << "an excuse is rare";
}

TEST(LivenessPhase, TheSameSeedHealsTheSame) {
  for (uint64_t seed = 1; seed <= 5; ++seed) {
    EXPECT_EQ(run_world(world_of(seed), seed, make_server).hash,
              run_world(world_of(seed), seed, make_server).hash);
  }
}

TEST(LivenessPhase, WithoutItAllAreHealed) {
  WorldConfig world = world_of(1);
  world.liveness = Liveness::kAll;
  EXPECT_EQ(run_world(world, 1, make_server).counts.frozen_servers, 0U);
}

// A server that does nothing.
class Mute : public Engine {
 public:
  explicit Mute(std::unique_ptr<Engine> inner) : inner_(std::move(inner)) {}
  void start(Now now, node::Effects& out) override {
    inner_->start(now, out);
    out.clear();
  }
  void step(Now, const node::Input&, node::Effects&) override {}
  std::optional<MonotonicTime> next_deadline() const override { return std::nullopt; }
  uint64_t fingerprint() const override { return 0; }
  Zxid last_processed() const override { return inner_->last_processed(); }
  const tree::Tree* tree() const override { return inner_->tree(); }
  std::optional<Standing> standing() const override { return inner_->standing(); }

 private:
  std::unique_ptr<Engine> inner_;
};

// Of three servers one serves nobody: whoever heals it with one other finds that out.
TEST(LivenessPhase, AServerThatDoesNothingIsFound) {
  const EngineFactory factory = [](const node::Config& config, storage::Disk& disk, uint64_t seed,
                                   Now now) -> std::expected<std::unique_ptr<Engine>, std::string> {
    auto inner = make_server(config, disk, seed, now);
    if (!inner || config.server_id != ServerId(1)) return inner;
    return std::make_unique<Mute>(std::move(*inner));
  };
  Overrides overrides;
  overrides.servers = 3;
  overrides.observers = 0;
  uint64_t found = 0;
  for (uint64_t seed = 1; seed <= 6; ++seed) {
    WorldConfig world = draw_world(Profile::kEnsemble, overrides, Random(seed));
    world.liveness = Liveness::kQuorum;
    world.load_max = Duration::from_ms(3000);
    const RunResult result = run_world(world, seed, factory);
    found += result.violations.empty() ? 0 : 1;
  }
  EXPECT_GT(found, 0U);
}

}  // namespace
}  // namespace zoetrope::sim
