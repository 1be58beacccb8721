// Tells which of many sockets became readable or writable. Owns one edge-triggered epoll set, which
// Boost.Asio watches as a single descriptor; a socket is registered once in its life and costs no
// memory of ours. (An Asio wait for each read would allocate and call the kernel every time, and
// hold about half a kilobyte for each idle connection.)
#pragma once

#include <sys/epoll.h>

#include <cstdint>
#include <span>

#include "net/unique_fd.hpp"

namespace zoetrope::net {

class ReadySet {
 public:
  ReadySet();
  // The descriptor that is readable while wait() has something to tell.
  int fd() const { return epoll_.get(); }
  // Watches `fd` for input, output, hang-up and errors until it is closed; `key` comes back with
  // its events. False with errno set when the kernel refuses.
  bool add(int fd, uint64_t key);
  // What became ready since the last call, without waiting; the span lives until the next call.
  std::span<const epoll_event> poll();

 private:
  static constexpr int kEventsMax = 512;
  UniqueFd epoll_;
  epoll_event events_[kEventsMax];
};

}  // namespace zoetrope::net
