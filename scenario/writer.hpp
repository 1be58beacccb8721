// Writes the parts of a value as words: the visitor of sim/step_fields.hpp and
// sim/world_fields.hpp for printing. What has its default is left out by whoever compares two lists
// of parts. Owns the list.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "core/base/ids.hpp"
#include "scenario/words.hpp"
#include "sim/world_fields.hpp"

namespace zoetrope::scenario {

// A part's name and its value in TOML.
using Parts = std::vector<std::pair<std::string, std::string>>;

// "[1, 2, 3]"
template <typename Values, typename Word>
std::string list_of(const Values& values, Word&& word) {
  std::string text = "[";
  for (const auto& value : values) text += (text.size() > 1 ? ", " : "") + word(value);
  return text + "]";
}

// What `parts` has and `defaults` has not, as "a = 1, b = 2" with that between two.
Parts without(const Parts& parts, const Parts& defaults);
std::string joined(const Parts& parts, std::string_view between);

class Writer {
 public:
  template <typename T>
  void field(std::string_view name, const T& value, std::string_view) {
    if (std::string text = write(value); !text.empty()) parts_.emplace_back(name, std::move(text));
  }
  template <typename T>
  void need(std::string_view name, const T& value, std::string_view meaning) {
    field(name, value, meaning);
  }
  void server(std::string_view name, uint32_t index, std::string_view) {
    parts_.emplace_back(name, id(index));
  }
  void client(std::string_view name, uint32_t index, std::string_view) {
    parts_.emplace_back(name, std::to_string(index));
  }
  void region(std::string_view name, const std::string& value, std::string_view meaning) {
    field(name, value, meaning);
  }
  void servers(std::string_view name, const std::vector<uint32_t>& indices, std::string_view) {
    parts_.emplace_back(name, list_of(indices, id));
  }
  void clients(std::string_view name, const std::optional<std::vector<uint32_t>>& indices,
               std::string_view) {
    if (!indices) return;
    parts_.emplace_back(name, list_of(*indices, [](uint32_t i) { return std::to_string(i); }));
  }
  void add(std::string_view name, std::string text) { parts_.emplace_back(name, std::move(text)); }

  Parts take() { return std::move(parts_); }

 private:
  static std::string id(uint32_t index) { return std::to_string(index + 1); }

  // Empty: there is nothing to write.
  template <typename T>
  static std::string write(const T& value) {
    if constexpr (std::is_same_v<T, bool>) {
      return value ? "true" : "false";
    } else if constexpr (std::is_integral_v<T>) {
      return std::to_string(value);
    } else if constexpr (std::is_same_v<T, std::string>) {
      return quoted(value);
    } else if constexpr (std::is_same_v<T, Duration>) {
      return quoted(to_words(value));
    } else if constexpr (std::is_same_v<T, sim::Target>) {
      if (value.kind == sim::Target::Kind::kServer) return id(value.index);
      if (value.kind == sim::Target::Kind::kSet) return list_of(value.servers, id);
      return quoted(to_words(value));
    } else if constexpr (std::is_same_v<T, std::vector<ServerId>>) {
      return list_of(value, [](ServerId server) { return std::to_string(server.value); });
    } else if constexpr (requires(T list) { list.emplace_back(); }) {
      return list_of(value, [](const auto& each) { return write(each); });
    } else if constexpr (std::is_enum_v<T>) {
      return quoted(sim::names_of(T{})[static_cast<size_t>(value)]);
    } else if constexpr (requires { value.has_value(); }) {
      return value ? write(*value) : std::string();
    } else {
      Writer inner;
      T copy = value;
      fields(inner, copy);
      return "{ " + joined(inner.take(), ", ") + " }";
    }
  }

  Parts parts_;
};

// All parts of a value.
template <typename T>
Parts parts_of(T value) {
  Writer writer;
  fields(writer, value);
  return writer.take();
}

// Those that must be given, as they are.
class NeededWriter : public Writer {
 public:
  template <typename T>
  void field(std::string_view, const T&, std::string_view) {}
  template <typename T>
  void need(std::string_view name, const T& value, std::string_view meaning) {
    Writer::field(name, value, meaning);
  }
};
template <typename T>
Parts needed_parts(T value) {
  NeededWriter writer;
  fields(writer, value);
  return writer.take();
}

// Those that must be given, and those that are not as usual.
template <typename T>
Parts telling_parts(const T& value) {
  return without(parts_of(value), without(parts_of(T()), needed_parts(T())));
}

// One line for each part: its name, what it means, its default.
class Describer {
 public:
  template <typename T>
  void field(std::string_view name, const T& value, std::string_view meaning) {
    Writer writer;
    writer.field(name, value, meaning);
    const Parts parts = writer.take();
    line(name, meaning, parts.empty() ? "not given" : "default " + parts[0].second);
  }
  template <typename T>
  void need(std::string_view name, const T&, std::string_view meaning) {
    line(name, meaning, "needed");
  }
  void server(std::string_view name, uint32_t, std::string_view meaning) {
    line(name, meaning, "a server's id, needed");
  }
  void client(std::string_view name, uint32_t, std::string_view meaning) {
    line(name, meaning, "a client's number, needed");
  }
  void region(std::string_view name, const std::string&, std::string_view meaning) {
    line(name, meaning, "a region of the topology, needed");
  }
  void servers(std::string_view name, const std::vector<uint32_t>&, std::string_view meaning) {
    line(name, meaning, "a list of ids, needed");
  }
  void clients(std::string_view name, const std::optional<std::vector<uint32_t>>&,
               std::string_view meaning) {
    line(name, meaning, "a list of numbers");
  }
  std::string take() { return std::move(text_); }

 private:
  void line(std::string_view name, std::string_view meaning, const std::string& value) {
    text_ += "    " + std::string(name) + ": " + std::string(meaning) + " (" + value + ")\n";
  }

  std::string text_;
};
template <typename T>
std::string described(T value) {
  Describer describer;
  fields(describer, value);
  return describer.take();
}

}  // namespace zoetrope::scenario
