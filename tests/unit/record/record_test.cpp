// Entries and files of a recording, and the recorder's care for gaps and full disks.
#include <gtest/gtest.h>

#include <atomic>
#include <deque>
#include <string>

#include "core/node/server.hpp"
#include "record/entry.hpp"
#include "record/file.hpp"
#include "record/recorder.hpp"

namespace zoetrope::record {
namespace {

constexpr Now kNow{MonotonicTime{5}, WallTime{7}};

std::vector<node::Input> one_of_each() {
  const ConnectionId id = ConnectionId::make(3, 4);
  const Endpoint a = Endpoint::v4(1, 2, 3, 4, 5), b = Endpoint::v4(6, 7, 8, 9, 10);
  return {node::Opened{id, node::Port::kElection, a, b},
          node::Connected{9, id, a, b},
          node::ConnectFailed{9, "nobody there"},
          node::Received{id, "some bytes"},
          node::Closed{id},
          node::Backlog{id, 77},
          node::DiskDone{12, storage::DiskError{"full"}},
          node::FileRead{13, "read", std::nullopt},
          node::HostFacts{1, 2, 3},
          node::Tick{},
          node::BatchEnd{},
          node::Shutdown{}};
}

TEST(Entries, ComeBackAsTheyWere) {
  for (const node::Input& input : one_of_each()) {
    std::string bytes;
    append_input(bytes, kNow, 42, input);
    const auto entry = read_entry(bytes);
    ASSERT_TRUE(entry) << describe(input);
    EXPECT_EQ(entry->now.monotonic, kNow.monotonic);
    EXPECT_EQ(entry->now.wall, kNow.wall);
    EXPECT_EQ(entry->previous_effects, 42U);
    const auto& read = std::get<node::Input>(entry->what);
    EXPECT_EQ(read.index(), input.index());
    EXPECT_EQ(describe(read), describe(input));
    std::string again;
    append_input(again, kNow, 42, read);
    EXPECT_EQ(again, bytes);
    for (size_t size = 0; size < bytes.size(); ++size) {
      EXPECT_FALSE(read_entry(std::string_view(bytes).substr(0, size)));
    }
    EXPECT_FALSE(read_entry(bytes + "x"));
  }
}

TEST(Entries, ARecoveredStateComesAlong) {
  storage::RecoveredState state;
  state.last_zxid = Zxid(77);
  state.sessions[SessionId(5)] = 6000;
  std::string bytes;
  append_input(bytes, kNow, 1, node::Reloaded{&state});
  const auto entry = read_entry(bytes);
  ASSERT_TRUE(entry);
  ASSERT_NE(entry->reloaded, nullptr);
  EXPECT_EQ(entry->reloaded->last_zxid, Zxid(77));
  EXPECT_EQ(entry->reloaded->sessions, state.sessions);
  EXPECT_EQ(entry->reloaded->tree.fingerprint(), state.tree.fingerprint());
}

TEST(EffectsHash, DoesNotDependOnWhatWasGatheredBefore) {
  const ConnectionId a = ConnectionId::make(1, 1), b = ConnectionId::make(2, 1);
  const auto add = [&](node::Effects& effects) {
    effects.send(a, "more");
    effects.log(node::Severity::kInfo, "line");
    effects.send(b, "bytes");
  };
  PeerConnections connections;
  EffectsHash hash;
  node::Effects alone, behind, other;
  hash.mark(alone);
  add(alone);
  const uint64_t of_alone = hash.of(alone, connections);
  behind.send(a, "something");
  hash.mark(behind);
  add(behind);
  ASSERT_EQ(behind.list().size(), 3U);  // "more" went into what was there
  EXPECT_EQ(hash.of(behind, connections), of_alone);
  hash.mark(other);
  other.send(a, "mor");
  EXPECT_NE(hash.of(other, connections), of_alone);
  hash.mark(other);
  EXPECT_NE(hash.of(other, connections), 0U);
}

TEST(FileNames, AreReadAsTheyAreWritten) {
  for (const uint32_t number : {1U, 999'999U, 1'000'000U, 4'000'000'000U}) {
    EXPECT_EQ(parse_file_name(file_name(number)), number);
  }
  for (const char* name : {"recording.", "recording.1", "recording.0000001", "recording.00000x",
                           "recordings.000001", "recording.000001.tmp"}) {
    EXPECT_FALSE(parse_file_name(name)) << name;
  }
}

// A file of three entries in memory that is longer.
std::string small_file() {
  std::string file(1024, '\0');
  FileWriter writer(file.data(), file.size(), {7, 8, 9}, "the state");
  for (const char* entry : {"first", "the second", "3"}) EXPECT_TRUE(writer.append(entry));
  return file;
}

TEST(Files, GiveBackWhatWasWritten) {
  const std::string file = small_file();
  auto reader = FileReader::open(file);
  ASSERT_TRUE(reader);
  EXPECT_EQ(reader->head().number, 7U);
  EXPECT_EQ(reader->head().run, 8U);
  EXPECT_EQ(reader->head().first_step, 9U);
  EXPECT_EQ(reader->state(), "the state");
  for (const char* entry : {"first", "the second", "3"}) EXPECT_EQ(*reader->next(), entry);
  EXPECT_EQ(*reader->next(), std::nullopt);
}

TEST(Files, TakeNothingThatDoesNotFit) {
  std::string file(256, '\0');
  FileWriter writer(file.data(), 200, {}, "state");
  size_t count = 0;
  while (writer.append("0123456789")) ++count;
  EXPECT_EQ(count, (200 - kHeadSize - 8) / room_of(10));
  EXPECT_EQ(file.substr(200), std::string(56, '\0'));
}

TEST(Files, EveryFlippedBitIsFoundBeforeItIsPassed) {
  const std::string file = small_file();
  auto reader = *FileReader::open(file);
  while (*reader.next()) {
  }
  const size_t used = reader.offset();
  size_t unnoticed = 0;
  for (size_t at = 0; at < used; ++at) {
    for (int bit = 0; bit < 8; ++bit) {
      std::string flipped = file;
      flipped[at] = static_cast<char>(flipped[at] ^ 1 << bit);
      auto damaged = FileReader::open(flipped);
      if (!damaged) continue;
      std::expected<std::optional<std::string_view>, DecodeError> entry;
      while ((entry = damaged->next()) && *entry) {
      }
      if (entry) {
        ++unnoticed;
      } else {
        EXPECT_LE(entry.error().offset, at);
      }
    }
  }
  // The zeros behind the state and the entries: 7, 3, 6 and 7 of them.
  EXPECT_EQ(unnoticed, 8 * (7U + 3U + 6U + 7U));
}

TEST(Files, AnEntryInWhichTheProcessDiedIsTheEnd) {
  std::string file = small_file();
  auto reader = *FileReader::open(file);
  size_t last = 0;
  while (true) {
    const size_t at = reader.offset();
    if (!*reader.next()) break;
    last = at;
  }
  file.replace(last, 8, 8, '\0');
  auto again = *FileReader::open(file);
  EXPECT_EQ(*again.next(), "first");
  EXPECT_EQ(*again.next(), "the second");
  EXPECT_EQ(*again.next(), std::nullopt);
}

// --- the recorder --------------------------------------------------------------------------------

class FewFiles : public Files {
 public:
  bool has_next() const override { return left > 0; }
  std::optional<Room> next() override {
    if (left == 0) return std::nullopt;
    --left;
    files.emplace_back(size, '\0');
    return Room{static_cast<uint32_t>(files.size()), files.back().data(), size, &ready};
  }
  std::optional<std::string> failure() const override { return why; }
  void hurry(const Room&, size_t used) override { hurried = used; }
  void done(const Room& room, size_t used) override { files[room.number - 1].resize(used); }
  void note(const std::string& line) override { notes.push_back(line); }

  size_t size = 1 << 16;
  std::atomic<size_t> ready = 1 << 16;
  size_t left = 3, hurried = 0;
  std::optional<std::string> why;
  std::deque<std::string> files;
  std::vector<std::string> notes;
};

// Of a directory with a snapshot, so that the server begins no other one.
storage::RecoveredState with_snapshot() {
  storage::RecoveredState state;
  state.had_snapshot = true;
  return state;
}

struct Recorded {
  explicit Recorded(FewFiles& files) : recorder(server, files, 1) { recorder.start(now, effects); }
  // About a kilobyte each.
  void work(int steps) {
    const std::string bytes(1000, '\0');
    const ConnectionId id = ConnectionId::make(1, 1);
    for (int i = 0; i < steps; ++i) {
      effects.clear();
      recorder.step(now, node::Received{id, bytes}, effects);
    }
  }

  node::Server server{node::Config(), with_snapshot(), 1, kNow};
  Recorder recorder;
  node::Effects effects;
  Now now = kNow;
};

TEST(Recorder, AFullDiskStopsItWithOneLineAndNotTheServer) {
  FewFiles files;
  files.left = 1;
  files.why = "no space";
  Recorded recorded(files);
  recorded.work(200);
  ASSERT_EQ(files.notes.size(), 1U);
  EXPECT_NE(files.notes[0].find("no space"), std::string::npos);
  EXPECT_EQ(files.files.size(), 1U);
  // What was recorded is whole.
  auto reader = *FileReader::open(files.files[0]);
  std::optional<std::string_view> last;
  size_t count = 0;
  while (const auto entry = *reader.next()) {
    last = entry;
    ++count;
  }
  EXPECT_GT(count, 40U);
  EXPECT_TRUE(std::holds_alternative<End>(read_entry(*last)->what));
}

TEST(Recorder, LeavesAGapWhereItWouldHaveToWait) {
  FewFiles files;
  files.ready = files.size / 2;
  Recorded recorded(files);
  recorded.work(100);
  ASSERT_EQ(files.notes.size(), 1U);
  EXPECT_NE(files.notes[0].find("gap"), std::string::npos);
  EXPECT_GT(files.hurried, 0U);
  // After a while it tries again.
  recorded.now.monotonic = MonotonicTime::from_ms(20'000);
  files.ready = files.size;
  recorded.work(2);
  ASSERT_EQ(files.notes.size(), 2U);
  EXPECT_NE(files.notes[1].find("goes on from step"), std::string::npos);
  EXPECT_EQ(files.files.size(), 2U);
  EXPECT_GT(FileReader::open(files.files[1])->head().first_step, 100U);
}

TEST(Recorder, SaysWhatAStateNeedsThatIsTooLarge) {
  FewFiles files;
  files.size = 1 << 12;
  files.ready = files.size;
  Recorded recorded(files);
  recorded.work(10);
  ASSERT_EQ(files.notes.size(), 1U);
  EXPECT_NE(files.notes[0].find("--record-size"), std::string::npos);
}

}  // namespace
}  // namespace zoetrope::record
