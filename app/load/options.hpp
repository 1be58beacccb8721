// What a run of the load generator is told. Plain values.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <stdexcept>
#include <string>
#include <vector>

namespace zoetrope::load {

struct Options {
  std::string workload = "get";
  std::vector<std::string> servers;  // connect strings
  size_t connections = 16;
  size_t outstanding = 10;  // on each connection (closed loop)
  double rate = 0;          // operations a second over all connections; 0: closed loop
  double seconds = 10;
  double warmup_seconds = 2;
  size_t value_bytes = 100;
  size_t keys = 1000;
  uint32_t read_percent = 90;  // mixed
  size_t multi_size = 10;      // multi; fill packs as many creates into one request
  size_t locks = 8;            // lock
  uint64_t count = 1'000'000;  // fill
  int32_t session_timeout_ms = 30'000;
  uint64_t seed = 1;
  std::string root;   // everything is created below this node
  bool keep = false;  // leave the nodes there
  std::vector<pid_t> pids;
};

// The run cannot go on; the message is one line for the user.
class LoadError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

}  // namespace zoetrope::load
