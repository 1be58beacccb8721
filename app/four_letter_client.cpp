#include "app/four_letter_client.hpp"

#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstring>
#include <optional>

#include "net/unique_fd.hpp"

namespace zoetrope::app {
namespace {

using Clock = std::chrono::steady_clock;
// Far beyond the longest answer (wchp of a busy server); what never ends is cut off.
constexpr size_t kAnswerBytesMax = 64 * 1024 * 1024;

// One connection on which a word is asked.
class Question {
 public:
  Question(const load::ServerAddress& server, std::string_view word) : word_(word) {
    socket_.reset(
        ::socket(server.address.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    const auto* address = reinterpret_cast<const sockaddr*>(&server.address);
    if (!socket_.is_open() ||
        (::connect(socket_.get(), address, server.length) != 0 && errno != EINPROGRESS)) {
      fail(errno);
    }
  }

  bool is_over() const { return answer_.has_value(); }
  pollfd wanted() const {
    const short events = is_sent_ ? POLLIN : POLLOUT;
    return {.fd = socket_.get(), .events = events, .revents = 0};
  }

  void advance() {
    if (!is_sent_) return send_word();
    char buffer[65536];
    const ssize_t count = ::recv(socket_.get(), buffer, sizeof buffer, 0);
    if (count > 0) text_.append(buffer, static_cast<size_t>(count));
    if (text_.size() > kAnswerBytesMax) return fail(EMSGSIZE);
    if (count > 0 || (count < 0 && (errno == EAGAIN || errno == EINTR))) return;
    // A server that has answered may reset the connection instead of closing it.
    if (count == 0 || !text_.empty()) return end();
    fail(errno);
  }

  void give_up() {
    if (!is_over()) answer_ = std::unexpected(std::string("no answer in time"));
  }
  WordAnswer answer() { return std::move(*answer_); }

 private:
  void send_word() {
    int error = 0;
    socklen_t length = sizeof error;
    ::getsockopt(socket_.get(), SOL_SOCKET, SO_ERROR, &error, &length);
    if (error != 0) return fail(error);
    // Four bytes always fit into the buffer of a fresh connection.
    if (::send(socket_.get(), word_.data(), word_.size(), MSG_NOSIGNAL) < 0) return fail(errno);
    is_sent_ = true;
  }
  void end() {
    if (text_.empty()) {
      answer_ = std::unexpected(std::string("it closed the connection without an answer"));
    } else {
      answer_ = std::move(text_);
    }
    socket_.reset();
  }
  void fail(int error) {
    answer_ = std::unexpected(std::string(std::strerror(error)));
    socket_.reset();
  }

  std::string_view word_;
  net::UniqueFd socket_;
  bool is_sent_ = false;
  std::string text_;
  std::optional<WordAnswer> answer_;
};

void converse(std::vector<Question>& questions, std::chrono::milliseconds patience) {
  const auto deadline = Clock::now() + patience;
  for (;;) {
    std::vector<pollfd> wanted;
    std::vector<size_t> whose;
    for (size_t i = 0; i < questions.size(); ++i) {
      if (questions[i].is_over()) continue;
      wanted.push_back(questions[i].wanted());
      whose.push_back(i);
    }
    const auto left =
        std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now()).count();
    if (wanted.empty() || left <= 0) break;
    if (::poll(wanted.data(), wanted.size(), static_cast<int>(left)) < 0 && errno != EINTR) break;
    for (size_t i = 0; i < wanted.size(); ++i) {
      if (wanted[i].revents != 0) questions[whose[i]].advance();
    }
  }
  for (Question& question : questions) question.give_up();
}

}  // namespace

std::vector<WordAnswer> ask_servers(const std::vector<load::HostPort>& servers,
                                    std::string_view word, std::chrono::milliseconds patience) {
  std::vector<WordAnswer> answers(servers.size(), std::unexpected(std::string("not asked")));
  std::vector<std::vector<load::ServerAddress>> addresses(servers.size());
  for (size_t i = 0; i < servers.size(); ++i) {
    auto resolved = load::resolve({servers[i]});
    if (resolved) {
      addresses[i] = std::move(*resolved);
    } else {
      answers[i] = std::unexpected(resolved.error());
    }
  }
  for (size_t round = 0;; ++round) {
    std::vector<Question> questions;
    std::vector<size_t> whose;
    for (size_t i = 0; i < servers.size(); ++i) {
      if (answers[i].has_value() || round >= addresses[i].size()) continue;
      questions.emplace_back(addresses[i][round], word);
      whose.push_back(i);
    }
    if (questions.empty()) return answers;
    converse(questions, patience);
    for (size_t i = 0; i < whose.size(); ++i) answers[whose[i]] = questions[i].answer();
  }
}

bool is_refused_word(std::string_view answer) {
  return answer.find("is not executed because it is not in the whitelist") !=
         std::string_view::npos;
}

}  // namespace zoetrope::app
