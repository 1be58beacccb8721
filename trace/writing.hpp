// Texts of a story in the alphabets of the formats. Names and paths come from clients, so that any
// byte may stand in them.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "core/base/time.hpp"

namespace zoetrope::trace {

// One line that can be read and told from every other: what is no printable UTF-8 becomes \xNN, a
// backslash two.
std::string printable(std::string_view text);
// The same as a JSON string, with its quotes.
std::string json_string(std::string_view text);
// The same between XML tags or in an attribute, or within a string of Graphviz, cut to so many
// characters.
std::string xml_text(std::string_view text, size_t characters = std::string_view::npos);
std::string dot_text(std::string_view text, size_t characters);

// At most so many characters of printable text, the last three of them "..." for the rest.
std::string cut_to(std::string text, size_t characters);
size_t characters_of(std::string_view text);

// "12.345678ms", as in the simulator's messages.
std::string time_text(MonotonicTime at);
// For people: "1.5 s", "20.0 us".
std::string duration_text(Duration duration);

}  // namespace zoetrope::trace
