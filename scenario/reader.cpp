#include "scenario/reader.hpp"

namespace zoetrope::scenario {
namespace {

constexpr size_t kMistakesMax = 20;

// Counts edits between two words, for "did you mean".
size_t distance(std::string_view a, std::string_view b) {
  std::vector<size_t> row(b.size() + 1);
  for (size_t j = 0; j < row.size(); ++j) row[j] = j;
  for (size_t i = 1; i <= a.size(); ++i) {
    size_t diagonal = std::exchange(row[0], i);
    for (size_t j = 1; j <= b.size(); ++j) {
      const size_t changed = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = std::exchange(row[j], std::min({row[j] + 1, row[j - 1] + 1, changed}));
    }
  }
  return row.back();
}

}  // namespace

void Text::complain(const toml::node& at, const std::string& what) {
  std::string line = name + ":" + std::to_string(at.source().begin.line) + ": " + what;
  // A table that is meant for all servers is read for each of them.
  const bool is_old = std::ranges::find(mistakes, line) != mistakes.end();
  if (!is_old && mistakes.size() < kMistakesMax) mistakes.push_back(std::move(line));
}

// Keys with dots in them are written as they are in zoo.cfg, quoted or not.
const toml::node* Reader::find(std::string_view name) {
  known_.emplace_back(name);
  if (const toml::node* node = table_.get(name)) return node;
  const toml::table* table = &table_;
  while (true) {
    const size_t dot = name.find('.');
    const toml::node* node = table->get(name.substr(0, dot));
    if (node == nullptr || dot == std::string_view::npos) return node;
    table = node->as_table();
    if (table == nullptr) return nullptr;
    name.remove_prefix(dot + 1);
  }
}

void Reader::refuse(const toml::node& node, std::string_view name, std::string_view expected) {
  text_.complain(node,
                 "'" + std::string(name) + "' of " + what_ + " must be " + std::string(expected));
}

void Reader::finish() {
  read_unknown(table_, "");
}

void Reader::read_unknown(const toml::table& table, const std::string& prefix) {
  for (const auto& [key, node] : table) {
    const std::string name = prefix + std::string(key.str());
    if (std::ranges::find(known_, name) != known_.end()) continue;
    const bool is_front = std::ranges::any_of(
        known_, [&](const std::string& known) { return known.starts_with(name + "."); });
    if (is_front && node.is_table()) {
      read_unknown(*node.as_table(), name + ".");
      continue;
    }
    const auto near = std::ranges::min_element(
        known_, {}, [&](const std::string& known) { return distance(known, name); });
    std::string what = what_ + " has no '" + name + "'";
    if (near != known_.end() && distance(*near, name) <= 2 + name.size() / 4) {
      what += "; did you mean '" + *near + "'?";
    } else {
      what += "; it has " + listed(known_);
    }
    text_.complain(node, what);
  }
}

bool Reader::read_integer(const toml::node& node, std::string_view name, int64_t low, int64_t high,
                          int64_t& value) {
  const std::optional<int64_t> given = node.value_exact<int64_t>();
  if (given && *given >= low && *given <= high) {
    value = *given;
    return true;
  }
  std::string expected = "a whole number";
  if (low == 0 && high == std::numeric_limits<int64_t>::max()) {
    expected += " of 0 or more";
  } else if (given) {
    expected += " between " + std::to_string(low) + " and " + std::to_string(high);
  }
  refuse(node, name, expected);
  return false;
}

void Reader::read_duration(const toml::node& node, std::string_view name, Duration& duration) {
  const std::optional<std::string> words = node.value_exact<std::string>();
  const std::optional<Duration> given = words ? duration_of(*words) : std::nullopt;
  if (given) {
    duration = *given;
  } else {
    refuse(node, name, "a time such as \"1.5s\", \"20ms\", \"300us\", \"2min\" or \"1h\"");
  }
}

std::optional<uint32_t> Reader::server_of(const toml::node& node, std::string_view name) {
  const std::optional<int64_t> id = node.value_exact<int64_t>();
  if (id && *id >= 1 && static_cast<uint64_t>(*id) <= text_.servers) {
    return static_cast<uint32_t>(*id - 1);
  }
  refuse(node, name, "the id of a server, 1 to " + std::to_string(text_.servers));
  return std::nullopt;
}

std::optional<uint32_t> Reader::client_of(const toml::node& node, std::string_view name) {
  const std::optional<int64_t> number = node.value_exact<int64_t>();
  if (number && *number >= 0 && static_cast<uint64_t>(*number) < text_.clients) {
    return static_cast<uint32_t>(*number);
  }
  refuse(node, name,
         text_.clients == 0 ? "absent: this world has no clients"
                            : "the number of a client, 0 to " + std::to_string(text_.clients - 1));
  return std::nullopt;
}

void Reader::server(std::string_view name, uint32_t& index, std::string_view meaning) {
  const toml::node* node = find(name);
  if (node == nullptr) {
    return text_.complain(
        table_, what_ + " needs '" + std::string(name) + "' (" + std::string(meaning) + ")");
  }
  if (const auto given = server_of(*node, name)) index = *given;
}

void Reader::region(std::string_view name, std::string& region, std::string_view meaning) {
  need(name, region, meaning);
  if (const toml::node* node = find(name); node != nullptr && !region.empty()) {
    static_cast<void>(is_region(*node, name, region));
  }
}

bool Reader::is_region(const toml::node& node, std::string_view name, const std::string& region) {
  if (place_of(text_.regions, region)) return true;
  refuse(node, name,
         text_.regions.empty() ? "a region, and there is no [topology]"
                               : "a region of [topology]: " + listed(text_.regions));
  return false;
}

void Reader::servers(std::string_view name, std::vector<uint32_t>& indices,
                     std::string_view meaning) {
  const toml::node* node = find(name);
  const toml::array* list = node == nullptr ? nullptr : node->as_array();
  if (list == nullptr) {
    return text_.complain(node == nullptr ? table_ : *node, what_ + " needs '" + std::string(name) +
                                                                "', a list of server ids (" +
                                                                std::string(meaning) + ")");
  }
  indices.clear();
  for (const toml::node& each : *list) {
    if (const auto given = server_of(each, name)) indices.push_back(*given);
  }
}

void Reader::client(std::string_view name, uint32_t& index, std::string_view meaning) {
  const toml::node* node = find(name);
  if (node == nullptr) {
    return text_.complain(
        table_, what_ + " needs '" + std::string(name) + "' (" + std::string(meaning) + ")");
  }
  if (const auto given = client_of(*node, name)) index = *given;
}

void Reader::clients(std::string_view name, std::optional<std::vector<uint32_t>>& indices,
                     std::string_view) {
  const toml::node* node = find(name);
  if (node == nullptr) return;
  const toml::array* list = node->as_array();
  if (list == nullptr) return refuse(*node, name, "a list of numbers of clients");
  indices.emplace();
  for (const toml::node& each : *list) {
    if (const auto given = client_of(each, name)) indices->push_back(*given);
  }
}

void Reader::read_servers(const toml::node& node, std::string_view name,
                          std::vector<ServerId>& servers) {
  const toml::array* list = node.as_array();
  if (list == nullptr) return refuse(node, name, "a list of server ids");
  servers.clear();
  for (const toml::node& each : *list) {
    if (const auto given = server_of(each, name)) servers.emplace_back(int64_t{*given} + 1);
  }
}

void Reader::read_target(const toml::node& node, std::string_view name, sim::Target& target) {
  if (node.is_integer()) {
    if (const auto given = server_of(node, name)) target = sim::Target::server(*given);
    return;
  }
  if (const toml::array* list = node.as_array()) {
    target = {sim::Target::Kind::kSet, 0, {}, {}};
    for (const toml::node& each : *list) {
      if (const auto given = server_of(each, name)) target.servers.push_back(*given);
    }
    return;
  }
  const std::optional<std::string> words = node.value_exact<std::string>();
  const std::optional<sim::Target> given = words ? target_of(*words) : std::nullopt;
  if (!given || given->index >= text_.servers) return refuse(node, name, kTargetForms);
  if (given->kind == sim::Target::Kind::kRegion && !is_region(node, name, given->region)) return;
  target = *given;
}

}  // namespace zoetrope::scenario
