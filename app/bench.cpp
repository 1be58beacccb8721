// `zoetrope bench HOST:PORT...`: a load generator for any ZooKeeper-compatible ensemble.
#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <CLI/Validators.hpp>
#include <cstdio>
#include <memory>

#include "app/load/run.hpp"
#include "app/subcommands.hpp"

namespace zoetrope::app {
namespace {

struct BenchOptions {
  load::Options load;
  bool list = false;
  bool json = false;
  bool quiet = false;
};

volatile sig_atomic_t interrupted = 0;

void on_interrupt(int) {
  interrupted = 1;
}

void list_workloads() {
  for (const load::WorkloadKind& kind : load::workload_kinds()) {
    std::printf("%-14.*s %.*s\n", static_cast<int>(kind.name.size()), kind.name.data(),
                static_cast<int>(kind.summary.size()), kind.summary.data());
  }
}

void show(const load::Progress& progress) {
  std::fprintf(stderr, "\r\033[K%-8.*s %5.1f s", static_cast<int>(progress.phase.size()),
               progress.phase.data(), progress.seconds);
  if (progress.seconds_total > 0) std::fprintf(stderr, " of %.1f s", progress.seconds_total);
  if (progress.operations > 0) {
    std::fprintf(stderr, "  %llu operations, %.0f a second",
                 static_cast<unsigned long long>(progress.operations),
                 progress.operations_a_second);
  }
  std::fflush(stderr);
}

// Every connection is a file; the usual limit of 1024 is soon reached.
void raise_file_limit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

int bench(const BenchOptions& options) {
  if (options.list) {
    list_workloads();
    return kExitHeld;
  }
  raise_file_limit();
  // The first interrupt ends the measurement, with its report; the second one ends the program.
  struct sigaction action{};
  action.sa_handler = on_interrupt;
  action.sa_flags = static_cast<int>(SA_RESETHAND);
  sigaction(SIGINT, &action, nullptr);
  const bool shows_progress = !options.quiet && isatty(STDERR_FILENO) != 0;
  std::function<void(const load::Progress&)> progress;
  if (shows_progress) progress = show;
  try {
    const load::Report report = load::run(options.load, progress, [] { return interrupted != 0; });
    if (shows_progress) std::fputs("\r\033[K", stderr);
    std::fputs((options.json ? to_json(report) : to_table(report)).c_str(), stdout);
    return report.errors() == 0 ? kExitHeld : kExitViolated;
  } catch (const load::LoadError& error) {
    if (shows_progress) std::fputs("\r\033[K", stderr);
    std::fprintf(stderr, "zoetrope bench: %s\n", error.what());
    return kExitViolated;
  }
}

void check_usage(const BenchOptions& options) {
  if (options.list) return;
  const load::Options& o = options.load;
  if (o.servers.empty()) throw CLI::ValidationError("HOST:PORT", "no server given");
  for (const std::string& server : o.servers) {
    const auto parsed = load::parse_connect_string(server);
    if (!parsed) throw CLI::ValidationError("HOST:PORT", parsed.error());
  }
  if (load::find_workload(o.workload) == nullptr) {
    throw CLI::ValidationError("--workload",
                               "no workload '" + o.workload + "'; --list names them all");
  }
  if (!o.root.starts_with('/') || o.root.size() < 2 || o.root.ends_with('/')) {
    throw CLI::ValidationError("--root", "'" + o.root + "' is no absolute path");
  }
}

}  // namespace

void add_bench(CLI::App& app, int& exit_status) {
  auto options = std::make_shared<BenchOptions>();
  load::Options& o = options->load;
  o.root = "/zoetrope-bench-" + std::to_string(getpid());
  CLI::App* bench_app = app.add_subcommand("bench", "Put load on an ensemble and measure it");
  bench_app->add_option("servers", o.servers, "HOST:PORT[,HOST:PORT...]...");
  bench_app->add_option("-w,--workload", o.workload, "What to do; --list names them")
      ->capture_default_str();
  bench_app->add_flag("--list", options->list, "List the workloads");
  bench_app->add_option("-c,--connections", o.connections, "Connections, each with one session")
      ->check(CLI::Range(1, 1'000'000))
      ->capture_default_str();
  bench_app->add_option("-o,--outstanding", o.outstanding, "Requests on their way, each connection")
      ->check(CLI::Range(1, 100'000))
      ->capture_default_str();
  bench_app
      ->add_option("-r,--rate", o.rate,
                   "Open loop: operations a second in all; latency counts from the time "
                   "at which each was due")
      ->check(CLI::Range(0.0, 1e7));
  bench_app->add_option("-d,--seconds", o.seconds, "Measured time")
      ->check(CLI::Range(0.1, 1e6))
      ->capture_default_str();
  bench_app->add_option("--warmup", o.warmup_seconds, "Seconds before the measurement")
      ->check(CLI::Range(0.0, 1e6))
      ->capture_default_str();
  bench_app->add_option("-s,--size", o.value_bytes, "Bytes of data in a znode")
      ->check(CLI::Range(0, 1'000'000))
      ->capture_default_str();
  bench_app->add_option("-k,--keys", o.keys, "Keys that get, set, mixed and multi use")
      ->check(CLI::Range(1, 10'000'000))
      ->capture_default_str();
  bench_app->add_option("--reads", o.read_percent, "mixed: per cent of reads")
      ->check(CLI::Range(0, 100))
      ->capture_default_str();
  bench_app->add_option("--multi-size", o.multi_size, "multi, fill: operations in one multi")
      ->check(CLI::Range(1, 10'000))
      ->capture_default_str();
  bench_app->add_option("--locks", o.locks, "lock: how many locks")
      ->check(CLI::Range(1, 100'000))
      ->capture_default_str();
  bench_app->add_option("--count", o.count, "fill: znodes to create")
      ->check(CLI::Range(uint64_t{1}, uint64_t{1'000'000'000}))
      ->capture_default_str();
  bench_app->add_option("--session-timeout", o.session_timeout_ms, "Milliseconds asked for")
      ->check(CLI::Range(100, 3'600'000))
      ->capture_default_str();
  bench_app->add_option("--seed", o.seed, "Seed of the random keys")->capture_default_str();
  bench_app->add_option("--root", o.root, "Node to work below (made, and removed at the end)");
  bench_app->add_flag("--keep", o.keep, "Leave the znodes there");
  bench_app->add_option("--pids", o.pids, "Server processes whose CPU time and memory to report")
      ->delimiter(',');
  bench_app->add_flag("--json", options->json, "Print one JSON object");
  bench_app->add_flag("-q,--quiet", options->quiet, "No progress line");
  bench_app->callback([options, &exit_status] {
    check_usage(*options);
    exit_status = bench(*options);
  });
}

}  // namespace zoetrope::app
