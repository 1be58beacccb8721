#include "net/server_port.hpp"

#include <algorithm>
#include <chrono>
#include <thread>
#include <utility>

#include "core/base/assert.hpp"

namespace zoetrope::net {

ServerPort::ServerPort(boost::asio::io_context& io, PortOptions options,
                       Listener::Accepted accepted, Warn warn)
    : io_(io),
      options_(std::move(options)),
      accepted_(std::move(accepted)),
      warn_(std::move(warn)),
      pause_(io) {
  for (size_t i = 0; i < options_.addresses.size(); ++i) {
    listeners_.push_back(std::make_unique<Listener>(io));
  }
}

bool ServerPort::is_open() const {
  return std::ranges::any_of(listeners_, [](const auto& listener) { return listener->is_open(); });
}

bool ServerPort::resolve(std::string& why) {
  if (!resolved_.empty()) return true;
  std::vector<ListenAddress> resolved;
  for (const ListenAddress& address : options_.addresses) {
    auto found = resolve_listen_address(address);
    if (!found) {
      why = options_.name + ": " + found.error();
      return false;
    }
    resolved.push_back(*std::move(found));
  }
  resolved_ = std::move(resolved);
  return true;
}

// A port that was left to the system stays the same from then on.
bool ServerPort::open(std::string& why) {
  std::vector<std::string> failures;
  for (size_t i = 0; i < listeners_.size(); ++i) {
    ListenOptions options{resolved_[i], options_.backlog, options_.keepalive};
    const auto port = listeners_[i]->listen(options);
    if (port) {
      resolved_[i].port = *port;
      if (is_started_) listeners_[i]->start(accepted_, warn_);
    } else {
      failures.push_back(options_.name + ": " + port.error());
    }
  }
  if (is_open()) {
    for (const std::string& failure : failures) warn_(failure);
    return true;
  }
  why = failures.front();
  return false;
}

bool ServerPort::may_try_again(int tries, const std::string& why) const {
  if (options_.tries_max != 0 && tries >= options_.tries_max) return false;
  warn_(why + "; trying again");
  return true;
}

std::expected<uint16_t, std::string> ServerPort::repeat(
    const std::function<bool(std::string& why)>& attempt) {
  std::string why;
  for (int tries = 1; !resolve(why) || !attempt(why); ++tries) {
    if (!may_try_again(tries, why)) return std::unexpected(why);
    std::this_thread::sleep_for(std::chrono::nanoseconds(options_.pause.ns));
  }
  return resolved_.front().port;
}

std::expected<uint16_t, std::string> ServerPort::open_and_wait() {
  return repeat([this](std::string& why) { return open(why); });
}

std::expected<uint16_t, std::string> ServerPort::check_and_wait() {
  return repeat([this](std::string& why) {
    const bool is_free = open(why);
    close();
    return is_free;
  });
}

void ServerPort::start() {
  is_started_ = true;
  for (const auto& listener : listeners_) {
    if (listener->is_open()) listener->start(accepted_, warn_);
  }
}

void ServerPort::keep_opening(Failed failed) {
  ZT_ASSERT(!options_.addresses.empty());
  if (is_open()) return;
  failed_ = std::move(failed);
  is_wanted_ = true;
  try_to_open(1);
}

void ServerPort::move_to(std::vector<ListenAddress> addresses) {
  const bool was_wanted = is_open() || is_wanted_;
  close();
  options_.addresses = std::move(addresses);
  options_.tries_max = 0;
  resolved_.clear();
  for (auto& listener : listeners_) left_.push_back(std::move(listener));
  listeners_.clear();
  for (size_t i = 0; i < options_.addresses.size(); ++i) {
    listeners_.push_back(std::make_unique<Listener>(io_));
  }
  if (!was_wanted) return;
  is_wanted_ = true;
  try_to_open(1);
}

void ServerPort::try_to_open(int tries) {
  std::string why;
  if (is_open() || (resolve(why) && open(why))) return;
  if (!may_try_again(tries, why)) return failed_(why);
  pause_.expires_after(std::chrono::nanoseconds(options_.pause.ns));
  pause_.async_wait([this, tries](const boost::system::error_code& cancelled) {
    if (!cancelled && is_wanted_) try_to_open(tries + 1);
  });
}

void ServerPort::close() {
  is_wanted_ = false;
  pause_.cancel();
  for (const auto& listener : listeners_) listener->close();
}

}  // namespace zoetrope::net
