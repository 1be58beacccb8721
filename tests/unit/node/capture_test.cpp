// Replays the conversation that was captured from Java ZooKeeper 3.8.0, frame by frame, and
// compares every answer byte for byte, except times, session ids with their passwords, and the
// order of lists that Java takes from hash tables.
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <set>

#include "core/session/session_tracker.hpp"
#include "tests/unit/node/client.hpp"

namespace zoetrope::node {
namespace {

using namespace test;

struct Line {
  std::string connection, direction, label, bytes;
};

std::string from_hex(std::string_view hex) {
  std::string bytes;
  for (size_t i = 0; i + 1 < hex.size(); i += 2) {
    bytes += static_cast<char>(std::stoi(std::string(hex.substr(i, 2)), nullptr, 16));
  }
  return bytes;
}

std::string to_hex(std::string_view bytes) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string hex;
  for (const char c : bytes) {
    hex += kDigits[static_cast<uint8_t>(c) >> 4];
    hex += kDigits[static_cast<uint8_t>(c) & 15];
  }
  return hex;
}

std::vector<Line> capture() {
  std::ifstream file(ZT_TEST_DATA "/client/frames-3.8.0.txt");
  EXPECT_TRUE(file.is_open());
  std::vector<Line> lines;
  for (std::string text; std::getline(file, text);) {
    if (text.empty() || text[0] == '#') continue;
    const size_t a = text.find(' '), b = text.find(' ', a + 1);
    // The frame, or a remark in brackets, is last.
    const size_t c = text.back() == ')' ? text.rfind('(') - 1 : text.rfind(' ');
    Line line{text.substr(0, a), text.substr(a + 1, b - a - 1), text.substr(b + 1, c - b - 1), ""};
    const std::string last = text.substr(c + 1);
    line.bytes = text.back() == ')' ? last : from_hex(last);
    lines.push_back(std::move(line));
  }
  return lines;
}

// Blanks the times of every Stat: 16 bytes that begin with the high bytes of a plausible time.
void blank_times(std::string& bytes) {
  for (size_t i = 0; i + 8 <= bytes.size(); ++i) {
    const uint64_t v = load_be64(bytes.data() + i);
    const bool theirs = v >= 0x000001a200e00000 && v <= 0x000001a200ffffff;
    const bool ours = v >= 1'700'000'000'000 && v <= 1'700'100'000'000;
    if (theirs || ours) std::fill_n(bytes.begin() + static_cast<std::ptrdiff_t>(i), 8, 'T');
  }
}

class Replay {
 public:
  Replay() : harness_(config()) {}

  static Config config() {
    Config config;
    config.compatibility = Compatibility::k3_8;
    config.tick_time_ms = 2000;
    config.extended_types_enabled = true;
    config.container_check_interval_ms = 0;
    return config;
  }

  void run(const std::vector<Line>& lines) {
    for (size_t i = 0; i < lines.size(); ++i) {
      const Line& line = lines[i];
      if (line.label.starts_with("check-toplevel") && line.direction == "C>") {
        // Java takes it and cannot restart any more; we refuse it. Its zxid is still consumed
        // there.
        skip_connection_ = line.connection;
        Client stand_in(harness_);
        ASSERT_TRUE(stand_in.connect());
      }
      if (line.connection == skip_connection_) continue;
      SCOPED_TRACE(line.connection + " " + line.direction + " " + line.label);
      if (line.direction == "C>")
        send(line);
      else
        expect(line);
      if (testing::Test::HasFailure()) return;
    }
  }

 private:
  ConnectionId connection(const std::string& name) {
    const auto it = connections_.find(name);
    if (it != connections_.end()) return it->second;
    return connections_[name] = harness_.open();
  }

  // Session ids differ from run to run: theirs are mapped to ours, and so are the passwords.
  void translate(std::string& bytes, bool to_ours) const {
    for (const auto& [theirs, ours] : sessions_) {
      const SessionId from = to_ours ? theirs : ours, to = to_ours ? ours : theirs;
      replace(bytes, from, to);
      const auto a = session::password_of(from), b = session::password_of(to);
      const size_t at = bytes.find(std::string_view(a.data(), a.size()));
      if (at != std::string::npos) bytes.replace(at, b.size(), b.data(), b.size());
    }
  }
  static void replace(std::string& bytes, SessionId from, SessionId to) {
    for (size_t i = 0; i + 8 <= bytes.size(); ++i) {
      if (static_cast<int64_t>(load_be64(bytes.data() + i)) == from.value) {
        store_be64(bytes.data() + i, static_cast<uint64_t>(to.value));
      }
    }
  }

  void send(const Line& line) {
    const ConnectionId id = connection(line.connection);
    std::string bytes = line.bytes;
    translate(bytes, true);
    if (line.label.starts_with("expire")) return;
    harness_.clock_ms += 1;
    harness_.receive(id, bytes);
    harness_.settle();
    pending_[line.connection] += harness_.take(id);
  }

  void expect(const Line& line) {
    const ConnectionId id = connection(line.connection);
    if (line.label == "(after expiry)") harness_.advance(8000);
    pending_[line.connection] += harness_.take(id);
    std::string& have = pending_[line.connection];
    if (line.bytes == "(connection closed by server)") {
      EXPECT_EQ(to_hex(have), "");
      EXPECT_TRUE(harness_.is_closed(id));
      return;
    }
    if (line.bytes == "(nothing within 3 s)") {
      EXPECT_EQ(to_hex(have), "");
      return;
    }
    ASSERT_GE(have.size(), 4u);
    const size_t length = 4 + load_be32(have.data());
    ASSERT_GE(have.size(), length);
    std::string got = have.substr(0, length), want = line.bytes;
    have.erase(0, length);
    if (line.label.starts_with("connect:")) learn_session(got, want);
    translate(got, false);
    blank_times(got);
    blank_times(want);
    if (line.label.starts_with("getChildren") || line.label == "whoAmI" ||
        line.label == "getEphemerals" || line.label == "multiRead") {
      // Lists come in hash order from Java: the same bytes in some order.
      std::sort(got.begin(), got.end());
      std::sort(want.begin(), want.end());
    }
    EXPECT_EQ(to_hex(got), to_hex(want));
  }

  void learn_session(const std::string& got, const std::string& want) {
    const SessionId ours(static_cast<int64_t>(load_be64(got.data() + 12)));
    const SessionId theirs(static_cast<int64_t>(load_be64(want.data() + 12)));
    if (ours.value != 0 && theirs.value != 0) sessions_[theirs] = ours;
  }

  Harness harness_;
  std::map<std::string, ConnectionId> connections_;
  std::map<std::string, std::string> pending_;
  std::map<SessionId, SessionId> sessions_;  // theirs -> ours
  std::string skip_connection_;
};

TEST(Capture, EveryAnswerEqualsJavas) {
  const std::vector<Line> lines = capture();
  ASSERT_GT(lines.size(), 150u);
  Replay().run(lines);
}

}  // namespace
}  // namespace zoetrope::node
