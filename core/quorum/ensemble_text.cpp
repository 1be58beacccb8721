#include <utility>

#include "core/quorum/address_text.hpp"
#include "core/quorum/ensemble.hpp"
#include "core/quorum/java_order.hpp"

namespace zoetrope::quorum {

namespace {

constexpr std::string_view kServer = "server.";
constexpr std::string_view kGroup = "group.";
constexpr std::string_view kWeight = "weight.";
constexpr std::string_view kVersion = "version";

// Takes one line after the other into an ensemble. The first error stays in `wrong`.
class TextReader {
 public:
  bool read_line(std::string_view line) {
    line = trim_blanks(line);
    if (line.empty() || line.front() == '#' || line.front() == '!') return true;
    const size_t equals = line.find('=');
    if (equals == std::string_view::npos) return fail(quoted(line) + " is not key=value");
    const std::string_view key = trim_blanks(line.substr(0, equals));
    const std::string_view value = trim_blanks(line.substr(equals + 1));
    if (key == kVersion) return read_version(value);
    for (const std::string_view prefix : {kServer, kGroup, kWeight}) {
      if (!key.starts_with(prefix)) continue;
      const auto number = parse_long(key.substr(prefix.size()));
      if (!number) {
        return fail(quoted(key) + " must have a number after \"" + std::string(prefix) + "\"");
      }
      if (prefix == kServer) return read_server(ServerId(*number), value);
      if (prefix == kGroup) return read_group(*number, value);
      return read_weight(ServerId(*number), value);
    }
    return fail(quoted(key) + " is none of server.N, group.N, weight.N and version");
  }

  const std::string& wrong() const { return wrong_; }
  Ensemble take() { return std::move(ensemble_); }

 private:
  bool fail(std::string wrong) {
    wrong_ = std::move(wrong);
    return false;
  }

  bool fail_twice(std::string_view prefix, int64_t number) {
    return fail(std::string(prefix) + std::to_string(number) + " stands there twice");
  }

  bool read_server(ServerId id, std::string_view value) {
    auto member = Member::parse(id, value);
    const std::string key = std::string(kServer) + std::to_string(id.value);
    if (!member) return fail(key + " " + member.error());
    if (!ensemble_.members.emplace(id, std::move(*member)).second) {
      return fail_twice(kServer, id.value);
    }
    return true;
  }

  bool read_group(int64_t group, std::string_view value) {
    if (!groups_.insert(group).second) return fail_twice(kGroup, group);
    const auto parts = split_java(value, ':');
    const std::string key = std::string(kGroup) + std::to_string(group);
    if (parts.empty()) return fail(key + " names no server");
    for (const std::string_view part : parts) {
      const auto id = parse_long(part);
      if (!id) return fail(key + ": " + quoted(part) + " is not the number of a server");
      if (!ensemble_.group_of.emplace(ServerId(*id), group).second) {
        return fail(key + ": server " + std::to_string(*id) + " is in two groups");
      }
    }
    return true;
  }

  bool read_weight(ServerId id, std::string_view value) {
    const auto weight = parse_long(value);
    const std::string key = std::string(kWeight) + std::to_string(id.value);
    if (!weight) return fail(key + " " + quoted(value) + " is not a number");
    if (!ensemble_.weights.emplace(id, *weight).second) return fail_twice(kWeight, id.value);
    return true;
  }

  bool read_version(std::string_view value) {
    const auto version = parse_long(value, 16);
    // A negative one would be written as its complement, which neither we nor upstream read again.
    if (!version || *version < 0) {
      return fail("version " + quoted(value) + " is not a hexadecimal number");
    }
    if (std::exchange(has_version_, true)) return fail("version stands there twice");
    ensemble_.version = *version;
    return true;
  }

  Ensemble ensemble_;
  std::set<int64_t> groups_;
  bool has_version_ = false;
  std::string wrong_;
};

// The ids as one of upstream's tables gives them after it was filled from the lines of a text.
std::vector<int64_t> in_map_order(const std::vector<int64_t>& put) {
  std::vector<int64_t> ids;
  for (const size_t index : java_map_order(put)) ids.push_back(put[index]);
  return ids;
}

// Numbers of the lines of each kind, in the order in which upstream meets them when it walks the
// Properties made of the text: that is the order in which it fills its tables.
struct LineNumbers {
  std::vector<int64_t> servers;
  std::vector<int64_t> groups;
  std::vector<int64_t> weights;
};

LineNumbers line_numbers(const Ensemble& ensemble, const std::map<ServerId, int64_t>& weights) {
  std::vector<std::pair<std::string_view, int64_t>> lines;
  for (const auto& [id, member] : ensemble.members) lines.emplace_back(kServer, id.value);
  std::set<int64_t> groups;
  for (const auto& [id, group] : ensemble.group_of) groups.insert(group);
  for (const int64_t group : groups) lines.emplace_back(kGroup, group);
  for (const auto& [id, weight] : weights) lines.emplace_back(kWeight, id.value);
  std::vector<std::string> keys;
  for (const auto& [prefix, number] : lines) {
    keys.push_back(std::string(prefix) + std::to_string(number));
  }
  keys.emplace_back(kVersion);

  LineNumbers numbers;
  for (const size_t index : java_properties_order(keys)) {
    if (index == lines.size()) continue;
    const auto& [prefix, number] = lines[index];
    if (prefix == kServer) numbers.servers.push_back(number);
    if (prefix == kGroup) numbers.groups.push_back(number);
    if (prefix == kWeight) numbers.weights.push_back(number);
  }
  return numbers;
}

// Upstream keeps the group of each server and gathers the groups from that when it writes.
std::string group_lines(const Ensemble& ensemble, const std::vector<int64_t>& group_order) {
  std::vector<int64_t> put;
  for (const int64_t group : group_order) {
    for (const auto& [id, its_group] : ensemble.group_of) {
      if (its_group == group) put.push_back(id.value);
    }
  }
  std::vector<int64_t> groups;
  std::map<int64_t, std::string> servers_of;
  for (const int64_t id : in_map_order(put)) {
    const int64_t group = ensemble.group_of.at(ServerId(id));
    std::string& servers = servers_of[group];
    if (servers.empty()) {
      groups.push_back(group);
    } else {
      servers += ':';
    }
    servers += std::to_string(id);
  }
  std::string text;
  for (const int64_t group : in_map_order(groups)) {
    text += std::string(kGroup) + std::to_string(group) + "=" + servers_of[group] + "\n";
  }
  return text;
}

}  // namespace

std::expected<Ensemble, std::string> Ensemble::parse(std::string_view text) {
  TextReader reader;
  for (size_t line = 1; !text.empty(); ++line) {
    const size_t end = text.find('\n');
    if (!reader.read_line(text.substr(0, end))) {
      return std::unexpected("line " + std::to_string(line) + ": " + reader.wrong());
    }
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  }
  Ensemble ensemble = reader.take();
  if (const auto wrong = ensemble.group_defect()) return std::unexpected(*wrong);
  return ensemble;
}

std::string Ensemble::to_string() const {
  const std::map<ServerId, int64_t> all_weights = full_weights();
  const LineNumbers numbers = line_numbers(*this, all_weights);
  std::string text;
  for (const int64_t id : in_map_order(numbers.servers)) {
    text += std::string(kServer) + std::to_string(id) + "=" + members.at(ServerId(id)).to_string() +
            "\n";
  }
  text += group_lines(*this, numbers.groups);
  for (const int64_t id : in_map_order(numbers.weights)) {
    text += std::string(kWeight) + std::to_string(id) + "=" +
            std::to_string(all_weights.at(ServerId(id))) + "\n";
  }
  return text + std::string(kVersion) + "=" + hex_text(version);
}

}  // namespace zoetrope::quorum
