// Behaviour that needs a process of its own: signals, and running out of descriptors.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include <cstdio>

#include "tests/unit/net/driver_world.hpp"

namespace zoetrope::net {
namespace {

// A child process that runs a driver with an echoing engine; it exits with 0 after a clean halt.
class Child {
 public:
  // `halts`: whether Shutdown halts the engine. `files_max`: the child's limit of open files; 0: as
  // is.
  explicit Child(bool halts = true, rlim_t files_max = 0) {
    int ends[2];
    if (::pipe(ends) != 0) std::abort();
    pid_ = ::fork();
    if (pid_ == 0) {
      ::close(ends[0]);
      if (files_max != 0) {
        const rlimit limit{files_max, files_max};
        ::setrlimit(RLIMIT_NOFILE, &limit);
      }
      run(ends[1], halts);
    }
    ::close(ends[1]);
    uint16_t port_read = 0;
    if (::read(ends[0], &port_read, sizeof port_read) == sizeof port_read) port = port_read;
    ::close(ends[0]);
  }
  ~Child() {
    if (pid_ <= 0) return;
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }
  void signal(int number) { ::kill(pid_, number); }
  // Waits for the end; the wait status.
  int wait() {
    int status = 0;
    ::wait4(pid_, &status, 0, &usage);
    pid_ = -1;
    return status;
  }

  uint16_t port = 0;
  rusage usage{};

 private:
  struct Echo : Engine {
    bool halts = true;
    void start(Now, node::Effects&) override {}
    void step(Now, const node::Input& input, node::Effects& out) override {
      if (const auto* received = std::get_if<node::Received>(&input)) {
        out.send(received->connection, received->bytes);
      } else if (std::holds_alternative<node::Shutdown>(input) && halts) {
        out.add(node::Halt{true, "shut down"});
      }
    }
    std::optional<MonotonicTime> next_deadline() const override { return std::nullopt; }
  };
  [[noreturn]] static void run(int report, bool halts) {
    DriverConfig config;
    config.listen.address = {"127.0.0.1", 0};
    Driver driver(config, [](node::Severity, std::string_view) {});
    const auto port = driver.listen();
    driver.handle_signals();
    Echo engine;
    engine.halts = halts;
    const node::Halt halt = driver.run(engine, [&] {
      const uint16_t number = port.value_or(0);
      if (::write(report, &number, sizeof number) != sizeof number) std::abort();
    });
    std::_Exit(halt.clean ? 0 : 3);
  }

  pid_t pid_ = -1;
};

TEST(Process, ASignalStopsItInOrder) {
  for (const int number : {SIGTERM, SIGINT}) {
    Child child;
    Client client(child.port);
    client.send("x");
    ASSERT_EQ(client.receive(1), "x");
    child.signal(number);
    const int status = child.wait();
    EXPECT_TRUE(WIFEXITED(status));
    EXPECT_EQ(WEXITSTATUS(status), 0);
    EXPECT_EQ(client.receive_all(), "");
  }
}

TEST(Process, ASecondSignalEndsItAtOnce) {
  Child child(false);
  Client client(child.port);
  child.signal(SIGTERM);
  // It goes on serving until its engine halts, which this one never does.
  client.send("x");
  ASSERT_EQ(client.receive(1), "x");
  child.signal(SIGTERM);
  const int status = child.wait();
  EXPECT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 128 + SIGTERM);
}

TEST(Process, ABrokenPipeDoesNotEndIt) {
  Child child;
  {
    Client client(child.port);
    client.send(std::string(1 << 16, 'x'));
    client.reset();
  }
  child.signal(SIGPIPE);
  Client client(child.port);
  client.send("x");
  EXPECT_EQ(client.receive(1), "x");
}

TEST(Process, WithoutDescriptorsClientsAreTurnedAwayAndNothingSpins) {
  constexpr rlim_t kFilesMax = 40;
  Child child(true, kFilesMax);
  std::vector<std::unique_ptr<Client>> clients;
  size_t served = 0;
  // One after the other; the first that gets no answer has met the limit.
  while (clients.size() < kFilesMax + 10) {
    clients.push_back(std::make_unique<Client>(child.port));
    clients.back()->send("x");
    if (clients.back()->receive(1) != "x") break;
    ++served;
  }
  EXPECT_GE(served, 10u);
  EXPECT_LT(served, kFilesMax);
  // Some more, of which each is turned away after a pause.
  for (int i = 0; i < 5; ++i) {
    Client client(child.port);
    EXPECT_EQ(client.receive_all(), "");
  }
  for (auto& client : clients) client->close();
  bool is_served = false;
  for (int i = 0; i < 100 && !is_served; ++i) {
    Client client(child.port);
    client.send_some("x");
    is_served = client.receive(1) == "x";
  }
  EXPECT_TRUE(is_served);
  child.signal(SIGTERM);
  child.wait();
  const double cpu_seconds = child.usage.ru_utime.tv_sec + child.usage.ru_stime.tv_sec +
                             (child.usage.ru_utime.tv_usec + child.usage.ru_stime.tv_usec) / 1e6;
  EXPECT_LT(cpu_seconds, 0.3);
}

}  // namespace
}  // namespace zoetrope::net
