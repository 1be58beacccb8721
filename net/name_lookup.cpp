#include "net/name_lookup.hpp"

#include <netdb.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

#include <algorithm>
#include <boost/asio/ip/tcp.hpp>
#include <cerrno>
#include <cstring>
#include <mutex>
#include <system_error>
#include <thread>
#include <utility>

#include "net/unique_fd.hpp"

namespace zoetrope::net {

struct NameLookup::Shared {
  UniqueFd event{::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)};
  std::mutex mutex;
  std::vector<Answer> answers;

  void give(Answer answer) {
    {
      const std::lock_guard lock(mutex);
      answers.push_back(std::move(answer));
    }
    ::eventfd_write(event.get(), 1);
  }
};

NameLookup::Answer NameLookup::ask_system(const std::string& host) {
  Answer answer{host, {}, {}};
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const int error = ::getaddrinfo(host.c_str(), nullptr, &hints, &found);
  if (error != 0) {
    answer.why = error == EAI_SYSTEM ? std::strerror(errno) : ::gai_strerror(error);
    return answer;
  }
  for (const addrinfo* entry = found; entry != nullptr; entry = entry->ai_next) {
    boost::asio::ip::tcp::endpoint endpoint;
    if (entry->ai_addrlen > endpoint.capacity()) continue;
    endpoint.resize(entry->ai_addrlen);
    std::memcpy(endpoint.data(), entry->ai_addr, entry->ai_addrlen);
    answer.addresses.push_back(endpoint.address());
  }
  ::freeaddrinfo(found);
  if (answer.addresses.empty()) answer.why = "it has no address";
  return answer;
}

NameLookup::NameLookup(LookUp look_up)
    : look_up_(std::move(look_up)), shared_(std::make_shared<Shared>()) {
  if (!shared_->event.is_open()) throw std::system_error(errno, std::generic_category(), "eventfd");
}

int NameLookup::fd() const {
  return shared_->event.get();
}

void NameLookup::ask(const std::string& host) {
  const auto has = [&](const auto& hosts) { return std::ranges::find(hosts, host) != hosts.end(); };
  if (has(under_way_) || has(waiting_)) return;
  waiting_.push_back(host);
  start_some();
}

void NameLookup::forget(const std::string& host) {
  std::erase(waiting_, host);
}

void NameLookup::start_some() {
  while (!waiting_.empty() && under_way_.size() < kThreadsMax) {
    std::string host = std::move(waiting_.front());
    waiting_.pop_front();
    under_way_.push_back(host);
    try {
      std::thread([shared = shared_, look_up = look_up_, host] {
        shared->give(look_up(host));
      }).detach();
    } catch (const std::system_error& error) {
      shared_->give({host, {}, error.what()});
    }
  }
}

std::vector<NameLookup::Answer> NameLookup::take() {
  eventfd_t ignored = 0;
  ::eventfd_read(shared_->event.get(), &ignored);
  std::vector<Answer> answers;
  {
    const std::lock_guard lock(shared_->mutex);
    answers.swap(shared_->answers);
  }
  for (const Answer& answer : answers) std::erase(under_way_, answer.host);
  start_some();
  return answers;
}

}  // namespace zoetrope::net
