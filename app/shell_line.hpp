// One command line of the shell: words and options, by zkCli's rules. Owns copies of the words;
// never knows what a command does.
#pragma once

#include <map>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace zoetrope::app {

// Words between white space; a word that begins with a quote ends with the same quote, and may hold
// white space. There is no escape character. (Upstream: ZooKeeperMain.MyCommandOptions.)
std::vector<std::string> split_words(std::string_view line);

// A command that cannot be carried out; the message is one line.
class CommandError : public std::runtime_error {
 public:
  // `code`: a short name for machines, such as "NoNode".
  CommandError(std::string code, const std::string& message)
      : std::runtime_error(message), code_(std::move(code)) {}
  const std::string& code() const { return code_; }

 private:
  std::string code_;
};
// The words do not fit the command.
inline CommandError usage_error(const std::string& message) {
  return CommandError("Usage", message);
}

// A command's words sorted into options and arguments.
class CommandWords {
 public:
  // `accepted`: names of options, a ':' behind those that take a value: {"s", "v:", "file:"}.
  // Options may stand anywhere and single letters may be joined ("-sw"); a negative number is an
  // argument, and so is everything behind "--". Throws CommandError.
  CommandWords(const std::vector<std::string>& words, const std::vector<std::string>& accepted);

  bool has(const std::string& option) const { return options_.contains(option); }
  // The value of an option, if it was given.
  std::optional<std::string> value(const std::string& option) const;
  // The value as a number. Throws CommandError with `complaint`.
  std::optional<int64_t> number(const std::string& option, const std::string& complaint) const;
  // Arguments without the command itself.
  const std::vector<std::string>& arguments() const { return arguments_; }

 private:
  void take_option(const std::vector<std::string>& words, size_t& at,
                   const std::vector<std::string>& accepted);

  std::map<std::string, std::string> options_;
  std::vector<std::string> arguments_;
};

}  // namespace zoetrope::app
