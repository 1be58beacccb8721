// One `zoetrope serve` as a child process, with its directory, ports and log. Owns the process
// until it has ended; never restarts it, and never touches a process that it has not started.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace zoetrope::app {

struct ChildPorts {
  uint16_t client = 0;
  uint16_t quorum = 0;
  uint16_t election = 0;
};

class ChildServer {
 public:
  // `directory` will hold zoo.cfg, server.log and data/.
  ChildServer(int number, std::string directory, ChildPorts ports, bool is_observer)
      : number_(number),
        directory_(std::move(directory)),
        ports_(ports),
        is_observer_(is_observer) {}

  int number() const { return number_; }
  const ChildPorts& ports() const { return ports_; }
  bool is_observer() const { return is_observer_; }
  pid_t pid() const { return pid_; }  // 0 when it has not been started
  bool runs() const { return pid_ != 0 && !end_; }
  std::string data() const { return directory_ + "/data"; }
  std::string log() const { return directory_ + "/server.log"; }

  // Writes zoo.cfg and, for a member of an ensemble, myid. The error is one line.
  std::expected<void, std::string> prepare(const std::string& configuration, bool is_member) const;
  // Runs `binary`; what it logs is appended to log(). It ends with this process.
  std::expected<void, std::string> start(const std::string& binary,
                                         const std::vector<std::string>& options);
  void signal(int number) const;
  // Takes note of an end, by the status that waitpid() gave.
  void ended(int status) { end_ = status; }
  // How it ended, with the last line of its log when it was by an error.
  std::string end_text() const;
  bool ended_well() const;
  // currentEpoch as the server keeps it on its disk; empty before it was in any.
  std::optional<int64_t> epoch() const;

 private:
  std::string last_log_line() const;

  int number_;
  std::string directory_;
  ChildPorts ports_;
  bool is_observer_;
  pid_t pid_ = 0;
  std::optional<int> end_;
};

}  // namespace zoetrope::app
