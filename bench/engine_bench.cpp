// The engine alone: operations a second on one core through node::Server::step, with a disk that
// completes everything at once and connections that are strings. Shows what the engine costs
// without the kernel, in processor time, so that a busy machine does not matter. Every reply is
// counted and its error code checked.
//
//   engine_bench [SECONDS_EACH [WORKLOAD...]]     JSON on standard output, one line a workload
#include <algorithm>
#include <cinttypes>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "app/load/frame_builder.hpp"
#include "app/load/process_usage.hpp"
#include "core/base/endian.hpp"
#include "core/node/server.hpp"

namespace {

using namespace zoetrope;

constexpr size_t kConnections = 16;
constexpr size_t kRequestsABatch = 10;  // of each connection
constexpr size_t kKeys = 1000;
constexpr size_t kMultiSize = 10;
const std::string kData(100, 'v');

[[noreturn]] void die(const char* what) {
  std::fprintf(stderr, "engine_bench: %s\n", what);
  std::exit(1);
}

// A server with its connections; sends are counted, not kept.
class Engine {
 public:
  Engine() : server_(config(), empty_state(), 1, now()) {
    server_.start(now(), effects_);
    carry_out();
    settle();
    for (uint32_t i = 1; i <= kConnections; ++i) {
      connections_.push_back(ConnectionId::make(i, 1));
      step(node::Opened{connections_.back(), node::Port::kClient, Endpoint::v4(127, 0, 0, 1, 40000),
                        Endpoint::v4(127, 0, 0, 1, 2181)});
      step(node::Received{connections_.back(), connect_frame()});
    }
    settle();
  }

  // One batch: `bytes[i]` arrives on connection i; everything is carried out.
  void batch(const std::vector<std::string>& bytes) {
    clock_ns_ += 100'000;
    for (size_t i = 0; i < bytes.size(); ++i) step(node::Received{connections_[i], bytes[i]});
    settle();
  }
  uint64_t replies() const { return replies_; }
  bool refused() const { return refused_; }

 private:
  static node::Config config() {
    node::Config config;
    config.session_timeout_ms_max = 3'600'000;
    return config;
  }
  static storage::RecoveredState empty_state() {
    storage::RecoveredState state;
    state.tree = tree::Tree({true, false});
    return state;
  }
  static std::string connect_frame() {
    std::string frame(49, '\0');
    store_be32(frame.data(), 45);
    store_be32(frame.data() + 16, 3'600'000);
    store_be32(frame.data() + 28, 16);
    return frame;
  }
  Now now() const { return {MonotonicTime{clock_ns_}, WallTime{1'700'000'000'000}}; }

  void step(const node::Input& input) {
    effects_.clear();
    server_.step(now(), input, effects_);
    carry_out();
  }
  void settle() {
    step(node::BatchEnd{});
    while (done_ < disk_.size()) {
      step(node::DiskDone{disk_[done_++], std::nullopt});
      if (done_ == disk_.size()) step(node::BatchEnd{});
    }
    disk_.clear();
    done_ = 0;
  }
  void carry_out() {
    for (node::Effect& effect : effects_.list()) {
      if (const auto* send = std::get_if<node::Send>(&effect))
        count(effects_.bytes(*send));
      else if (const auto* disk = std::get_if<node::Disk>(&effect))
        disk_.push_back(disk->op.id);
      else if (std::get_if<node::Close>(&effect) || std::get_if<node::Halt>(&effect))
        refused_ = true;
    }
  }
  void count(std::string_view bytes) {
    while (bytes.size() >= 4) {
      const size_t length = load_be32(bytes.data());
      // The handshake's answer has no error code where a reply has one.
      if (replies_ >= kConnections && load_be32(bytes.data() + 16) != 0) refused_ = true;
      bytes.remove_prefix(4 + length);
      ++replies_;
    }
  }

  int64_t clock_ns_ = 1'000'000'000;
  node::Effects effects_;
  std::vector<uint64_t> disk_;
  size_t done_ = 0;
  uint64_t replies_ = 0;
  bool refused_ = false;
  node::Server server_;
  std::vector<ConnectionId> connections_;
};

std::string key_path(size_t key) {
  char text[32];
  std::snprintf(text, sizeof text, "/bench/key-%09zu", key);
  return text;
}

// The requests of one workload; deterministic.
class Requests {
 public:
  explicit Requests(std::string_view kind) : kind_(kind) {
    for (size_t key = 0; key < kKeys; ++key) {
      gets_.push_back(load::read_frame(jute::OpCode::kGetData, key_path(key), false));
      sets_.push_back(load::set_frame(key_path(key), kData));
    }
  }
  void append(std::string& out) {
    const size_t begin = out.size();
    state_ = state_ * 6364136223846793005ULL + 1442695040888963407ULL;
    const size_t key = (state_ >> 33) % kKeys;
    if (kind_ == "create")
      out += next_create();
    else if (kind_ == "multi")
      out += multi(key);
    else if (kind_ == "set" || (kind_ == "mixed" && (state_ >> 20) % 10 == 0))
      out += sets_[key];
    else
      out += gets_[key];
    store_be32(out.data() + begin + 4, ++xid_);
  }

 private:
  std::string next_create() {
    char path[40];
    std::snprintf(path, sizeof path, "/bench/new-%012" PRIu64, ++created_);
    return load::create_frame(path, kData, load::kPersistent);
  }

  // Sets of kMultiSize different keys.
  static std::string multi(size_t key) {
    load::FrameBuilder frame(jute::OpCode::kMulti);
    for (size_t i = 0; i < kMultiSize; ++i) {
      load::append_multi_set(frame.body, key_path((key + i) % kKeys), kData);
    }
    load::append_multi_end(frame.body);
    return frame.finish();
  }

  std::string kind_;
  std::vector<std::string> gets_;
  std::vector<std::string> sets_;
  uint64_t state_ = 1;
  uint64_t created_ = 0;
  uint32_t xid_ = 0;
};

void fill_keys(Engine& engine) {
  std::vector<std::string> first(1, load::create_frame("/bench", "", load::kPersistent));
  engine.batch(first);
  for (size_t key = 0; key < kKeys; ++key) {
    first[0] = load::create_frame(key_path(key), kData, load::kPersistent);
    engine.batch(first);
  }
}

void measure(std::string_view kind, double seconds) {
  Engine engine;
  fill_keys(engine);
  Requests requests(kind);
  std::vector<std::string> bytes(kConnections);
  const uint64_t before = engine.replies();
  uint64_t asked = 0;
  int64_t spent_ns = 0;
  const auto spent_ns_max = static_cast<int64_t>(seconds * 1e9);
  // The time in which requests are made is not the engine's.
  while (spent_ns < spent_ns_max) {
    for (std::string& chunk : bytes) {
      chunk.clear();
      for (size_t i = 0; i < kRequestsABatch; ++i) requests.append(chunk);
    }
    const int64_t begun_ns = load::own_cpu_ns();
    engine.batch(bytes);
    spent_ns += load::own_cpu_ns() - begun_ns;
    asked += kConnections * kRequestsABatch;
  }
  if (engine.refused()) die("the engine refused a request");
  if (engine.replies() - before != asked) die("the engine did not answer every request");
  const double elapsed_s = static_cast<double>(spent_ns) / 1e9;
  std::printf("{\"workload\":\"%.*s\",\"operations\":%" PRIu64
              ",\"operations_a_second\":%.0f,\"ns_an_operation\":%.1f}\n",
              static_cast<int>(kind.size()), kind.data(), asked,
              static_cast<double>(asked) / elapsed_s, elapsed_s * 1e9 / static_cast<double>(asked));
  std::fflush(stdout);
}

}  // namespace

int main(int argc, char** argv) {
  const double seconds = argc > 1 ? std::atof(argv[1]) : 2.0;
  if (seconds <= 0) {
    std::fprintf(stderr, "usage: engine_bench [SECONDS_EACH [WORKLOAD...]]\n");
    return 2;
  }
  std::vector<std::string_view> kinds(argv + std::min(argc, 2), argv + argc);
  if (kinds.empty()) kinds = {"get", "set", "create", "multi", "mixed"};
  for (const std::string_view kind : kinds) measure(kind, seconds);
}
