// Recordings of simulated servers: that they replay to what happened, that what was changed is
// found at its place, and that damage is told and leaves the rest of use.
#include "replay/replay.hpp"

#include <gtest/gtest.h>

#include <string>

#include "tests/unit/replay/recorded_run.hpp"

namespace zoetrope::replay {
namespace {

using sim::Profile;
using test::record_run;

Report replay(const test::MemoryFiles& files) {
  Replayer replayer;
  for (const std::string& file : files.files) replayer.take("file", file);
  return replayer.finish();
}

class Recordings : public ::testing::TestWithParam<Profile> {};
INSTANTIATE_TEST_SUITE_P(, Recordings, ::testing::ValuesIn(sim::kProfiles), [](const auto& p) {
  std::string name(to_string(p.param));
  std::erase(name, '-');
  return name;
});

TEST_P(Recordings, ReplayToTheSameEffectsAndStates) {
  const auto run = record_run(GetParam(), 1);
  ASSERT_EQ(run.hash,
            run_plan(sim::plan_of({.seed = 1, .profile = GetParam()}), sim::make_server).hash);
  uint64_t states = 0;
  for (const auto& [server, files] : run.files) {
    const Report report = replay(*files);
    EXPECT_FALSE(report.difference) << report.difference->step << " " << report.difference->input;
    EXPECT_TRUE(report.damages.empty());
    EXPECT_EQ(report.server.value, server);
    EXPECT_EQ(report.steps, run.steps.at(server));
    EXPECT_EQ(report.fingerprint, run.fingerprints.at(server));
    EXPECT_EQ(report.inputs_compared + report.breaks.size(), report.steps);
    states += report.states_compared;
  }
  // The runs of the others end within their first files.
  if (GetParam() > Profile::kEnsemble) {
    EXPECT_GT(states, 0U);
  }
}

TEST(Replay, FindsTheStepOfWhichSomethingElseComes) {
  auto run = record_run(Profile::kEnsemble, 1);
  std::string& file = run.files.at(1)->files.front();
  auto reader = *record::FileReader::open(file);
  std::string changed(file.size(), '\0');
  record::FileWriter writer(changed.data(), changed.size(), reader.head(), reader.state());
  constexpr uint64_t kChanged = 500;
  for (uint64_t n = 0; const auto bytes = *reader.next(); ++n) {
    auto entry = *record::read_entry(*bytes);
    std::string copy(*bytes);
    // Bytes 17 to 24 of an entry tell what came of the step before.
    if (n == kChanged) copy[17] ^= 1;
    writer.append(copy);
  }
  file = changed;
  const Report report = replay(*run.files.at(1));
  ASSERT_TRUE(report.difference);
  // The first entry is no step.
  EXPECT_EQ(report.difference->step, kChanged - 2);
  EXPECT_FALSE(report.difference->effects.empty());
}

TEST(Replay, FindsAnInputThatWasAnother) {
  auto run = record_run(Profile::kCrash, 1);
  std::string& file = run.files.at(1)->files.front();
  auto reader = *record::FileReader::open(file);
  std::string changed(file.size(), '\0');
  record::FileWriter writer(changed.data(), changed.size(), reader.head(), reader.state());
  bool is_changed = false;
  while (const auto bytes = *reader.next()) {
    auto entry = *record::read_entry(*bytes);
    const auto* input = std::get_if<node::Input>(&entry.what);
    const auto* received = input == nullptr ? nullptr : std::get_if<node::Received>(input);
    if (is_changed || received == nullptr || received->bytes.size() < 50) {
      writer.append(*bytes);
      continue;
    }
    std::string other(received->bytes);
    other.resize(other.size() - 4);
    std::string copy;
    record::append_input(copy, entry.now, entry.previous_effects,
                         node::Received{received->connection, other});
    writer.append(copy);
    is_changed = true;
  }
  file = changed;
  ASSERT_TRUE(replay(*run.files.at(1)).difference);
}

TEST(Replay, RefusesDamageAtItsPlaceAndUsesTheRest) {
  const auto run = record_run(Profile::kEnsemble, 2);
  const std::string whole = run.files.at(1)->files.front();
  Replayer undamaged;
  undamaged.take("file", whole);
  const uint64_t steps = undamaged.finish().steps;
  uint64_t some = 0;
  for (size_t at = 0; at < whole.size(); at += 1 + whole.size() / 97) {
    std::string file = whole;
    file[at] = static_cast<char>(file[at] ^ 0x10);
    Replayer replayer;
    replayer.take("file", file);
    const Report report = replayer.finish();
    // A flip in what pads an entry changes nothing.
    if (report.damages.empty()) {
      EXPECT_EQ(report.steps, steps) << at;
      EXPECT_FALSE(report.difference);
      continue;
    }
    EXPECT_LE(report.damages.front().error.offset, at);
    EXPECT_LE(report.steps, steps);
    some += report.steps;
  }
  EXPECT_GT(some, steps);
}

TEST(Replay, UsesWhatIsThereOfAFileThatWasCut) {
  const auto run = record_run(Profile::kEnsemble, 2);
  const std::string& whole = run.files.at(1)->files.front();
  uint64_t before = 0;
  for (size_t size = 0; size < whole.size(); size += 1 + whole.size() / 61) {
    Replayer replayer;
    replayer.take("file", std::string_view(whole).substr(0, size));
    const Report report = replayer.finish();
    EXPECT_FALSE(report.difference);
    EXPECT_GE(report.steps, before);
    before = report.steps;
  }
  EXPECT_GT(before, 0U);
}

TEST(Replay, GoesOnBehindAGap) {
  const auto run = record_run(Profile::kModes, 1);
  // Two files of one life, of which the second says that steps are missing before it.
  for (const auto& [server, recorded] : run.files) {
    const auto& files = recorded->files;
    for (size_t i = 1; i < files.size(); ++i) {
      auto reader = *record::FileReader::open(files[i]);
      if (reader.head().run != record::FileReader::open(files[i - 1])->head().run) continue;
      record::FileHead head = reader.head();
      head.first_step += 5;
      std::string later(files[i].size(), '\0');
      record::FileWriter writer(later.data(), later.size(), head, reader.state());
      while (const auto entry = *reader.next()) writer.append(*entry);
      Replayer replayer;
      replayer.take("first", files[i - 1]);
      replayer.take("later", later);
      const Report report = replayer.finish();
      EXPECT_FALSE(report.difference);
      EXPECT_TRUE(report.damages.empty());
      EXPECT_EQ(report.states_compared, 0U);
      ASSERT_EQ(report.breaks.size(), 2U);
      EXPECT_EQ(report.breaks.front().kind, BreakKind::kGap);
      return;
    }
  }
  FAIL() << "no life takes two files";
}

}  // namespace
}  // namespace zoetrope::replay
