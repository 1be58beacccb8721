// Traces of runs: that they are the same again, and that what is not is found where it begins.
#include "sim/replay.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <string>
#include <utility>

#include "sim/server_view.hpp"
#include "sim/trace_reader.hpp"
#include "sim/trace_writer.hpp"
#include "tests/unit/sim/defects.hpp"

namespace zoetrope::sim {
namespace {

struct Traced {
  Plan plan;
  RunResult run;
  std::string bytes;
  trace::File file;
};

Traced traced(Profile profile, uint64_t seed, uint64_t operations = 40) {
  Traced traced;
  RunRequest request;
  request.profile = profile;
  request.seed = seed;
  request.overrides.operations = operations;
  request.check = false;
  traced.plan = plan_of(request);
  TraceWriter writer("", [&](std::string_view bytes) { traced.bytes += bytes; });
  traced.run = run_plan(traced.plan, make_server, nullptr, &writer);
  writer.finish(traced.run);
  traced.file = *trace::read_file(traced.bytes);
  return traced;
}

ReplayResult replayed(const Traced& traced, const EngineFactory& factory = make_server) {
  ReplayRequest request;
  request.plan = traced.plan;
  request.file = &traced.file;
  request.factory = factory;
  return replay(request);
}

class Replays : public ::testing::TestWithParam<Profile> {};
INSTANTIATE_TEST_SUITE_P(, Replays, ::testing::ValuesIn(kProfiles), [](const auto& profile) {
  std::string name(to_string(profile.param));
  std::erase(name, '-');
  return name;
});

TEST_P(Replays, AreBitForBitTheSame) {
  for (uint64_t seed = 1; seed <= 2; ++seed) {
    const Traced run = traced(GetParam(), seed);
    EXPECT_FALSE(run.file.damage.has_value());
    const ReplayResult again = replayed(run);
    EXPECT_FALSE(again.difference.has_value())
        << again.difference->expected << " / " << again.difference->found;
    EXPECT_FALSE(again.is_prefix_over);
    EXPECT_EQ(again.run.hash, run.run.hash);
    EXPECT_EQ(again.records, run.file.end->records);
    EXPECT_EQ(again.position.number, run.run.counts.events);
  }
}

TEST_P(Replays, RecordsChangeNothing) {
  const Traced run = traced(GetParam(), 3);
  EXPECT_EQ(run_plan(run.plan, make_server).hash, run.run.hash);
}

// --- differences -------------------------------------------------------------------------------

// The real server, which says one line more in one step of its life.
class Talker : public Engine {
 public:
  Talker(std::unique_ptr<Engine> engine, uint64_t& left)
      : engine_(std::move(engine)), left_(left) {}
  void start(Now now, node::Effects& out) override { engine_->start(now, out); }
  void step(Now now, const node::Input& input, node::Effects& out) override {
    engine_->step(now, input, out);
    if (--left_ == 0) out.log(node::Severity::kInfo, "by the way");
  }
  std::optional<MonotonicTime> next_deadline() const override { return engine_->next_deadline(); }
  uint64_t fingerprint() const override { return engine_->fingerprint(); }
  Zxid last_processed() const override { return engine_->last_processed(); }
  const tree::Tree* tree() const override { return engine_->tree(); }
  std::string configuration() const override { return engine_->configuration(); }
  std::optional<Standing> standing() const override { return engine_->standing(); }

 private:
  std::unique_ptr<Engine> engine_;
  uint64_t& left_;  // over all lives
};

EngineFactory talker(uint64_t step) {
  const auto left = std::make_shared<uint64_t>(step);
  return [left](const node::Config& config, storage::Disk& disk, uint64_t seed,
                Now now) -> std::expected<std::unique_ptr<Engine>, std::string> {
    auto engine = make_server(config, disk, seed, now);
    if (!engine || config.server_id != ServerId(2)) return engine;
    return std::make_unique<Talker>(*std::move(engine), *left);
  };
}

// The event of the n-th step of server 2 in the file.
uint64_t event_of_step(const trace::File& file, uint64_t n) {
  uint64_t event = 0;
  visit_records(file, 0, [&](const Record& record) {
    if (record.kind == RecordKind::kInput && record.lane == 1) event = --n == 0 ? record.number : 0;
    return n != 0;
  });
  return event;
}

TEST(ReplayDifference, IsFoundInTheStepInWhichItBegins) {
  const Traced run = traced(Profile::kEnsemble, 1);
  for (const uint64_t step : {1, 2, 40, 700}) {
    const ReplayResult other = replayed(run, talker(step));
    ASSERT_TRUE(other.difference.has_value());
    EXPECT_EQ(other.difference->number, event_of_step(run.file, step));
    EXPECT_EQ(other.difference->found, "    server 2 says by the way");
    EXPECT_NE(other.difference->expected, other.difference->found);
  }
}

TEST(ReplayDifference, ASeedOfItsOwnDiffersAtOnce) {
  Traced run = traced(Profile::kEnsemble, 1);
  run.plan.seed += 1;
  const ReplayResult other = replayed(run);
  ASSERT_TRUE(other.difference.has_value());
  EXPECT_LE(other.difference->number, 1U);
}

// Two runs of one factory that are not the same: what a forgotten source of chance looks like.
TEST(ReplayDifference, ChanceInTheServerIsFound) {
  const Traced sound = traced(Profile::kEnsemble, 2);
  EXPECT_TRUE(replayed(sound, defects::grows_a_znode()).difference.has_value());
  EXPECT_TRUE(replayed(sound, defects::reorders_replies()).difference.has_value());
}

// Writes the file again with the byte at that place of a block changed; its checksums are right.
std::string with_byte(const trace::File& file, size_t block, size_t at) {
  std::string bytes;
  trace::FileWriter writer("", [&](std::string_view more) { bytes += more; });
  for (size_t i = 0; i < file.blocks.size(); ++i) {
    std::string records(file.blocks[i].records);
    if (i == block) records[at] = static_cast<char>(records[at] ^ 1);
    writer.block(file.blocks[i].before, records);
  }
  writer.end(*file.end);
  return bytes;
}

TEST(ReplayDifference, EveryByteOfTheRecordsCounts) {
  const Traced run = traced(Profile::kCalm, 1, 5);
  const size_t size = run.file.blocks[0].records.size();
  for (size_t at = 0; at < size; at += 1 + size / 60) {
    Traced other = {run.plan, {}, with_byte(run.file, 0, at), {}};
    other.file = *trace::read_file(other.bytes);
    ASSERT_FALSE(other.file.damage.has_value());
    EXPECT_TRUE(replayed(other).difference.has_value()) << "byte " << at;
  }
}

TEST(ReplayDifference, ARecordMoreOrLessAtTheEndIsFound) {
  const Traced run = traced(Profile::kCalm, 1, 5);
  const auto with_end = [&](std::string_view end_of_records, size_t left_out) {
    std::string bytes;
    trace::FileWriter writer("", [&](std::string_view more) { bytes += more; });
    for (const trace::Block& block : run.file.blocks) {
      const bool is_last = &block == &run.file.blocks.back();
      std::string records(block.records.substr(0, block.records.size() - (is_last ? left_out : 0)));
      if (is_last) records += end_of_records;
      writer.block(block.before, records);
    }
    writer.end(*run.file.end);
    Traced other = {run.plan, {}, bytes, {}};
    other.file = *trace::read_file(other.bytes);
    return replayed(other).difference;
  };
  EXPECT_FALSE(with_end("", 0).has_value());
  // A violation of nothing at all.
  const auto more = with_end(std::string("\xe0\0", 2), 0);
  ASSERT_TRUE(more.has_value());
  EXPECT_EQ(more->found, "");
  EXPECT_NE(more->expected, "");
  EXPECT_TRUE(with_end("", 1).has_value());
}

TEST(ReplayDifference, TheSummaryCountsToo) {
  Traced run = traced(Profile::kCalm, 1, 5);
  run.file.end->hash ^= 1;
  const ReplayResult other = replayed(run);
  ASSERT_TRUE(other.difference.has_value());
  EXPECT_NE(other.difference->expected, other.difference->found);
}

// --- a part of a file --------------------------------------------------------------------------

TEST(Replay, APrefixIsComparedAsFarAsItGoes) {
  const Traced run = traced(Profile::kEnsemble, 1, 200);
  ASSERT_GT(run.file.blocks.size(), 2U);
  for (const size_t blocks : {size_t{0}, size_t{1}, run.file.blocks.size() - 1}) {
    Traced prefix = {run.plan, {}, run.bytes, run.file};
    prefix.file.end.reset();
    prefix.file.blocks.resize(blocks);
    const ReplayResult again = replayed(prefix);
    EXPECT_FALSE(again.difference.has_value());
    EXPECT_TRUE(again.is_prefix_over);
    EXPECT_EQ(again.position.number, last_event(prefix.file));
  }
}

TEST(Replay, GoesToAnEventAndShowsServers) {
  const Traced run = traced(Profile::kEnsemble, 1);
  ReplayRequest request;
  request.plan = run.plan;
  request.file = &run.file;
  request.to = run.run.counts.events / 2;
  std::string text, same, other;
  request.look = [&](const World& world) {
    const ServerView first = view_of(world, 0), second = view_of(world, 1);
    text = to_text(first);
    same = compare(first, first);
    other = compare(first, second);
  };
  const ReplayResult result = replay(request);
  EXPECT_FALSE(result.difference.has_value());
  EXPECT_EQ(result.position.number, *request.to);
  EXPECT_TRUE(text.starts_with("server 1\n  process: ")) << text;
  EXPECT_NE(text.find("fingerprint: 0x"), std::string::npos) << text;
  EXPECT_NE(text.find("file log."), std::string::npos) << text;
  EXPECT_EQ(same, "");
  EXPECT_NE(other.find("steps: "), std::string::npos) << other;
}

// A file of an earlier day: its records are read whatever the program does by now.
TEST(TraceFiles, OfThisVersionStayReadable) {
  std::ifstream in(std::string(ZT_TEST_DATA) + "/trace/version-1.trace", std::ios::binary);
  const std::string bytes((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
  const auto file = trace::read_file(bytes);
  ASSERT_TRUE(file.has_value());
  EXPECT_FALSE(file->damage.has_value());
  EXPECT_TRUE(file->plan.starts_with("title = \"Seed 1 of the profile calm\"")) << file->plan;
  ASSERT_TRUE(file->end.has_value());
  EXPECT_EQ(file->end->hash, 0x6cdc642edcf77319U);
  EXPECT_EQ(file->end->events, 102U);
  EXPECT_EQ(last_event(*file), 102U);
  uint64_t records = 0;
  EXPECT_FALSE(visit_records(*file, 0, [&](const Record&) { return ++records != 0; }).has_value());
  EXPECT_EQ(records, file->end->records);
}

// --- causes ------------------------------------------------------------------------------------

TEST(Causes, LeadBackToTheBeginning) {
  const Traced run = traced(Profile::kEnsemble, 1, 200);
  for (const uint64_t number : {uint64_t{1}, uint64_t{100}, run.run.counts.events}) {
    const std::vector<Record> chain = causes_of(run.file, number);
    ASSERT_FALSE(chain.empty());
    EXPECT_EQ(chain.front().number, number);
    EXPECT_EQ(chain.back().cause, 0U);
    for (size_t i = 1; i < chain.size(); ++i) {
      EXPECT_EQ(chain[i].number, chain[i - 1].cause);
      EXPECT_LE(chain[i].at, chain[i - 1].at);
    }
  }
  EXPECT_TRUE(causes_of(run.file, run.run.counts.events + 1).empty());
}

TEST(Causes, AReplyGoesBackToItsRequest) {
  const Traced run = traced(Profile::kCalm, 1, 20);
  // The first answer that a client has to an operation was planned, step by step, from the event in
  // which it asked.
  uint64_t asked = 0, answered = 0;
  visit_records(run.file, 0, [&](const Record& record) {
    if (record.kind != RecordKind::kOperation) return true;
    if (static_cast<OperationPhase>(record.detail) == OperationPhase::kInvoked && asked == 0) {
      asked = record.number;
    }
    if (static_cast<OperationPhase>(record.detail) == OperationPhase::kAnswered) {
      answered = record.number;
    }
    return answered == 0;
  });
  ASSERT_NE(answered, 0U);
  bool goes_back = false;
  for (const Record& record : causes_of(run.file, answered)) {
    goes_back = goes_back || record.number == asked;
  }
  EXPECT_TRUE(goes_back) << "asked in " << asked << ", answered in " << answered;
}

TEST(RecordText, EveryKindHasItsLine) {
  const Traced run = traced(Profile::kEnsemble, 1, 200);
  const auto servers = static_cast<uint32_t>(run.plan.world.processes.size());
  std::string text;
  uint64_t kinds = 0;
  visit_records(run.file, 0, [&](const Record& record) {
    kinds |= uint64_t{1} << static_cast<int>(record.kind);
    text += line_of(record, servers) + "\n";
    return true;
  });
  // No violation.
  EXPECT_EQ(kinds, 0x7fU);
  for (const char* const part :
       {"segment arrives, connection ", "client 0 asks ", "is answered", "server 1 is leading",
        "sends, connection", "disk operation", "applied 0x", "takes bytes", "fault step: "}) {
    EXPECT_NE(text.find(part), std::string::npos) << part;
  }
}

}  // namespace
}  // namespace zoetrope::sim
