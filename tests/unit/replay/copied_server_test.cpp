// A server that goes on from a copy of its state is the server that it was: whole runs in which
// every server is replaced by its copy again and again are the runs that they are without.
#include <gtest/gtest.h>

#include <string>

#include "sim/run.hpp"

namespace zoetrope::sim {
namespace {

struct Copies {
  uint64_t steps = 0, made = 0;
};

// After one step in so many, where that is possible.
EngineFactory copying(uint64_t one_in, Copies& copies) {
  return make_server_with([one_in, &copies](std::unique_ptr<node::Server>& server, Now now,
                                            const node::Input* input, node::Effects& out) {
    if (input == nullptr) return server->start(now, out);
    server->step(now, *input, out);
    if (++copies.steps % one_in != 0 || !server->can_be_saved()) return;
    const std::string state = server->save();
    auto copy = node::Server::restored(state);
    ASSERT_NE(copy, nullptr);
    ASSERT_EQ(copy->fingerprint(), server->fingerprint());
    ASSERT_TRUE(copy->save() == state);
    server = std::move(copy);
    ++copies.made;
  });
}

class CopiedServers : public ::testing::TestWithParam<Profile> {};
INSTANTIATE_TEST_SUITE_P(, CopiedServers, ::testing::ValuesIn(kProfiles), [](const auto& profile) {
  std::string name(to_string(profile.param));
  std::erase(name, '-');
  return name;
});

TEST_P(CopiedServers, GoOnAsTheFirstWouldHave) {
  for (uint64_t seed = 1; seed <= 2; ++seed) {
    const Plan plan = plan_of({.seed = seed, .profile = GetParam()});
    const uint64_t hash = run_plan(plan, make_server).hash;
    Copies copies;
    ASSERT_EQ(run_plan(plan, copying(7, copies)).hash, hash) << "seed " << seed;
    ASSERT_GT(copies.made, copies.steps / 20);
  }
}

TEST(CopiedServer, IsNoneWhereTheBytesAreNoState) {
  std::string state;
  const auto keep = make_server_with([&](std::unique_ptr<node::Server>& server, Now now,
                                         const node::Input* input, node::Effects& out) {
    if (input == nullptr) return server->start(now, out);
    server->step(now, *input, out);
    if (server->can_be_saved()) state = server->save();
  });
  run_plan(plan_of({.seed = 1, .profile = Profile::kEnsemble}), keep);
  ASSERT_NE(node::Server::restored(state), nullptr);
  for (size_t size = 0; size < state.size(); size += 1 + size / 50) {
    ASSERT_EQ(node::Server::restored(std::string_view(state).substr(0, size)), nullptr);
  }
  ASSERT_EQ(node::Server::restored(state + '\0'), nullptr);
}

}  // namespace
}  // namespace zoetrope::sim
