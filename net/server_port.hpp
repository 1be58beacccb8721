// One port of the server at all the addresses that it is bound to: opened, closed, and opened
// again. Owns the listeners. At least one address must be had; for each of the others there is a
// warning.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cstdint>
#include <expected>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "core/base/time.hpp"
#include "net/listener.hpp"

namespace zoetrope::net {

struct PortOptions {
  std::string name;  // for messages: "client port"
  std::vector<ListenAddress> addresses;
  int backlog = 0;
  bool keepalive = false;
  // How often it is tried to open the port, and how long to rest between two tries. 0: without end.
  int tries_max = 1;
  Duration pause = Duration::from_ms(1000);
};

class ServerPort {
 public:
  using Warn = Listener::Warn;
  using Failed = std::function<void(std::string why)>;

  // None of the functions is called before start() or keep_opening(), but `warn`.
  ServerPort(boost::asio::io_context& io, PortOptions options, Listener::Accepted accepted,
             Warn warn);

  // For the time before the loop runs: looks names up, once and for all, and opens the port; waits
  // between the tries. Returns the port (of the first address). The error is one line.
  std::expected<uint16_t, std::string> open_and_wait();
  // The same for a port that is to be opened later: nobody else may listen there.
  std::expected<uint16_t, std::string> check_and_wait();
  // Accepts connections from now on, also when the port is opened again.
  void start();
  // Opens the port, at once or at a later try. Harmless when it is open.
  void keep_opening(Failed failed);
  // Nobody is accepted any more and connecting fails, as if nobody was there.
  void close();
  bool is_open() const;
  // From now on the port is at these addresses. If it was open it is closed and opened there, and
  // where that is not possible it is tried again, without end: whoever asked for it believes the
  // server to be there.
  void move_to(std::vector<ListenAddress> addresses);
  const std::string& name() const { return options_.name; }
  // Of the first address; 0 where there is none.
  uint16_t number() const { return resolved_.empty() ? 0 : resolved_.front().port; }

 private:
  std::expected<uint16_t, std::string> repeat(const std::function<bool(std::string& why)>& attempt);
  bool resolve(std::string& why);
  bool open(std::string& why);
  void try_to_open(int tries);
  bool may_try_again(int tries, const std::string& why) const;

  boost::asio::io_context& io_;
  PortOptions options_;
  Listener::Accepted accepted_;
  Warn warn_;
  Failed failed_;
  std::vector<std::unique_ptr<Listener>> listeners_;  // as the addresses
  std::vector<std::unique_ptr<Listener>> left_;       // their last events may be on the way
  std::vector<ListenAddress> resolved_;
  boost::asio::steady_timer pause_;
  bool is_started_ = false;
  bool is_wanted_ = false;
};

}  // namespace zoetrope::net
