// SimGrid as others would use it for a service: actors on hosts with links between them send each
// other messages, every answer wakes its sender. No protocol, no disk: only the simulator's own
// cost. Built by bench/simulator.py against Debian's libsimgrid-dev, which cannot be installed
// beside the Boost that this project needs.
//
//   simgrid_messages MESSAGES     JSON on standard output, by processor time
#include <ctime>

#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include <simgrid/s4u.hpp>

namespace sg4 = simgrid::s4u;

namespace {

constexpr int kServers = 3, kClientsOfEach = 5;
constexpr int kBytes = 100;

double cpu_seconds() {
  timespec now{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) / 1e9;
}

sg4::Mailbox* mailbox(const std::string& name) {
  return sg4::Mailbox::by_name(name);
}

// Answers requests for ever.
void server(int index) {
  while (true) {
    auto* const from = mailbox("server" + std::to_string(index))->get<std::string>();
    mailbox(*from)->put(new int(0), kBytes);
    delete from;
  }
}

void client(const std::string& name, int index, long round_trips) {
  for (long i = 0; i < round_trips; ++i) {
    mailbox("server" + std::to_string(index))->put(new std::string(name), kBytes);
    delete mailbox(name)->get<int>();
  }
}

}  // namespace

int main(int count, char** arguments) {
  sg4::Engine engine(&count, arguments);
  const long messages = count > 1 ? std::atol(arguments[1]) : 0;
  if (messages <= 0 || count != 2) {
    std::fprintf(stderr, "usage: simgrid_messages MESSAGES\n");
    return 2;
  }
  auto* const zone = sg4::create_full_zone("world");
  std::vector<sg4::Host*> hosts;
  for (int i = 0; i < kServers * (kClientsOfEach + 1); ++i) {
    hosts.push_back(zone->create_host("host" + std::to_string(i), 1e9));
  }
  for (int s = 0; s < kServers; ++s) {
    for (size_t c = kServers; c < hosts.size(); ++c) {
      auto* const link =
          zone->create_link("link" + std::to_string(s) + "-" + std::to_string(c), 1e9)
              ->set_latency(1e-4)
              ->seal();
      zone->add_route(hosts[static_cast<size_t>(s)]->get_netpoint(), hosts[c]->get_netpoint(),
                      nullptr, nullptr, std::vector<sg4::LinkInRoute>{sg4::LinkInRoute(link)});
    }
  }
  zone->seal();
  const long each = messages / 2 / (kServers * kClientsOfEach);
  for (int s = 0; s < kServers; ++s) {
    sg4::Actor::create("server", hosts[static_cast<size_t>(s)], server, s)->daemonize();
    for (int c = 0; c < kClientsOfEach; ++c) {
      const int host = kServers + s * kClientsOfEach + c;
      sg4::Actor::create("client", hosts[static_cast<size_t>(host)], client,
                         "client" + std::to_string(host), s, each);
    }
  }
  const double begin = cpu_seconds();
  engine.run();
  std::printf("{\"messages_a_second\":%.0f,\"virtual_s\":%.3f}\n",
              static_cast<double>(each * 2 * kServers * kClientsOfEach) / (cpu_seconds() - begin),
              sg4::Engine::get_clock());
  return 0;
}
