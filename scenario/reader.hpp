// Reads the parts of a table into values: the visitor of sim/step_fields.hpp and
// sim/world_fields.hpp for TOML. Every part that is asked for is known; finish() complains of all
// others. Owns nothing; mistakes go to the list that all readers of a text share.
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "core/base/ids.hpp"
#include "scenario/scenario.hpp"
#include "scenario/toml.hpp"
#include "scenario/words.hpp"
#include "sim/latency.hpp"
#include "sim/world_fields.hpp"

namespace zoetrope::scenario {

// What all readers of one text know.
struct Text {
  std::string name;
  Mistakes mistakes;
  size_t servers = 0, clients = 0;  // of the world, as far as it is known
  std::vector<std::string> regions;

  void complain(const toml::node& at, const std::string& what);
};

template <typename E>
concept NamedEnum = std::is_enum_v<E> && requires(E e) { sim::names_of(e); };

class Reader {
 public:
  // `what` is how mistakes name the table: "[network]", "a step".
  Reader(const toml::table& table, std::string what, Text& text)
      : table_(table), what_(std::move(what)), text_(text) {}

  template <typename T>
  void field(std::string_view name, T& value, std::string_view meaning) {
    if (const toml::node* node = find(name)) read(*node, name, value, meaning);
  }
  template <typename T>
  void need(std::string_view name, T& value, std::string_view meaning) {
    if (const toml::node* node = find(name)) {
      read(*node, name, value, meaning);
    } else {
      text_.complain(table_,
                     what_ + " needs '" + std::string(name) + "' (" + std::string(meaning) + ")");
    }
  }
  void server(std::string_view name, uint32_t& index, std::string_view meaning);
  void servers(std::string_view name, std::vector<uint32_t>& indices, std::string_view meaning);
  void client(std::string_view name, uint32_t& index, std::string_view meaning);
  void region(std::string_view name, std::string& region, std::string_view meaning);
  void clients(std::string_view name, std::optional<std::vector<uint32_t>>& indices,
               std::string_view meaning);

  // nullptr when it is not there; it is known from now on.
  const toml::node* find(std::string_view name);
  // Says that a part is not what was expected.
  void refuse(const toml::node& node, std::string_view name, std::string_view expected);
  // Complains of whatever was not asked for.
  void finish();

 private:
  template <typename T>
  void read(const toml::node& node, std::string_view name, T& value, std::string_view meaning);
  bool read_integer(const toml::node& node, std::string_view name, int64_t low, int64_t high,
                    int64_t& value);
  std::optional<uint32_t> server_of(const toml::node& node, std::string_view name);
  std::optional<uint32_t> client_of(const toml::node& node, std::string_view name);
  bool is_region(const toml::node& node, std::string_view name, const std::string& region);
  void read_target(const toml::node& node, std::string_view name, sim::Target& target);
  void read_duration(const toml::node& node, std::string_view name, Duration& duration);
  void read_servers(const toml::node& node, std::string_view name, std::vector<ServerId>& servers);
  void read_unknown(const toml::table& table, const std::string& prefix);

  const toml::table& table_;
  std::string what_;
  Text& text_;
  std::vector<std::string> known_;
};

template <typename T>
void Reader::read(const toml::node& node, std::string_view name, T& value,
                  std::string_view meaning) {
  if constexpr (std::is_same_v<T, bool>) {
    const std::optional<bool> given = node.value_exact<bool>();
    if (!given) return refuse(node, name, "true or false");
    value = *given;
  } else if constexpr (std::is_integral_v<T>) {
    int64_t given = 0;
    constexpr int64_t kHigh = sizeof(T) == 8 ? std::numeric_limits<int64_t>::max()
                                             : static_cast<int64_t>(std::numeric_limits<T>::max());
    constexpr int64_t kLow =
        std::is_unsigned_v<T> ? 0 : static_cast<int64_t>(std::numeric_limits<T>::min());
    if (read_integer(node, name, kLow, kHigh, given)) value = static_cast<T>(given);
  } else if constexpr (std::is_same_v<T, std::string>) {
    const std::optional<std::string> given = node.value_exact<std::string>();
    if (!given) return refuse(node, name, "a string");
    value = *given;
  } else if constexpr (std::is_same_v<T, Duration>) {
    read_duration(node, name, value);
  } else if constexpr (std::is_same_v<T, sim::Target>) {
    read_target(node, name, value);
  } else if constexpr (std::is_same_v<T, std::vector<ServerId>>) {
    read_servers(node, name, value);
  } else if constexpr (requires { value.emplace_back(); }) {
    const toml::array* list = node.as_array();
    if (list == nullptr) return refuse(node, name, "a list (" + std::string(meaning) + ")");
    value.clear();
    for (const toml::node& each : *list) {
      read(each, name, value.emplace_back(), meaning);
    }
  } else if constexpr (NamedEnum<T>) {
    const auto names = sim::names_of(T{});
    const std::optional<std::string> given = node.value_exact<std::string>();
    const std::optional<size_t> place = given ? place_of(names, *given) : std::nullopt;
    if (!place) return refuse(node, name, "one of " + listed(names));
    value = static_cast<T>(*place);
  } else if constexpr (requires { value.emplace(); }) {
    read(node, name, value.emplace(), meaning);
  } else {
    const toml::table* table = node.as_table();
    if (table == nullptr) return refuse(node, name, "a table (" + std::string(meaning) + ")");
    Reader inner(*table, "'" + std::string(name) + "'", text_);
    fields(inner, value);
    inner.finish();
  }
}

}  // namespace zoetrope::scenario
