#include "net/ready_set.hpp"

#include <cerrno>
#include <system_error>

namespace zoetrope::net {

ReadySet::ReadySet() : epoll_(::epoll_create1(EPOLL_CLOEXEC)) {
  if (!epoll_.is_open()) throw std::system_error(errno, std::generic_category(), "epoll_create1");
}

bool ReadySet::add(int fd, uint64_t key) {
  epoll_event event{};
  event.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET;
  event.data.u64 = key;
  return ::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event) == 0;
}

std::span<const epoll_event> ReadySet::poll() {
  const int count = ::epoll_wait(epoll_.get(), events_, kEventsMax, 0);
  return {events_, count > 0 ? static_cast<size_t>(count) : 0};
}

}  // namespace zoetrope::net
