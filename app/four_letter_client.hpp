// Asks servers a four-letter word, all of them at once, so that one that hangs delays nobody else.
// Owns its sockets for the length of a call; never reads what an answer means.
#pragma once

#include <chrono>
#include <expected>
#include <string>
#include <string_view>
#include <vector>

#include "app/load/connect_string.hpp"

namespace zoetrope::app {

// The whole answer, or one line that says why there is none.
using WordAnswer = std::expected<std::string, std::string>;

// One answer for each server, in their order. A name that stands for several addresses is tried at
// one after the other; `patience` is for each of them.
std::vector<WordAnswer> ask_servers(const std::vector<load::HostPort>& servers,
                                    std::string_view word, std::chrono::milliseconds patience);

// True for the answer of a server whose 4lw.commands.whitelist lacks the word.
bool is_refused_word(std::string_view answer);

}  // namespace zoetrope::app
