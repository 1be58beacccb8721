// Every scenario of the project comes to what it says, and is the same after it was printed.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "scenario/scenario.hpp"
#include "sim/run.hpp"

namespace zoetrope::scenario {
namespace {

std::vector<std::string> files() {
  std::vector<std::string> paths;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(ZT_SCENARIOS)) {
    if (entry.path().extension() == ".toml") paths.push_back(entry.path().string());
  }
  std::ranges::sort(paths);
  return paths;
}

class File : public testing::TestWithParam<std::string> {};

TEST_P(File, ComesToWhatItSays) {
  std::ostringstream text;
  text << std::ifstream(GetParam()).rdbuf();
  const auto plan = parse(text.str(), GetParam());
  ASSERT_TRUE(plan.has_value()) << plan.error()[0];
  const sim::RunResult result = sim::run_plan(*plan, sim::make_server);
  EXPECT_THAT(unmet(plan->expect, result), testing::IsEmpty());
  const auto again = parse(print(*plan), "printed");
  ASSERT_TRUE(again.has_value()) << again.error()[0];
  EXPECT_EQ(sim::run_plan(*again, sim::make_server).hash, result.hash);
}

INSTANTIATE_TEST_SUITE_P(Scenarios, File, testing::ValuesIn(files()), [](const auto& tested) {
  return std::filesystem::path(tested.param).stem().string();
});

}  // namespace
}  // namespace zoetrope::scenario
