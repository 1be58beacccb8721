// Planted defects: each must break the property that is named here within a few seeds, and the same
// seeds must be clean without it.
#include "tests/unit/sim/defects.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <set>
#include <string>

#include "sim/run.hpp"

namespace zoetrope::sim {
namespace {

struct Planted {
  std::string property;  // that must be violated
  Profile profile = Profile::kCrash;
  EngineFactory factory = make_server;
  std::function<void(WorldConfig&)> plant = [](WorldConfig&) {};
  // For the runs with the defect and those without it.
  std::function<void(WorldConfig&)> prepare = [](WorldConfig&) {};
  uint64_t seeds_max = 40;
};

WorldConfig world_of(const Planted& planted, uint64_t seed) {
  WorldConfig config =
      draw_world(planted.profile, {}, Random(seed).fork(to_string(planted.profile)));
  planted.prepare(config);
  return config;
}

// Faults of a kind that `tune` chooses, beside those of the profile.
void add_steps(WorldConfig& config, const std::function<void(FaultConfig&)>& tune) {
  FaultConfig faults;
  faults.interval_min = Duration::from_ms(1);
  faults.interval_max = Duration::from_ms(500);
  tune(faults);
  const WorldSize size{static_cast<uint32_t>(config.processes.size()),
                       static_cast<uint32_t>(config.clients.size())};
  const auto steps = draw_steps(faults, size, MonotonicTime{} + config.load_max, Random(1));
  config.steps.insert(config.steps.end(), steps.begin(), steps.end());
}

std::string text_of(const std::vector<properties::Violation>& violations) {
  std::string text;
  for (const properties::Violation& violation : violations) {
    text += violation.property + ": " + violation.summary + "\n";
  }
  return text;
}

void expect_caught(const Planted& planted) {
  std::set<std::string> others;
  for (uint64_t seed = 1; seed <= planted.seeds_max; ++seed) {
    WorldConfig config = world_of(planted, seed);
    const RunResult sound = run_world(config, seed, make_server);
    ASSERT_EQ(text_of(sound.violations), "") << "without the defect, seed " << seed;
    planted.plant(config);
    const RunResult defective = run_world(config, seed, planted.factory);
    const bool caught =
        std::ranges::any_of(defective.violations, [&](const properties::Violation& violation) {
          return violation.property == planted.property;
        });
    if (caught) {
      ::testing::Test::RecordProperty("caught_at_seed", std::to_string(seed));
      return;
    }
    for (const auto& violation : defective.violations) others.insert(violation.property);
  }
  std::string text;
  for (const std::string& property : others) text += " " + property;
  FAIL() << planted.property << " held for " << planted.seeds_max << " seeds; broken were:" << text;
}

TEST(Defects, ADiskThatLies) {
  expect_caught({.property = "acknowledged_writes_survive",
                 .plant = [](WorldConfig& config) { config.disk_lies = true; }});
}

TEST(Defects, AnAnswerBeforeTheSync) {
  expect_caught(
      {.property = "acknowledged_writes_survive", .factory = defects::answers_before_the_sync()});
}

TEST(Defects, ADriverThatReportsSyncsEarly) {
  expect_caught({.property = "acknowledged_writes_survive", .plant = [](WorldConfig& config) {
                   config.processes[0].sync_completes_early = true;
                 }});
}

TEST(Defects, ALostWatchEvent) {
  expect_caught({.property = "watches_fire_exactly_once",
                 .profile = Profile::kCalm,
                 .factory = defects::drops_watch_events()});
}

TEST(Defects, AWatchEventTwice) {
  expect_caught({.property = "watches_fire_exactly_once",
                 .profile = Profile::kCalm,
                 .factory = defects::doubles_watch_events()});
}

TEST(Defects, AnEphemeralThatStays) {
  const auto uncut = [](WorldConfig& config) {
    config.network.cut_one_in = 0;
    config.network.window_bytes = 1 << 20;
  };
  expect_caught({.property = "replies_match_the_model",
                 .profile = Profile::kChurn,
                 .factory = defects::keeps_ephemerals(),
                 .prepare = uncut});
  expect_caught({.property = "final_tree_is_the_history",
                 .profile = Profile::kChurn,
                 .factory = defects::keeps_ephemerals(),
                 .prepare = uncut});
}

TEST(Defects, ARecoveryThatForgetsTheEndOfSessions) {
  for (const char* property :
       {"closed_sessions_are_silent", "ephemerals_live_with_their_session"}) {
    expect_caught({.property = property,
                   .factory = defects::forgets_session_ends(),
                   .prepare =
                       [](WorldConfig& config) {
                         // Without the names of the ephemerals in the log.
                         config.processes[0].server.close_session_txn_enabled = false;
                         for (ClientConfig& client : config.clients) {
                           client.script.close_session_one_in = 20;
                         }
                       },
                   .seeds_max = 100});
  }
}

TEST(Defects, RepliesInAnotherOrder) {
  expect_caught({.property = "replies_come_in_order",
                 .profile = Profile::kCalm,
                 .factory = defects::reorders_replies()});
}

TEST(Defects, AZxidThatGoesBack) {
  expect_caught({.property = "session_view_never_goes_back",
                 .profile = Profile::kCalm,
                 .factory = defects::shows_old_zxids()});
}

TEST(Defects, AZxidUsedTwice) {
  expect_caught({.property = "zxids_are_unique", .factory = defects::reuses_a_zxid()});
}

TEST(Defects, SessionsThatExpireEarly) {
  expect_caught({.property = "session_expiry_is_timely",
                 .profile = Profile::kCalm,
                 .factory = defects::keeps_another_time(8, 1)});
}

TEST(Defects, SessionsThatExpireLate) {
  expect_caught({.property = "session_expiry_is_timely",
                 .profile = Profile::kChurn,
                 .factory = defects::keeps_another_time(1, 8)});
}

TEST(Defects, ARecoveryThatTrustsThePageCacheAfterAFailedSync) {
  const auto forgetful = [](WorldConfig& config) {
    config.failed_syncs_forget = true;
    add_steps(config, [](FaultConfig& faults) { faults.power_loss_weight = 1; });
  };
  expect_caught({.property = "acknowledged_writes_survive",
                 .profile = Profile::kDiskFaults,
                 .factory = defects::trusts_the_page_cache(),
                 .prepare = forgetful,
                 .seeds_max = 200});
}

// --- ensembles -----------------------------------------------------------------------------------

TEST(EnsembleDefects, AnswersBeforeTheSyncOnEveryServer) {
  expect_caught({.property = "acknowledged_writes_have_a_quorum",
                 .profile = Profile::kEnsemble,
                 .factory = defects::answers_before_the_sync(),
                 .prepare = [](WorldConfig& config) {
                   add_steps(config, [](FaultConfig& faults) { faults.crash_all_weight = 1; });
                 }});
}

TEST(EnsembleDefects, AServerThatLogsSomethingElse) {
  for (const char* property : {"logs_agree", "replicas_agree"}) {
    expect_caught({.property = property,
                   .profile = Profile::kEnsemble,
                   .factory = defects::forges_proposals()});
  }
}

// Not a defect that must be caught but one that must heal: the server notices by the next digest
// and has the same tree as the others again at the end.
TEST(EnsembleDefects, AServerWhoseTreeDivergesResynchronisesItself) {
  class Notes : public TraceSink {
   public:
    void line(std::string_view text) override {
      asked += text.find("so it asks for a snapshot") != std::string_view::npos;
      healed += text.find("again, by a snapshot") != std::string_view::npos;
    }
    size_t asked = 0, healed = 0;
  };
  const Planted planted{.profile = Profile::kEnsemble, .prepare = [](WorldConfig& config) {
                          for (ProcessConfig& process : config.processes) {
                            process.server.digest_enabled = true;
                          }
                        }};
  Notes notes;
  for (uint64_t seed = 1; seed <= 10; ++seed) {
    const RunResult result =
        run_world(world_of(planted, seed), seed, defects::grows_a_znode(), &notes);
    for (const properties::Violation& violation : result.violations) {
      // Until it has noticed, it has another tree, and shows it; while it leads nobody can tell it.
      EXPECT_THAT(violation.property, testing::AnyOf("replicas_agree", "replies_match_the_model"))
          << seed << ": " << violation.summary;
    }
  }
  EXPECT_GT(notes.asked, 0u);
  EXPECT_GT(notes.healed, 0u);
}

TEST(EnsembleDefects, TwoLeadersOfOneEpoch) {
  expect_caught({.property = "one_leader_an_epoch",
                 .profile = Profile::kEnsemble,
                 .factory = defects::claims_an_epoch()});
}

}  // namespace
}  // namespace zoetrope::sim
