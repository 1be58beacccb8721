// Crashes at any point: what is recovered is a prefix of what was appended, at least as long as
// what was durable, and never refused.
#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include "tests/unit/storage/store_rig.hpp"

namespace zoetrope::storage {
namespace {

StoreConfig any_config(Random& random) {
  StoreConfig config;
  config.snap_count = static_cast<int64_t>(10 + random.below(200));
  config.preallocation_kb = random.one_in(3) ? 0 : static_cast<int64_t>(1 + random.below(64));
  config.log_size_limit_kb = random.one_in(3) ? static_cast<int64_t>(1 + random.below(30)) : -1;
  config.batch_size_max = static_cast<int64_t>(1 + random.below(50));
  config.snapshot_chunk_bytes = 100 + random.below(3000);
  config.purge_interval_ms = random.one_in(2) ? 10 : 0;
  config.retain_snapshots = 1 + random.below(3);
  config.snapshot.compression = static_cast<Compression>(random.below(3));
  return config;
}

// One random event in the life of a server.
void live_a_little(StoreRig& rig, Random& random, int64_t& now_ms) {
  const Lane lane = random.one_in(2) ? Lane::kLog : Lane::kSnapshot;
  switch (random.below(7)) {
    case 0:
    case 1:
      rig.append(1 + random.below(12), random.one_in(20) ? 5000 : 120);
      break;
    case 2:
      rig.flush();
      break;
    case 3:
    case 4:
      rig.perform(lane);
      break;
    case 5:
      rig.complete(lane);
      break;
    default:
      rig.apply_durable();
      if (rig.store->snapshot_due()) rig.begin_snapshot();
      rig.tick(MonotonicTime::from_ms(++now_ms));
  }
}

std::optional<std::string> check(const StoreRig& rig, const History& before, Zxid durable,
                                 Zxid appended) {
  const RecoveredState& state = *rig.recovered;
  if (state.last_zxid < durable) return "an acknowledged transaction is gone";
  if (state.last_zxid > appended) return "a transaction that never was";
  const Snapshot expected = before.state_at(state.last_zxid);
  if (state.tree.fingerprint() != expected.tree.fingerprint()) return "another tree";
  if (SessionList(state.sessions.begin(), state.sessions.end()) != expected.sessions) {
    return "other sessions";
  }
  if (state.digest_mismatches != 0) return "digests differ";
  return std::nullopt;
}

std::optional<std::string> run(uint64_t seed) {
  Random random(seed);
  StoreRig rig(any_config(random), seed);
  if (auto refused = rig.start()) return refused;
  for (int life = 0; life < 5; ++life) {
    int64_t now_ms = 0;
    const uint64_t events = random.below(400);
    for (uint64_t i = 0; i < events; ++i) live_a_little(rig, random, now_ms);
    const Zxid durable = rig.store->durable();
    const History before = rig.history;
    const Zxid appended = before.entries().empty() ? Zxid(0) : before.entries().back().zxid;
    rig.crash(random);
    if (auto refused = rig.start()) return "refused: " + *refused;
    if (auto wrong = check(rig, before, durable, appended)) return wrong;
  }
  return std::nullopt;
}

TEST(StoreCrash, ManySeeds) {
  for (uint64_t seed = 1; seed <= 1500; ++seed) {
    const auto wrong = run(seed);
    ASSERT_FALSE(wrong) << "seed " << seed << ": " << *wrong;
  }
}

RC_GTEST_PROP(StoreCrash, AnySeed, ()) {
  const auto seed = *rc::gen::arbitrary<uint64_t>();
  const auto wrong = run(seed);
  if (wrong) RC_FAIL("seed " + std::to_string(seed) + ": " + *wrong);
}

TEST(StoreCrash, SameSeedSameFingerprints) {
  for (uint64_t seed = 1; seed <= 20; ++seed) {
    uint64_t fingerprints[2];
    for (uint64_t& fingerprint : fingerprints) {
      Random random(seed);
      StoreRig rig(any_config(random), seed);
      ASSERT_FALSE(rig.start());
      int64_t now_ms = 0;
      for (int i = 0; i < 300; ++i) live_a_little(rig, random, now_ms);
      fingerprint = rig.store->fingerprint();
    }
    EXPECT_EQ(fingerprints[0], fingerprints[1]) << "seed " << seed;
  }
}

}  // namespace
}  // namespace zoetrope::storage
