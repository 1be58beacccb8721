// What the shell's commands say: lines for people, spelled as zkCli's, or one JSON object a command
// for machines. Owns the fields of the command at hand; never decides what is said.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "app/client_session.hpp"
#include "core/jute/records.hpp"

namespace zoetrope::app {

class ShellOutput {
 public:
  explicit ShellOutput(bool json) : json_(json) {}

  bool json() const { return json_; }
  // A line of the result (stdout), and one beside it (stderr), as zkCli divides them. Nothing in
  // JSON mode.
  void line(std::string_view text);
  void note(std::string_view text);
  // A Stat in zkCli's form, and as a field.
  void stat(const jute::Stat& stat);
  // Fields of the JSON object. Data that is no UTF-8 is given in hexadecimal, as "NAME_hex".
  void field(std::string_view name, std::string_view text);
  void field(std::string_view name, const char* text) { field(name, std::string_view(text)); }
  void field(std::string_view name, int64_t number);
  void field_null(std::string_view name);
  void field(std::string_view name, const std::vector<std::string>& texts);
  // A field whose value is JSON already.
  void field_raw(std::string_view name, std::string json);
  // A watch event, at once.
  void event(const WatchedEvent& event);
  // The end of a command: prints the object, or the error as one line on stderr.
  void succeed(std::string_view command);
  void fail(std::string_view command, std::string_view code, std::string_view message);

 private:
  void print_object(std::string_view command, bool ok);

  bool json_;
  std::vector<std::pair<std::string, std::string>> fields_;
};

// A JSON string with its quotes; bytes that are no UTF-8 become U+FFFD.
std::string json_text(std::string_view text);

}  // namespace zoetrope::app
