#include "app/child_server.hpp"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>

#include "net/unique_fd.hpp"

namespace zoetrope::app {
namespace {

std::expected<void, std::string> write_text(const std::string& path, const std::string& text) {
  std::ofstream file(path, std::ios::trunc);
  file << text;
  file.close();
  if (file) return {};
  return std::unexpected("cannot write " + path);
}

// In the child, between fork and exec: its own group, so that Ctrl-C at the terminal reaches the
// parent alone, which then stops its servers in order; and no survivor when the parent is killed.
[[noreturn]] void become(const std::string& binary, const std::string& config,
                         const std::vector<std::string>& options, int log, pid_t parent) {
  ::setpgid(0, 0);
  ::prctl(PR_SET_PDEATHSIG, SIGTERM);
  if (::getppid() != parent) ::_exit(127);
  sigset_t none;
  sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  const int null = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
  ::dup2(null, STDIN_FILENO);
  ::dup2(log, STDOUT_FILENO);
  ::dup2(log, STDERR_FILENO);
  std::vector<const char*> arguments{"zoetrope", "serve", config.c_str()};
  for (const std::string& option : options) arguments.push_back(option.c_str());
  arguments.push_back(nullptr);
  ::execv(binary.c_str(), const_cast<char**>(arguments.data()));
  ::_exit(127);
}

}  // namespace

std::expected<void, std::string> ChildServer::prepare(const std::string& configuration,
                                                      bool is_member) const {
  std::error_code error;
  std::filesystem::create_directories(data(), error);
  if (error) return std::unexpected("cannot create " + data() + ": " + error.message());
  const std::string myid = data() + "/myid";
  if (is_member) {
    if (auto written = write_text(myid, std::to_string(number_) + "\n"); !written) return written;
  } else {
    std::filesystem::remove(myid, error);
  }
  return write_text(directory_ + "/zoo.cfg", configuration);
}

std::expected<void, std::string> ChildServer::start(const std::string& binary,
                                                    const std::vector<std::string>& options) {
  const net::UniqueFd file(::open(log().c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644));
  if (!file.is_open()) return std::unexpected("cannot open " + log() + ": " + std::strerror(errno));
  const std::string config = directory_ + "/zoo.cfg";
  const pid_t parent = ::getpid();
  const pid_t child = ::fork();
  if (child == 0) become(binary, config, options, file.get(), parent);
  if (child < 0) return std::unexpected(std::string("cannot fork: ") + std::strerror(errno));
  pid_ = child;
  end_.reset();
  return {};
}

void ChildServer::signal(int number) const {
  if (runs()) ::kill(pid_, number);
}

bool ChildServer::ended_well() const {
  return end_ && WIFEXITED(*end_) && WEXITSTATUS(*end_) == 0;
}

std::string ChildServer::end_text() const {
  if (!end_) return "runs";
  if (WIFSIGNALED(*end_)) {
    return "was ended by signal " + std::to_string(WTERMSIG(*end_)) + " (" +
           ::strsignal(WTERMSIG(*end_)) + ")";
  }
  std::string text = "ended with status " + std::to_string(WEXITSTATUS(*end_));
  return ended_well() ? text : text + "; its last words: " + last_log_line();
}

std::string ChildServer::last_log_line() const {
  std::ifstream file(log());
  std::string last;
  for (std::string line; std::getline(file, line);) last = std::move(line);
  return last;
}

std::optional<int64_t> ChildServer::epoch() const {
  std::ifstream file(data() + "/version-2/currentEpoch");
  int64_t epoch = 0;
  if (file >> epoch) return epoch;
  return std::nullopt;
}

}  // namespace zoetrope::app
