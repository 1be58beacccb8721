// Java's properties text (the format of zoo.cfg): comments, separators, escapes and continued
// lines. Owns the entries that it read; knows no key and reads no file. Source:
// java.util.Properties.load.
#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <vector>

namespace zoetrope::net {

struct Property {
  std::string key;
  std::string value;
  uint32_t line = 0;  // where the entry begins; the first line is 1
};

struct PropertiesError {
  std::string what;
  uint32_t line = 0;
};

// Every entry in the order of the text; a key may occur more than once. Keys and values are
// trimmed, as upstream does after loading. \uXXXX becomes UTF-8; other bytes stay as they are (Java
// would read them as Latin-1, so that a path with an umlaut names another directory there).
std::expected<std::vector<Property>, PropertiesError> parse_properties(std::string_view text);

}  // namespace zoetrope::net
