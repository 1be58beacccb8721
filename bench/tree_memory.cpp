// What a znode costs: resident bytes each, and nanoseconds of CPU for create, get, set and delete
// through Tree::apply. The longest single call is of wall time, so a busy machine shows in it.
// Arguments: number of znodes (1000000), data bytes (100).
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <string>

#include "core/jute/txn.hpp"
#include "core/tree/tree.hpp"

namespace {

using namespace zoetrope;
using Clock = std::chrono::steady_clock;

size_t resident_bytes() {
  std::ifstream statm("/proc/self/statm");
  size_t size = 0;
  size_t resident = 0;
  statm >> size >> resident;
  return resident * static_cast<size_t>(sysconf(_SC_PAGESIZE));
}

double ns_between(Clock::time_point from, Clock::time_point to) {
  return static_cast<double>(
      std::chrono::duration_cast<std::chrono::nanoseconds>(to - from).count());
}

double cpu_ns() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) * 1e9 + static_cast<double>(now.tv_nsec);
}

class Load {
 public:
  Load(int count, size_t data_size) : count_(count), data_(data_size, 'd') {
    apply(jute::OpCode::kCreate, create("/bench"));
  }

  // Calls step(path) for every znode, in a scattered order unless `in_order`, and prints the cost.
  template <class Step>
  void each(const char* what, bool in_order, Step&& step) {
    double worst = 0;
    const double start = cpu_ns();
    auto last = Clock::now();
    uint32_t n = 0;
    for (int i = 0; i < count_; ++i) {
      n = in_order ? static_cast<uint32_t>(i) : (n + 618033989U) % static_cast<uint32_t>(count_);
      char path[32];
      const int size = std::snprintf(path, sizeof path, "/bench/n%010u", n);
      step(std::string_view(path, static_cast<size_t>(size)));
      const auto now = Clock::now();
      worst = std::max(worst, ns_between(last, now));
      last = now;
    }
    std::printf("%-8s %7.0f ns each, longest %8.0f ns\n", what, (cpu_ns() - start) / count_, worst);
  }

  jute::CreateTxn create(std::string_view path) const {
    return {path, data_, jute::open_acl_bytes(), false, -1};
  }
  void apply(jute::OpCode type, jute::TxnBody body) {
    txn_.header.zxid = txn_.header.zxid.next();
    txn_.header.time_ms = 1700000000000;
    txn_.header.type = type;
    txn_.body = std::move(body);
    tree_.apply(txn_, result_);
    if (result_.op.error != ErrorCode::kOk) std::abort();
  }

  void write_snapshot() {
    tree_.begin_snapshot();
    const auto start = Clock::now();
    size_t bytes = 0;
    std::string piece;
    for (bool more = true; more;) {
      piece.clear();
      more = tree_.continue_snapshot(piece, 1 << 20);
      bytes += piece.size();
    }
    const double ns = ns_between(start, Clock::now());
    tree_.end_snapshot();
    std::printf("snapshot %7.0f MB/s, %zu bytes\n", static_cast<double>(bytes) * 1000 / ns, bytes);
  }

  tree::Tree& tree() { return tree_; }
  const std::string& data() const { return data_; }

 private:
  int count_;
  std::string data_;
  tree::Tree tree_;
  jute::Txn txn_;
  tree::ApplyResult result_;
};

}  // namespace

int main(int argc, char** argv) {
  const int count = argc > 1 ? std::atoi(argv[1]) : 1000000;
  const size_t data_size = argc > 2 ? static_cast<size_t>(std::atoi(argv[2])) : 100;
  if (count < 1) {
    std::fprintf(stderr, "usage: tree_memory [ZNODES [DATA_BYTES]]\n");
    return 2;
  }
  const size_t before = resident_bytes();
  Load load(count, data_size);
  load.each("create", true,
            [&](std::string_view path) { load.apply(jute::OpCode::kCreate, load.create(path)); });
  const size_t after = resident_bytes();
  std::printf("memory   %7.1f bytes of RSS a znode (%zu MB in all)\n",
              static_cast<double>(after - before) / count, after >> 20);
  uint64_t sum = 0;
  load.each("get", false, [&](std::string_view path) {
    const tree::NodeId id = load.tree().find(path);
    sum += static_cast<uint64_t>(load.tree().stat(id).mzxid) + load.tree().data(id)->size();
  });
  load.each("set", false, [&](std::string_view path) {
    load.apply(jute::OpCode::kSetData, jute::SetDataTxn{path, load.data(), 1});
  });
  load.write_snapshot();
  load.each("delete", false, [&](std::string_view path) {
    load.apply(jute::OpCode::kDelete, jute::DeleteTxn{path});
  });
  std::printf("checksum %llu\n", static_cast<unsigned long long>(sum));
  return 0;
}
