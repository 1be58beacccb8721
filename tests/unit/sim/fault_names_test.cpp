// Every fault has a name of its own and a row in docs/faults.md that names all of its parts.
#include <gtest/gtest.h>

#include <fstream>
#include <set>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "sim/step_fields.hpp"

namespace zoetrope::sim {
namespace {

std::string faults_document() {
  std::ifstream file(std::string(ZT_TEST_DATA) + "/../../docs/faults.md");
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

// A visitor that gathers the names of parts.
struct Names {
  template <typename T>
  void need(std::string_view name, T&, std::string_view what) {
    add(name, what);
  }
  template <typename T>
  void field(std::string_view name, T&, std::string_view what) {
    add(name, what);
  }
  template <typename T>
  void server(std::string_view name, T&, std::string_view what) {
    add(name, what);
  }
  template <typename T>
  void servers(std::string_view name, T&, std::string_view what) {
    add(name, what);
  }
  template <typename T>
  void region(std::string_view name, T&, std::string_view what) {
    add(name, what);
  }
  template <typename T>
  void client(std::string_view name, T&, std::string_view what) {
    add(name, what);
  }
  template <typename T>
  void clients(std::string_view name, T&, std::string_view what) {
    add(name, what);
  }
  void add(std::string_view name, std::string_view what) {
    EXPECT_FALSE(what.empty()) << name;
    names.emplace_back(name);
  }
  std::vector<std::string> names;
};

template <typename Take>
void each_action(Take&& take) {
  [&]<size_t... I>(std::index_sequence<I...>) {
    (take(std::variant_alternative_t<I, Action>()), ...);
  }(std::make_index_sequence<std::variant_size_v<Action>>());
}

std::string in_backticks(std::string_view name) {
  return "`" + std::string(name) + "`";
}

TEST(FaultNames, EveryActionHasARowWithAllItsParts) {
  const std::string document = faults_document();
  ASSERT_FALSE(document.empty());
  each_action([&](auto action) {
    const std::string name(name_of(action).name);
    const size_t row = document.find("\n| " + in_backticks(name) + " |");
    ASSERT_NE(row, std::string::npos) << "no row for " << name;
    const std::string line = document.substr(row + 1, document.find('\n', row + 1) - row - 1);
    Names parts;
    fields(parts, action);
    for (const std::string& part : parts.names) {
      EXPECT_NE(line.find(in_backticks(part)), std::string::npos) << name << " has " << part;
    }
  });
  Names latency;
  Latency any;
  fields(latency, any);
  for (const std::string& part : latency.names) {
    EXPECT_NE(document.find(in_backticks(part)), std::string::npos) << part;
  }
}

TEST(FaultNames, NoTwoActionsAndNoTwoPartsOfOneShareAName) {
  std::set<std::string> names;
  each_action([&](auto action) {
    EXPECT_TRUE(names.emplace(name_of(action).name).second) << name_of(action).name;
    EXPECT_FALSE(name_of(action).what.empty());
    Names parts;
    fields(parts, action);
    const std::set<std::string> once(parts.names.begin(), parts.names.end());
    EXPECT_EQ(once.size(), parts.names.size()) << name_of(action).name;
  });
}

}  // namespace
}  // namespace zoetrope::sim
