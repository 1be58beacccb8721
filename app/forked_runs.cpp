#include "app/forked_runs.hpp"

#include <malloc.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <stdexcept>
#include <thread>

#include "app/scenario_files.hpp"
#include "sim/run.hpp"

namespace zoetrope::app {
namespace {

// A run that takes longer is no shorter way to the failure.
constexpr unsigned kSecondsMax = 60;

bool breaks(const sim::RunResult& result, const std::string& property) {
  return std::ranges::any_of(result.violations, [&](const properties::Violation& violation) {
    return violation.property == property;
  });
}

void begin_child() {
  // Broken assertions end the child as they are; the parent looks at the signal.
  signal(SIGABRT, SIG_DFL);
  // Memory of one run serves the next one.
  mallopt(M_TRIM_THRESHOLD, 1 << 30);
  mallopt(M_MMAP_THRESHOLD, 1 << 30);
}

// False at the end of the stream.
bool read_exactly(int fd, char* to, size_t size) {
  while (size > 0) {
    const ssize_t count = read(fd, to, size);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return false;
    to += count;
    size -= static_cast<size_t>(count);
  }
  return true;
}

std::string read_all(int fd) {
  std::string text;
  char byte = 0;
  while (read_exactly(fd, &byte, 1)) text += byte;
  return text;
}

void write_all(int fd, std::string_view text) {
  while (!text.empty()) {
    const ssize_t count = send(fd, text.data(), text.size(), MSG_NOSIGNAL);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return;
    text.remove_prefix(static_cast<size_t>(count));
  }
}

void write_text_with_length(int fd, const std::string& text) {
  const uint64_t size = text.size();
  write_all(fd, std::string_view(reinterpret_cast<const char*>(&size), sizeof size));
  write_all(fd, text);
}

std::optional<std::string> read_text_with_length(int fd) {
  uint64_t size = 0;
  if (!read_exactly(fd, reinterpret_cast<char*>(&size), sizeof size)) return std::nullopt;
  std::string text(size, '\0');
  if (!read_exactly(fd, text.data(), text.size())) return std::nullopt;
  return text;
}

// The life of a child: a property and a plan come, an answer goes.
[[noreturn]] void work(int fd) {
  begin_child();
  // What a broken assertion says is not for the terminal: it is one of thousands of attempts.
  close(STDERR_FILENO);
  while (true) {
    const std::optional<std::string> property = read_text_with_length(fd);
    const std::optional<std::string> text = read_text_with_length(fd);
    if (!property || !text) _exit(0);
    const auto plan = scenario::parse(*text, "");
    alarm(kSecondsMax);
    const bool is_broken = plan && breaks(sim::run_plan(*plan, sim::make_server), *property);
    alarm(0);
    write_all(fd, is_broken ? "B" : "H");
  }
}

void make_ends(int (&ends)[2]) {
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) {
    throw std::runtime_error("cannot make a socket pair");
  }
}

pid_t fork_or_throw() {
  const pid_t child = fork();
  if (child < 0) throw std::runtime_error("cannot fork");
  return child;
}

}  // namespace

ForkedRuns::ForkedRuns(unsigned jobs)
    : workers_(jobs != 0 ? jobs : std::max(1U, std::thread::hardware_concurrency())) {}

ForkedRuns::~ForkedRuns() {
  for (Worker& worker : workers_) end(worker);
}

// The child's answer: the properties, a line each, an empty line, the plan.
FirstRun ForkedRuns::run_whole(const sim::Plan& plan) const {
  int ends[2];
  make_ends(ends);
  const pid_t child = fork_or_throw();
  if (child == 0) {
    begin_child();
    sim::Plan kept = plan;
    kept.world.keep_choices = true;
    const sim::RunResult result = sim::run_plan(kept, sim::make_server);
    std::string text;
    for (const properties::Violation& violation : result.violations) {
      text += violation.property + "\n";
    }
    kept.world = *result.plan;
    kept.world.told.reset();
    write_all(ends[1], text + "\n" + scenario::print(kept));
    _exit(0);
  }
  close(ends[1]);
  std::string text = read_all(ends[0]);
  close(ends[0]);
  int status = 0;
  waitpid(child, &status, 0);
  FirstRun run;
  if (WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT) run.broken = {kBrokenInvariant};
  while (true) {
    const size_t end = text.find('\n');
    if (end == std::string::npos) return run;
    if (end == 0) break;
    run.broken.push_back(text.substr(0, end));
    text.erase(0, end + 1);
  }
  run.plan = text.substr(1);
  return run;
}

void ForkedRuns::start(Worker& worker) {
  int ends[2];
  make_ends(ends);
  worker.pid = fork_or_throw();
  if (worker.pid == 0) {
    for (const Worker& other : workers_) {
      if (other.fd >= 0) close(other.fd);
    }
    close(ends[0]);
    work(ends[1]);
  }
  close(ends[1]);
  worker.fd = ends[0];
}

void ForkedRuns::end(Worker& worker) {
  if (worker.fd < 0) return;
  close(worker.fd);
  kill(worker.pid, SIGKILL);
  waitpid(worker.pid, nullptr, 0);
  worker = Worker();
}

void ForkedRuns::give(Worker& worker, size_t number, const sim::Plan& plan,
                      const std::string& property) {
  if (worker.fd < 0) start(worker);
  worker.plan = number;
  write_text_with_length(worker.fd, property);
  write_text_with_length(worker.fd, scenario::print(plan));
}

bool ForkedRuns::take(Worker& worker, const std::string& property) {
  char answer = 0;
  worker.plan.reset();
  if (read_exactly(worker.fd, &answer, 1)) return answer == 'B';
  int status = 0;
  waitpid(worker.pid, &status, 0);
  close(worker.fd);
  worker = Worker();
  return WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT && property == kBrokenInvariant;
}

std::optional<size_t> ForkedRuns::first_that_breaks(const std::vector<sim::Plan>& plans,
                                                    const std::string& property) {
  size_t next = 0, found = plans.size();
  // Those behind the first that breaks need not run.
  while (true) {
    std::vector<pollfd> polled;
    for (Worker& worker : workers_) {
      if (worker.plan && *worker.plan > found) end(worker);
      if (!worker.plan && next < found) {
        give(worker, next, plans[next], property);
        ++next;
      }
      polled.push_back({worker.plan ? worker.fd : -1, POLLIN, 0});
    }
    const bool is_over = std::ranges::none_of(
        workers_, [](const Worker& worker) { return worker.plan.has_value(); });
    if (is_over) break;
    if (poll(polled.data(), polled.size(), -1) < 0 && errno != EINTR) {
      throw std::runtime_error("cannot wait for runs");
    }
    for (size_t i = 0; i < workers_.size(); ++i) {
      if (polled[i].revents == 0) continue;
      const size_t number = *workers_[i].plan;
      if (take(workers_[i], property)) found = std::min(found, number);
    }
  }
  return found < plans.size() ? std::optional(found) : std::nullopt;
}

}  // namespace zoetrope::app
