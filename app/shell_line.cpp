#include "app/shell_line.hpp"

#include <algorithm>
#include <charconv>

namespace zoetrope::app {
namespace {

constexpr std::string_view kWhite = " \t\r\n\f\v";

bool is_number(std::string_view text) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc{} && end == text.data() + text.size();
}

bool is_option(std::string_view word) {
  return word.size() > 1 && word[0] == '-' && !is_number(word);
}

bool contains(const std::vector<std::string>& list, std::string_view item) {
  return std::find(list.begin(), list.end(), item) != list.end();
}

}  // namespace

std::vector<std::string> split_words(std::string_view line) {
  std::vector<std::string> words;
  while (true) {
    const size_t begin = line.find_first_not_of(kWhite);
    if (begin == std::string_view::npos) return words;
    line.remove_prefix(begin);
    if (line[0] == '"' || line[0] == '\'') {
      const size_t close = line.find(line[0], 1);
      if (close == std::string_view::npos) {
        throw usage_error("no closing " + std::string(1, line[0]) + " in the line");
      }
      words.emplace_back(line.substr(1, close - 1));
      line.remove_prefix(close + 1);
    } else {
      const size_t end = std::min(line.find_first_of(kWhite), line.size());
      words.emplace_back(line.substr(0, end));
      line.remove_prefix(end);
    }
  }
}

CommandWords::CommandWords(const std::vector<std::string>& words,
                           const std::vector<std::string>& accepted) {
  bool options_over = false;
  for (size_t at = 1; at < words.size(); ++at) {
    if (!options_over && words[at] == "--")
      options_over = true;
    else if (!options_over && is_option(words[at]))
      take_option(words, at, accepted);
    else
      arguments_.push_back(words[at]);
  }
}

void CommandWords::take_option(const std::vector<std::string>& words, size_t& at,
                               const std::vector<std::string>& accepted) {
  std::string name = words[at].substr(1);
  if (name.starts_with('-')) name.erase(0, 1);
  // A whole name first, then letters that are joined; the last of them may take a value.
  while (!name.empty()) {
    std::string rest;
    if (!contains(accepted, name) && !contains(accepted, name + ":")) {
      rest = name.substr(1);
      name.resize(1);
    }
    if (contains(accepted, name)) {
      options_[name];
    } else if (contains(accepted, name + ":")) {
      if (rest.empty() && at + 1 >= words.size()) {
        throw usage_error("Missing argument for option: " + name);
      }
      if (rest.starts_with('=')) rest.erase(0, 1);
      options_[name] = rest.empty() ? words[++at] : rest;
      rest.clear();
    } else {
      throw usage_error("Unrecognized option: " + words[at]);
    }
    name = rest;
  }
}

std::optional<std::string> CommandWords::value(const std::string& option) const {
  const auto found = options_.find(option);
  if (found == options_.end()) return std::nullopt;
  return found->second;
}

std::optional<int64_t> CommandWords::number(const std::string& option,
                                            const std::string& complaint) const {
  const auto text = value(option);
  if (!text) return std::nullopt;
  int64_t result = 0;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), result);
  if (error != std::errc{} || end != text->data() + text->size()) throw usage_error(complaint);
  return result;
}

}  // namespace zoetrope::app
