// Turns host names into addresses while the event loop goes on. Owns a short-lived thread for each
// name that is being looked up, so that one slow name holds up no other; a thread that hangs in the
// system's resolver is left behind when its owner goes. Caches nothing.
#pragma once

#include <boost/asio/ip/address.hpp>
#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace zoetrope::net {

class NameLookup {
 public:
  struct Answer {
    std::string host;
    std::vector<boost::asio::ip::address> addresses;
    std::string why;  // there are none: what the system says
  };

  using LookUp = std::function<Answer(const std::string& host)>;

  // `look_up` may take its time; it is called from several threads.
  explicit NameLookup(LookUp look_up = ask_system);
  // What the system's resolver says.
  static Answer ask_system(const std::string& host);

  // Answered once by take(), however often it is asked before that. Beyond kThreadsMax names the
  // others wait.
  void ask(const std::string& host);
  // Nobody waits for the name any more.
  void forget(const std::string& host);
  // Readable while answers are waiting.
  int fd() const;
  std::vector<Answer> take();

  static constexpr size_t kThreadsMax = 16;

 private:
  // What the threads may still touch when the owner is gone.
  struct Shared;

  void start_some();

  LookUp look_up_;
  std::shared_ptr<Shared> shared_;
  std::deque<std::string> waiting_;
  std::vector<std::string> under_way_;
};

}  // namespace zoetrope::net
