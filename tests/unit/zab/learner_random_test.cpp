// A learner against whole streams of a leader, cut anywhere, over a disk that answers at any time;
// and against streams that are damaged.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/base/random.hpp"
#include "tests/unit/zab/scripted_learner_host.hpp"

namespace zoetrope::zab {
namespace {

using quorum::PacketType;
using testing::IsEmpty;

// What a leader sends, in parts: each waits for an answer to the one before.
struct Script {
  LearnerBench::Setup setup;
  std::vector<ScriptedLearnerHost::Record> log;  // of the learner, behind setup.last_logged
  std::string discovery;
  std::string synchronisation;  // after ACKEPOCH, up to NEWLEADER and some of what follows
  std::string service;          // after ACK(NEWLEADER)
  // What must come of it.
  std::vector<Zxid> logged;
  std::vector<Zxid> committed;
  std::vector<Zxid> acked;
  Zxid needed;
  size_t pings = 0;
};

class ScriptMaker {
 public:
  explicit ScriptMaker(uint64_t seed) : random_(seed) {}

  Script make() {
    is_observer_ = random_.one_in(4);
    const bool was_promised = random_.one_in(4);
    script_.setup = {.self = is_observer_ ? 4 : 1,
                     .epochs = {was_promised ? 5 : 4, 4},
                     .last_logged = Zxid::make(4, 10)};
    last_ = script_.setup.last_logged;
    for (uint64_t i = random_.below(4); i > 0; --i) {
      last_ = last_.next();
      script_.log.push_back({last_, session_txn(last_)});
      script_.logged.push_back(last_);
    }
    script_.discovery = leader_info(5);
    open();
    transactions(script_.synchronisation);
    if (random_.one_in(3)) script_.synchronisation += packet(PacketType::kPing, Zxid::make(5, 0));
    script_.needed = last_;
    script_.synchronisation +=
        packet(PacketType::kNewLeader, Zxid::make(5, 0), ensemble_text(int64_t{5} << 32));
    if (last_.epoch() < 5) last_ = Zxid::make(5, 0);
    transactions(script_.synchronisation);
    script_.service = packet(PacketType::kUpToDate, Zxid(-1));
    for (int round = 0; round < 3; ++round) {
      transactions(script_.service);
      if (!random_.one_in(2)) continue;
      ++script_.pings;
      script_.service += packet(PacketType::kPing, last_);
    }
    return script_;
  }

 private:
  void open() {
    const uint64_t kind = random_.below(3);
    if (kind == 0) {
      script_.synchronisation = packet(PacketType::kDiff, last_);
    } else if (kind == 1) {
      while (!script_.logged.empty() && random_.one_in(2)) script_.logged.pop_back();
      last_ = script_.logged.empty() ? script_.setup.last_logged : script_.logged.back();
      script_.synchronisation = packet(PacketType::kTrunc, last_);
    } else {
      last_ = Zxid::make(4, static_cast<uint32_t>(8 + random_.below(20)));
      base_ = last_;
      script_.logged.clear();
      script_.synchronisation = packet(PacketType::kSnap, last_);
      for (uint64_t i = random_.below(20); i > 0; --i) script_.synchronisation += kSnapshotWord;
      script_.synchronisation += kSnapshotEnd;
      // The leader had decided earlier where to go on from.
      if (random_.one_in(2)) last_ = Zxid::make(4, last_.counter() - 3);
    }
  }

  void transactions(std::string& out) {
    for (uint64_t i = random_.below(6); i > 0; --i) {
      last_ = last_.next();
      const bool is_known = last_ <= base_;
      if (!is_known) script_.logged.push_back(last_);
      if (is_observer_ && uncommitted_.empty() && random_.one_in(2)) {
        out += packet(PacketType::kInform, last_, session_txn(last_));
        if (!is_known) script_.committed.push_back(last_);
        continue;
      }
      out += packet(PacketType::kProposal, last_, session_txn(last_));
      if (!is_observer_) script_.acked.push_back(last_);
      uncommitted_.push_back(last_);
      while (!uncommitted_.empty() && (last_ <= base_ || !random_.one_in(3))) commit(out);
    }
    last_ = std::max(last_, base_);
    if (is_observer_) {
      while (!uncommitted_.empty()) commit(out);
    }
  }

  void commit(std::string& out) {
    out += packet(PacketType::kCommit, uncommitted_.front());
    if (uncommitted_.front() > base_) script_.committed.push_back(uncommitted_.front());
    uncommitted_.pop_front();
  }

  Random random_;
  Script script_;
  bool is_observer_ = false;
  Zxid last_;
  Zxid base_;
  std::deque<Zxid> uncommitted_;
};

// Plays a script; bytes and completions come in an order drawn from the seed.
class Player {
 public:
  Player(const Script& script, uint64_t seed)
      : script_(script), bench_(script.setup), random_(seed) {
    bench_.host.log = script.log;
    bench_.host.durable_log = bench_.host.last_logged();
    bench_.host.leader_epoch = 5;
    bench_.host.needed_by_leader = script.needed;
  }

  LearnerBench& bench() { return bench_; }

  void run() {
    bench_.begin();
    pending_ = script_.discovery;
    while (!bench_.learner->over() && step()) {
    }
  }

 private:
  bool step() {
    if (part_ == 0 && bench_.host.sent.size() == 2) next_part(script_.synchronisation);
    if (part_ == 1 && !bench_.acks().empty()) next_part(script_.service);
    std::vector<void (Player::*)()> choices;
    if (!pending_.empty()) choices.push_back(&Player::feed);
    if (!bench_.host.disk_ops.empty()) choices.push_back(&Player::complete_disk_op);
    if (bench_.host.wants_reload) choices.push_back(&Player::reload);
    if (bench_.host.wants_persist) choices.push_back(&Player::persist);
    // What is logged waits behind the snapshot.
    if (!bench_.host.wants_persist && !bench_.host.wants_reload &&
        bench_.host.durable_log < bench_.host.last_logged()) {
      choices.push_back(&Player::make_durable);
    }
    if (choices.empty()) return false;
    (this->*choices[random_.below(choices.size())])();
    return true;
  }

  void next_part(std::string_view bytes) {
    ++part_;
    pending_ += bytes;
  }
  void feed() {
    const uint64_t most = random_.one_in(2) ? 7 : pending_.size();
    const size_t size = std::min<size_t>(pending_.size(), 1 + random_.below(most));
    const std::string piece = pending_.substr(0, size);
    pending_.erase(0, size);
    bench_.feed(piece);
  }
  void complete_disk_op() { bench_.complete_disk_op(); }
  void reload() { bench_.reloaded(); }
  void persist() { bench_.persisted(); }
  void make_durable() {
    for (const auto& record : bench_.host.log) {
      if (record.zxid <= bench_.host.durable_log) continue;
      if (random_.one_in(2)) return bench_.make_durable(record.zxid);
    }
    bench_.make_durable();
  }

  const Script& script_;
  LearnerBench bench_;
  Random random_;
  std::string pending_;
  int part_ = 0;
};

std::vector<Zxid> zxids_of(const std::vector<std::string>& calls, const std::string& name) {
  std::vector<Zxid> zxids;
  for (const std::string& call : calls) {
    if (!call.starts_with(name + " 0x")) continue;
    zxids.push_back(Zxid(std::stoll(call.substr(name.size() + 3), nullptr, 16)));
  }
  return zxids;
}

TEST(LearnerRandom, EveryOrderOfBytesAndCompletionsEndsTheSame) {
  for (uint64_t seed = 1; seed <= 4000; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    const Script script = ScriptMaker(seed).make();
    Player player(script, seed + 1'000'000);
    player.run();
    LearnerBench& bench = player.bench();
    ASSERT_EQ(bench.over(), "not over");
    ASSERT_TRUE(bench.learner->is_serving());
    ASSERT_EQ(bench.ensembles.current.version, int64_t{5} << 32);
    ASSERT_THAT(bench.host.violations, IsEmpty());
    std::vector<Zxid> logged;
    for (const auto& record : bench.host.log) logged.push_back(record.zxid);
    ASSERT_EQ(logged, script.logged);
    ASSERT_EQ(zxids_of(bench.host.calls, "commit"), script.committed);

    std::vector<Zxid> acked;
    std::vector<PacketType> others;
    for (const SentPacket& sent : bench.host.sent) {
      if (sent.type == PacketType::kAck && sent.zxid.counter() != 0) {
        acked.push_back(sent.zxid);
      } else {
        others.push_back(sent.type);
      }
    }
    ASSERT_EQ(acked, script.acked);
    std::vector<PacketType> expected = {
        script.setup.self == 4 ? PacketType::kObserverInfo : PacketType::kFollowerInfo,
        PacketType::kAckEpoch, PacketType::kAck, PacketType::kAck};
    expected.insert(expected.end(), script.pings, PacketType::kPing);
    ASSERT_EQ(others, expected);
    ASSERT_EQ(bench.host.file("acceptedEpoch"), 5);
    ASSERT_EQ(bench.host.file("currentEpoch"), 5);
  }
}

void damage(std::string& bytes, Random& random) {
  if (bytes.empty()) return;
  const size_t place = random.below(bytes.size());
  switch (random.below(4)) {
    case 0: bytes[place] = static_cast<char>(random.next()); break;
    case 1: bytes.erase(place, 1 + random.below(60)); break;
    case 2: bytes.insert(place, bytes.substr(random.below(bytes.size()), random.below(80))); break;
    default: bytes[place] ^= static_cast<char>(1 << random.below(8));
  }
}

// It waits or it ends with a reason, and says nothing that its disk does not bear out. How far it
// gets is counted, lest damage always stop it at the door.
TEST(LearnerRandom, ADamagedStreamDoesNoHarm) {
  size_t ended = 0, adopted = 0;
  for (uint64_t seed = 1; seed <= 6000; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Random random(seed);
    Script script = ScriptMaker(seed).make();
    script.needed = Zxid();
    for (uint64_t i = 1 + random.below(3); i > 0; --i) {
      const uint64_t part = random.below(8);
      damage(part == 0  ? script.discovery
             : part < 5 ? script.synchronisation
                        : script.service,
             random);
    }
    Player player(script, seed);
    // Damage may have made another epoch of it.
    player.bench().host.leader_epoch = 0;
    player.run();
    LearnerBench& bench = player.bench();
    ASSERT_THAT(bench.host.violations, IsEmpty()) << bench.over();
    ASSERT_EQ(bench.host.closed.size(), bench.learner->over() ? 1 : 0);
    if (bench.learner->over()) {
      ++ended;
      ASSERT_TRUE(bench.over().starts_with("leader 3 "));
    }
    if (!bench.acks().empty()) ++adopted;
  }
  EXPECT_GT(ended, 2000);
  EXPECT_GT(adopted, 1000);
}

TEST(LearnerRandom, NoiseDoesNoHarm) {
  for (uint64_t seed = 1; seed <= 3000; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Random random(seed);
    LearnerBench bench({});
    const uint64_t phase = random.below(4);
    if (phase == 0) bench.begin();
    if (phase == 1) bench.promise();
    if (phase == 2) bench.adopt();
    if (phase == 3) bench.serve();
    for (int i = 0; i < 40 && !bench.learner->over(); ++i) {
      // Types that exist, small lengths, and zxids near the right ones, so that some are taken.
      std::string data;
      for (uint64_t n = random.below(50); n > 0; --n) data += static_cast<char>(random.next());
      const auto type = static_cast<PacketType>(random.below(21));
      const Zxid zxid = Zxid::make(static_cast<uint32_t>(random.below(3)),
                                   static_cast<uint32_t>(random.below(3)));
      bench.feed(type, zxid, random.one_in(2) ? jute::BufferView(session_txn(zxid)) : data);
    }
    ASSERT_EQ(bench.host.closed.size(), bench.learner->over() ? 1 : 0);
    ASSERT_THAT(bench.host.violations, IsEmpty());
  }
}

}  // namespace
}  // namespace zoetrope::zab
