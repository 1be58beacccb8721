// Makes TCP connections to other servers, many at a time and without waiting: looks names up and
// tries all addresses of a name, the next one as soon as the one before failed or is slow. Owns the
// attempts and their sockets until somebody takes the outcome; sets no time limit of its own beyond
// that of the system, since whoever asks can abandon.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/base/endpoint.hpp"
#include "core/quorum/ensemble.hpp"
#include "net/name_lookup.hpp"
#include "net/unique_fd.hpp"

namespace zoetrope::net {

class Dialer {
 public:
  // A non-blocking socket with TCP_NODELAY and its peer; or none and one line that says why.
  struct Outcome {
    UniqueFd socket;
    Endpoint remote;
    std::string why;
  };
  // Called from the event loop, never from dial(): take() has the outcome of this attempt.
  using Done = std::function<void(uint64_t token)>;

  Dialer(boost::asio::io_context& io, bool keepalive, Done done,
         NameLookup::LookUp look_up = NameLookup::ask_system);
  ~Dialer();
  Dialer(const Dialer&) = delete;
  Dialer& operator=(const Dialer&) = delete;

  // `token` is never used twice.
  void dial(uint64_t token, const quorum::HostPort& to);
  // Nothing happens when there is no such attempt, or its outcome was taken.
  void abandon(uint64_t token);
  void abandon_all();
  // nullopt when it was abandoned meanwhile.
  std::optional<Outcome> take(uint64_t token);

  // From then on the next address of a name is tried beside the one before (as in RFC 8305).
  static constexpr std::chrono::milliseconds kNextAddressAfter{250};

 private:
  using Tcp = boost::asio::ip::tcp;
  struct Attempt {
    explicit Attempt(boost::asio::io_context& io) : timer(io) {}
    quorum::HostPort to;
    bool is_named = false;  // its host is a name that waits for, or was found by, the lookup
    std::vector<Tcp::endpoint> endpoints;
    std::vector<std::unique_ptr<Tcp::socket>> sockets;  // of the endpoints tried so far
    size_t under_way = 0;
    boost::asio::steady_timer timer;
    std::string why;  // what went wrong last
    std::optional<Outcome> outcome;
  };

  Attempt* find(uint64_t token);
  void wait_for_names();
  void take_names();
  void try_next(uint64_t token);
  bool start(uint64_t token, Attempt& attempt, size_t index);
  void finished(uint64_t token, size_t index, boost::system::error_code error);
  void note_failure(Attempt& attempt, size_t index, const std::string& why);
  void end(uint64_t token, Attempt& attempt, Outcome outcome);

  boost::asio::io_context& io_;
  const bool keepalive_;
  Done done_;
  NameLookup names_;
  boost::asio::posix::stream_descriptor names_wait_;
  bool is_waiting_for_names_ = false;
  std::map<uint64_t, std::unique_ptr<Attempt>> attempts_;
};

}  // namespace zoetrope::net
