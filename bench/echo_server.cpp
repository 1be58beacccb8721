// The least possible server ("limit" in the tables of bench/compare.py): one epoll thread, the
// frames of ZooKeeper's client protocol, replies of the right size, no tree. Writes are appended to
// a zero-filled file and synced once a batch, before any of their replies leave. It keeps nothing
// and checks nothing; it shows what the sockets and the disk of a machine allow.
//
//   echo_server PORT [LOG_FILE [FOLLOWER_PORT...]]     without LOG_FILE nothing is synced
//
// With followers, which are such servers too, each batch is synced by a majority before it is
// answered.
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "bench/echo_followers.hpp"
#include "core/base/endian.hpp"

namespace {

using zoetrope::load_be32;
using zoetrope::store_be32;
using zoetrope::store_be64;
using zoetrope::bench::EchoFollowers;
using zoetrope::bench::kReplicate;

constexpr size_t kReplyHeaderBytes = 16;
constexpr size_t kStatBytes = 68;
constexpr size_t kStatDataLengthOffset = 52;
constexpr size_t kMultiHeaderBytes = 9;
constexpr size_t kDataBytes = 100;  // of every getData
constexpr off_t kLogBytes = off_t{64} << 20;

enum Op : uint32_t {
  kCreate = 1,
  kDelete = 2,
  kExists = 3,
  kGetData = 4,
  kSetData = 5,
  kPing = 11,
  kMulti = 14,
  kCloseSession = static_cast<uint32_t>(-11),
};

constexpr uint32_t kNodeDataChanged = 3;  // type of an event
constexpr uint32_t kSyncConnected = 3;    // its state

[[noreturn]] void die(const char* what) {
  std::fprintf(stderr, "echo_server: %s: %s\n", what, std::strerror(errno));
  std::exit(1);
}

// A log that is written over and over within its zero-filled size.
class Log {
 public:
  explicit Log(const char* path) : fd_(::open(path, O_CREAT | O_RDWR | O_CLOEXEC, 0644)) {
    if (fd_ < 0) die(path);
    const std::vector<char> zeros(1 << 20, 0);
    for (off_t at = 0; at < kLogBytes; at += static_cast<off_t>(zeros.size())) {
      if (::pwrite(fd_, zeros.data(), zeros.size(), at) < 0) die("filling the log");
    }
    if (::fsync(fd_) != 0) die("syncing the log");
  }
  void append(std::string_view record) { batch_ += record; }
  const std::string& batch() const { return batch_; }
  void sync() {
    if (offset_ + static_cast<off_t>(batch_.size()) > kLogBytes) offset_ = 0;
    if (::pwrite(fd_, batch_.data(), batch_.size(), offset_) < 0) die("writing the log");
    if (::fdatasync(fd_) != 0) die("syncing the log");
    offset_ += static_cast<off_t>(batch_.size());
    batch_.clear();
  }

 private:
  int fd_;
  off_t offset_ = 0;
  std::string batch_;
};

struct Client {
  int fd = -1;
  bool connected = false;  // the handshake is over
  bool closing = false;
  bool waits = false;  // replies wait for the end of the batch
  bool watches = false;
  std::string in;
  std::string out;
};

class Server {
 public:
  Server(uint16_t port, std::unique_ptr<Log> log, const std::vector<uint16_t>& follower_ports)
      : log_(std::move(log)), followers_(follower_ports), in_(256 << 10, '\0') {
    listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    const int on = 1;
    ::setsockopt(listener_, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (::bind(listener_, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) die("bind");
    if (::listen(listener_, 4096) != 0) die("listen");
    epoll_ = ::epoll_create1(EPOLL_CLOEXEC);
    watch(listener_, nullptr);
  }

  [[noreturn]] void serve() {
    epoll_event events[512];
    while (true) {
      const int count = ::epoll_wait(epoll_, events, 512, -1);
      for (int i = 0; i < count; ++i) {
        auto* client = static_cast<Client*>(events[i].data.ptr);
        if (client == nullptr)
          accept_all();
        else
          read(*client);
      }
      if (log_ && !log_->batch().empty()) sync();
      for (Client* client : waiting_) send(*client);
      waiting_.clear();
    }
  }

 private:
  // Followers sync while this server does.
  void sync() {
    followers_.send(log_->batch());
    log_->sync();
    followers_.await_majority();
  }

  void watch(int fd, Client* client) {
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.ptr = client;
    if (::epoll_ctl(epoll_, EPOLL_CTL_ADD, fd, &event) != 0) die("epoll_ctl");
  }

  void accept_all() {
    while (true) {
      const int fd = ::accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
      if (fd < 0) return;
      const int on = 1;
      ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
      auto* client = new Client;
      client->fd = fd;
      watch(fd, client);
    }
  }

  void read(Client& client) {
    const ssize_t got = ::recv(client.fd, in_.data(), in_.size(), 0);
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (got <= 0) return drop(client);
    std::string_view bytes(in_.data(), static_cast<size_t>(got));
    if (!client.in.empty()) {
      client.in += bytes;
      bytes = client.in;
    }
    const size_t before = client.out.size();
    while (bytes.size() >= 4 && bytes.size() >= 4 + load_be32(bytes.data())) {
      const size_t length = load_be32(bytes.data());
      answer(client, bytes.substr(4, length));
      bytes.remove_prefix(4 + length);
    }
    client.in = std::string(bytes);
    if (client.out.size() != before) queue(client);
  }

  void queue(Client& client) {
    if (client.waits) return;
    client.waits = true;
    waiting_.push_back(&client);
  }

  // Room for one reply; the header is written, the body is all zeros.
  char* reply(Client& client, std::string_view request, size_t body_bytes) {
    const size_t at = client.out.size();
    client.out.resize(at + 4 + kReplyHeaderBytes + body_bytes);
    char* frame = client.out.data() + at;
    store_be32(frame, static_cast<uint32_t>(kReplyHeaderBytes + body_bytes));
    std::memcpy(frame + 4, request.data(), 4);
    store_be64(frame + 8, ++zxid_);
    return frame + 4 + kReplyHeaderBytes;
  }

  void answer(Client& client, std::string_view request) {
    if (!client.connected) return handshake(client, request);
    if (request.size() < 8) return;
    const uint32_t op = load_be32(request.data() + 4);
    const bool writes =
        op == kCreate || op == kDelete || op == kSetData || op == kMulti || op == kReplicate;
    if (writes && log_) log_->append(request);
    switch (op) {
      case kGetData: {
        char* body = reply(client, request, 4 + kDataBytes + kStatBytes);
        store_be32(body, kDataBytes);
        store_be32(body + 4 + kDataBytes + kStatDataLengthOffset, kDataBytes);
        if (request.back() != 0 && !client.watches) {
          client.watches = true;
          watchers_.push_back(&client);
        }
        return;
      }
      case kExists:
        store_be32(reply(client, request, kStatBytes) + kStatDataLengthOffset, kDataBytes);
        return;
      case kSetData: tell_watchers(request); return answer_set(client, request);
      case kCreate: {
        const size_t path_bytes = 4 + load_be32(request.data() + 8);
        std::memcpy(reply(client, request, path_bytes), request.data() + 8, path_bytes);
        return;
      }
      case kMulti: return answer_multi(client, request);
      default:
        client.closing = op == kCloseSession;
        reply(client, request, 0);
        return;
    }
  }

  void answer_set(Client& client, std::string_view request) {
    const size_t path_bytes = load_be32(request.data() + 8);
    const uint32_t data_bytes = load_be32(request.data() + 12 + path_bytes);
    store_be32(reply(client, request, kStatBytes) + kStatDataLengthOffset, data_bytes);
  }

  // Whoever watches is told of any set, once; the path is the one that was set.
  void tell_watchers(std::string_view request) {
    if (watchers_.empty()) return;
    const std::string_view path = request.substr(8, 4 + load_be32(request.data() + 8));
    std::string event(4 + kReplyHeaderBytes + 8, '\0');
    store_be32(event.data(), static_cast<uint32_t>(event.size() - 4 + path.size()));
    store_be32(event.data() + 4, 0xffffffff);
    store_be32(event.data() + 20, kNodeDataChanged);
    store_be32(event.data() + 24, kSyncConnected);
    event += path;
    for (Client* watcher : watchers_) {
      watcher->watches = false;
      watcher->out += event;
      queue(*watcher);
    }
    watchers_.clear();
  }

  // Understands multis of sets, creates and deletes.
  void answer_multi(Client& client, std::string_view request) {
    std::string body;
    size_t at = 8;
    while (at + kMultiHeaderBytes <= request.size() && request[at + 4] == 0) {
      const uint32_t op = load_be32(request.data() + at);
      std::string result(kMultiHeaderBytes, '\0');
      store_be32(result.data(), op);
      at += kMultiHeaderBytes;
      const size_t path_bytes = 4 + load_be32(request.data() + at);
      const char* path = request.data() + at;
      at += path_bytes;
      if (op == kDelete) {
        at += 4;
      } else {
        const uint32_t data_bytes = load_be32(request.data() + at);
        at += 4 + data_bytes + 4;
        if (op == kCreate) {
          // The count of ACL entries was taken for the version: skip "world", "anyone" and flags.
          at += 4 + 4 + 5 + 4 + 6 + 4;
          result.append(path, path_bytes);
        } else {
          result.append(kStatBytes, '\0');
          store_be32(result.data() + kMultiHeaderBytes + kStatDataLengthOffset, data_bytes);
        }
      }
      body += result;
    }
    std::string end(kMultiHeaderBytes, '\xff');
    end[4] = 1;
    body += end;
    std::memcpy(reply(client, request, body.size()), body.data(), body.size());
  }

  void handshake(Client& client, std::string_view request) {
    constexpr size_t kBytes = 4 + 4 + 4 + 8 + 4 + 16 + 1;
    char frame[kBytes] = {};
    store_be32(frame, kBytes - 4);
    std::memcpy(frame + 8, request.data() + 12, 4);
    store_be64(frame + 12, ++session_);
    store_be32(frame + 20, 16);
    client.out.append(frame, kBytes);
    client.connected = true;
  }

  void send(Client& client) {
    client.waits = false;
    // A load generator reads what it asked for, so a full socket empties soon.
    while (!client.out.empty()) {
      const ssize_t sent = ::send(client.fd, client.out.data(), client.out.size(), MSG_NOSIGNAL);
      if (sent < 0 && errno == EAGAIN) continue;
      if (sent < 0) return drop(client);
      client.out.erase(0, static_cast<size_t>(sent));
    }
    if (client.closing) drop(client);
  }

  void drop(Client& client) {
    ::close(client.fd);
    std::erase(watchers_, &client);
    delete &client;
  }

  std::unique_ptr<Log> log_;
  EchoFollowers followers_;
  std::string in_;
  int listener_ = -1;
  int epoll_ = -1;
  uint64_t zxid_ = 0;
  uint64_t session_ = 0;
  std::vector<Client*> waiting_;
  std::vector<Client*> watchers_;
};

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) {
    std::fprintf(stderr, "usage: echo_server PORT [LOG_FILE [FOLLOWER_PORT...]]\n");
    return 2;
  }
  std::unique_ptr<Log> log;
  if (argc >= 3) log = std::make_unique<Log>(argv[2]);
  std::vector<uint16_t> follower_ports;
  for (int i = 3; i < argc; ++i)
    follower_ports.push_back(static_cast<uint16_t>(std::atoi(argv[i])));
  Server(static_cast<uint16_t>(std::atoi(argv[1])), std::move(log), follower_ports).serve();
}
