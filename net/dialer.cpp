#include "net/dialer.hpp"

#include <sys/socket.h>

#include <algorithm>
#include <boost/asio/post.hpp>
#include <cerrno>
#include <cstring>
#include <utility>

#include "core/base/assert.hpp"
#include "net/listener.hpp"

namespace zoetrope::net {

namespace asio = boost::asio;
using boost::system::error_code;

namespace {

// A port of this machine that nobody listens on can be the very port that the kernel picks for the
// near end; the socket is then connected to itself.
bool is_connected_to_itself(const asio::ip::tcp::socket& socket) {
  error_code error;
  const auto local = socket.local_endpoint(error);
  return !error && local == socket.remote_endpoint(error) && !error;
}

}  // namespace

Dialer::Dialer(asio::io_context& io, bool keepalive, Done done, NameLookup::LookUp look_up)
    : io_(io),
      keepalive_(keepalive),
      done_(std::move(done)),
      names_(std::move(look_up)),
      names_wait_(io, names_.fd()) {}

Dialer::~Dialer() {
  names_wait_.release();
}

Dialer::Attempt* Dialer::find(uint64_t token) {
  const auto found = attempts_.find(token);
  return found == attempts_.end() ? nullptr : found->second.get();
}

void Dialer::dial(uint64_t token, const quorum::HostPort& to) {
  const auto [entry, is_new] = attempts_.emplace(token, std::make_unique<Attempt>(io_));
  ZT_ASSERT(is_new);
  Attempt& attempt = *entry->second;
  attempt.to = to;
  error_code not_numeric;
  const auto address = asio::ip::make_address(to.host, not_numeric);
  attempt.is_named = static_cast<bool>(not_numeric);
  if (attempt.is_named) {
    names_.ask(to.host);
    wait_for_names();
  } else {
    attempt.endpoints.emplace_back(address, to.port);
    asio::post(io_, [this, token] { try_next(token); });
  }
}

void Dialer::abandon(uint64_t token) {
  const auto found = attempts_.find(token);
  if (found == attempts_.end()) return;
  const bool is_named = found->second->is_named;
  const std::string host = found->second->to.host;
  attempts_.erase(found);
  const bool is_wanted = std::ranges::any_of(attempts_, [&](const auto& entry) {
    return entry.second->is_named && entry.second->to.host == host;
  });
  if (is_named && !is_wanted) names_.forget(host);
}

void Dialer::abandon_all() {
  while (!attempts_.empty()) abandon(attempts_.begin()->first);
}

std::optional<Dialer::Outcome> Dialer::take(uint64_t token) {
  Attempt* attempt = find(token);
  if (attempt == nullptr || !attempt->outcome) return std::nullopt;
  Outcome outcome = *std::move(attempt->outcome);
  attempts_.erase(token);
  return outcome;
}

void Dialer::wait_for_names() {
  if (std::exchange(is_waiting_for_names_, true)) return;
  names_wait_.async_wait(asio::posix::stream_descriptor::wait_read,
                         [this](const error_code& error) {
                           if (error) return;
                           is_waiting_for_names_ = false;
                           take_names();
                           wait_for_names();
                         });
}

void Dialer::take_names() {
  for (const NameLookup::Answer& answer : names_.take()) {
    std::vector<uint64_t> tokens;
    for (const auto& [token, attempt] : attempts_) {
      const bool waits = attempt->is_named && attempt->endpoints.empty() && !attempt->outcome;
      if (waits && attempt->to.host == answer.host) tokens.push_back(token);
    }
    for (const uint64_t token : tokens) {
      Attempt* attempt = find(token);
      if (attempt == nullptr) continue;
      for (const auto& address : answer.addresses) {
        attempt->endpoints.emplace_back(address, attempt->to.port);
      }
      if (answer.addresses.empty()) {
        end(token, *attempt, {{}, {}, "cannot resolve " + answer.host + ": " + answer.why});
      } else {
        try_next(token);
      }
    }
  }
}

void Dialer::try_next(uint64_t token) {
  Attempt* attempt = find(token);
  if (attempt == nullptr || attempt->outcome) return;
  attempt->timer.cancel();
  while (attempt->sockets.size() < attempt->endpoints.size()) {
    const size_t index = attempt->sockets.size();
    if (!start(token, *attempt, index)) continue;
    if (index + 1 == attempt->endpoints.size()) return;
    attempt->timer.expires_after(kNextAddressAfter);
    attempt->timer.async_wait([this, token](const error_code& cancelled) {
      if (!cancelled) try_next(token);
    });
    return;
  }
  if (attempt->under_way == 0) {
    end(token, *attempt, {{}, {}, "cannot connect to " + attempt->to.to_string() + attempt->why});
  }
}

bool Dialer::start(uint64_t token, Attempt& attempt, size_t index) {
  const Tcp::endpoint& endpoint = attempt.endpoints[index];
  UniqueFd fd(::socket(endpoint.protocol().family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC,
                       IPPROTO_TCP));
  auto socket = std::make_unique<Tcp::socket>(io_);
  error_code error(fd.is_open() ? 0 : errno, boost::system::system_category());
  if (!error) socket->assign(endpoint.protocol(), fd.get(), error);
  if (!error) fd.release();
  if (!error) socket->set_option(Tcp::no_delay(true), error);
  if (!error) socket->set_option(asio::socket_base::keep_alive(keepalive_), error);
  attempt.sockets.push_back(std::move(socket));
  if (error) {
    note_failure(attempt, index, error.message());
    return false;
  }
  ++attempt.under_way;
  attempt.sockets.back()->async_connect(
      endpoint, [this, token, index](const error_code& result) { finished(token, index, result); });
  return true;
}

void Dialer::finished(uint64_t token, size_t index, error_code error) {
  Attempt* attempt = find(token);
  if (attempt == nullptr || attempt->outcome) return;
  --attempt->under_way;
  Tcp::socket& socket = *attempt->sockets[index];
  if (!error && is_connected_to_itself(socket)) error = asio::error::connection_refused;
  if (error) {
    note_failure(*attempt, index, error.message());
    return try_next(token);
  }
  Outcome outcome;
  sockaddr_storage remote{};
  std::memcpy(&remote, attempt->endpoints[index].data(), attempt->endpoints[index].size());
  outcome.remote = endpoint_of(remote);
  outcome.socket.reset(socket.release(error));
  if (error) outcome.why = "cannot connect to " + attempt->to.to_string() + ": " + error.message();
  end(token, *attempt, std::move(outcome));
}

// The address is part of the reason only where the name does not say which one it was.
void Dialer::note_failure(Attempt& attempt, size_t index, const std::string& why) {
  const bool is_one_of_many = attempt.endpoints.size() > 1;
  attempt.why =
      (is_one_of_many ? " (" + attempt.endpoints[index].address().to_string() + ", the last of " +
                            std::to_string(attempt.endpoints.size()) + " addresses)"
                      : "") +
      ": " + why;
  error_code ignored;
  attempt.sockets[index]->close(ignored);
}

void Dialer::end(uint64_t token, Attempt& attempt, Outcome outcome) {
  attempt.timer.cancel();
  attempt.sockets.clear();
  attempt.outcome = std::move(outcome);
  done_(token);
}

}  // namespace zoetrope::net
