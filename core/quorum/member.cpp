#include <algorithm>
#include <numeric>

#include "core/base/assert.hpp"
#include "core/quorum/address_text.hpp"
#include "core/quorum/ensemble.hpp"

namespace zoetrope::quorum {

namespace {

// Reads the parts of one server line. The first thing that is wrong stays in `wrong`, and readers
// say whether they went through.
class LineReader {
 public:
  explicit LineReader(ServerId id) { member_.id = id; }

  bool read(std::string_view line) {
    const auto parts = split_java(line, ';');
    if (parts.empty()) return fail("it is empty");
    if (parts.size() > 3) return fail("it has more than three parts separated by ';'");
    for (const std::string_view address : split_java(parts[0], '|')) {
      if (!read_server_address(address)) return false;
    }
    if (member_.quorum.empty()) return fail("it has no server address");
    if (parts.size() > 1 && !read_client_address(parts[1], member_.client)) return false;
    if (parts.size() > 2 && !read_client_address(parts[2], member_.secure_client)) return false;
    if (role_) member_.role = *role_;
    return sort_addresses();
  }

  const std::string& wrong() const { return wrong_; }
  Member take() { return std::move(member_); }

 private:
  bool fail(std::string wrong) {
    wrong_ = std::move(wrong);
    return false;
  }

  // host:port:port[:role]
  bool read_server_address(std::string_view text) {
    const auto parts = split_address(text);
    if (!parts || parts->size() < 3 || parts->size() > 4) {
      return fail(quoted(text) + " is not host:port:port[:participant|observer]");
    }
    HostPort quorum;
    HostPort election;
    if (!read_host(parts->front(), quorum.host)) return false;
    election.host = quorum.host;
    if (!read_port((*parts)[1], quorum.port) || !read_port((*parts)[2], election.port)) {
      return false;
    }
    if (quorum.port == election.port) {
      return fail("quorum and election port must be two different ports, both are " +
                  std::to_string(quorum.port));
    }
    member_.quorum.push_back(std::move(quorum));
    member_.election.push_back(std::move(election));
    return parts->size() == 3 || read_role(parts->back());
  }

  // [host:]port; nothing stands for none.
  bool read_client_address(std::string_view text, std::optional<HostPort>& out) {
    if (text.empty()) return true;
    const auto parts = split_address(text);
    if (!parts || parts->empty() || parts->size() > 2) {
      return fail("client address " + quoted(text) + " is not [host:]port");
    }
    HostPort address{"0.0.0.0", 0};
    if (parts->size() == 2 && !read_host(parts->front(), address.host)) return false;
    if (!read_port(parts->back(), address.port)) return false;
    out = std::move(address);
    return true;
  }

  bool read_host(std::string_view text, std::string& out) {
    const auto host = parse_host(text);
    if (!host) return fail(quoted(text) + " is not a host");
    out = *host;
    return true;
  }

  bool read_port(std::string_view text, uint16_t& out) {
    const auto port = parse_port(text);
    if (!port) return fail(quoted(text) + " is not a port (0 to 65535)");
    out = *port;
    return true;
  }

  bool read_role(std::string_view text) {
    std::string name(trim_blanks(text));
    for (char& c : name) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
    if (name != "participant" && name != "observer") {
      return fail(quoted(text) + " is neither participant nor observer");
    }
    const MemberRole role = name == "observer" ? MemberRole::kObserver : MemberRole::kParticipant;
    if (role_ && *role_ != role) return fail("its addresses have different roles");
    role_ = role;
    return true;
  }

  // Sorted as upstream prints them, so that two lines that mean the same compare equal.
  bool sort_addresses() {
    std::vector<size_t> order(member_.quorum.size());
    std::iota(order.begin(), order.end(), size_t{0});
    // Equal hosts keep their order.
    std::sort(order.begin(), order.end(), [&](size_t a, size_t b) {
      const int hosts = member_.quorum[a].host.compare(member_.quorum[b].host);
      return hosts != 0 ? hosts < 0 : a < b;
    });
    std::set<HostPort> seen;
    Member sorted = member_;
    for (size_t i = 0; i < order.size(); ++i) {
      sorted.quorum[i] = member_.quorum[order[i]];
      sorted.election[i] = member_.election[order[i]];
      for (const HostPort& address : {sorted.quorum[i], sorted.election[i]}) {
        if (!seen.insert(address).second) {
          return fail("the address " + address.to_string() + " stands in it twice");
        }
      }
    }
    member_ = std::move(sorted);
    return true;
  }

  Member member_;
  std::optional<MemberRole> role_;
  std::string wrong_;
};

}  // namespace

std::string HostPort::to_string() const {
  return delimited_host(host) + ":" + std::to_string(port);
}

std::expected<Member, std::string> Member::parse(ServerId id, std::string_view value) {
  LineReader reader(id);
  if (!reader.read(value)) {
    return std::unexpected(quoted(value) + " is not a server line: " + reader.wrong());
  }
  return reader.take();
}

std::string Member::to_string() const {
  ZT_ASSERT(quorum.size() == election.size());
  std::string text;
  for (size_t i = 0; i < quorum.size(); ++i) {
    if (i != 0) text += '|';
    text += quorum[i].to_string() + ":" + std::to_string(election[i].port);
  }
  text += role == MemberRole::kObserver ? ":observer" : ":participant";
  if (client) text += ";" + client->to_string();
  if (secure_client) text += (client ? ";" : ";;") + secure_client->to_string();
  return text;
}

}  // namespace zoetrope::quorum
