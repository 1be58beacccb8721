// An ensemble of child processes on this machine: where its data lies, its ports, its zoo.cfg
// files, its start and its clean end. Owns the processes and, when it is a temporary one, the
// directory.
#pragma once

#include <chrono>
#include <cstdint>
#include <expected>
#include <string>
#include <vector>

#include "app/child_server.hpp"
#include "app/load/connect_string.hpp"

namespace zoetrope::app {

struct LocalEnsembleOptions {
  int participants = 3;
  int observers = 0;
  std::string directory;            // empty: a fresh one below the directory for temporary files
  bool keeps_directory = false;     // of a fresh one; a given one always stays
  uint16_t base_port = 0;           // 0: the first free ports from 2181 on
  std::vector<std::string> config;  // KEY=VALUE, further lines of every zoo.cfg
  std::string log_level = "info";
  std::string record_directory;  // empty: nothing is recorded
  std::string record_size;       // as serve takes it; empty: its default
};

class LocalEnsemble {
 public:
  // Chooses directory and ports and writes the configurations. The error is one line.
  static std::expected<LocalEnsemble, std::string> prepare(const LocalEnsembleOptions& options);

  std::expected<void, std::string> start();
  // Takes note of the servers that have ended; their numbers.
  std::vector<int> reap();
  // Ends all in order, after `patience` by force. True when each one ended well.
  bool stop(std::chrono::milliseconds patience);
  // Removes a temporary directory that is not kept.
  void clean_up() const;

  const std::vector<ChildServer>& servers() const { return servers_; }
  const std::string& directory() const { return directory_; }
  bool is_removed_at_the_end() const { return is_removed_at_the_end_; }
  bool any_runs() const;
  std::vector<load::HostPort> client_ports() const;
  std::string connect_string() const;

 private:
  LocalEnsemble() = default;
  std::string configuration_of(const ChildServer& server,
                               const std::vector<std::string>& further) const;

  std::vector<ChildServer> servers_;
  std::string directory_;
  bool is_removed_at_the_end_ = false;
  LocalEnsembleOptions options_;
};

}  // namespace zoetrope::app
