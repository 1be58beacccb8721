#include "app/shell.hpp"

#include <poll.h>

#include <algorithm>
#include <charconv>

#include "app/shell_commands.hpp"

namespace zoetrope::app {
namespace {

// Commands of the shell itself, and their arguments.
constexpr std::pair<std::string_view, std::string_view> kOwnCommands[] = {
    {"close", ""},     {"connect", "host:port"},   {"help", ""},
    {"history", ""},   {"printwatches", "on|off"}, {"quit", ""},
    {"redo", "cmdno"},
};

}  // namespace

Shell::Shell(ShellOptions options, bool tells_state)
    : options_(std::move(options)), tells_state_(tells_state), out_(options_.json) {}

void Shell::open(bool waits) {
  connect(options_.server);
  if (!waits) return;
  const auto connected = session_->connect();
  if (!connected) throw CommandError("ConnectionLoss", connected.error());
}

void Shell::connect(const std::string& server) {
  const auto parsed = load::parse_connect_string(server);
  if (!parsed) throw usage_error(parsed.error());
  auto addresses = load::resolve(parsed->servers);
  if (!addresses) throw CommandError("UnknownHost", addresses.error());
  close();
  options_.server = server;
  session_ = std::make_unique<ClientSession>(
      *std::move(addresses), parsed->chroot, options_.timeout_ms, options_.read_only,
      [this](const WatchedEvent& event) { on_event(event); });
}

void Shell::close() {
  if (session_ && session_->alive()) session_->close();
}

void Shell::on_event(const WatchedEvent& event) {
  if (!prints_watches_ || (!event.path && !tells_state_)) return;
  out_.event(event);
  if (on_printed_) on_printed_();
}

bool Shell::execute(const std::string& line) {
  if (line.find_first_not_of(" \t\r") == std::string::npos) return true;
  bool done = false;
  try {
    const auto words = split_words(line);
    history_.push_back(line);
    if (session_) session_->poll_events();
    run_words(words);
    // Events that came with the reply are told with it.
    if (session_) session_->poll_events();
    out_.succeed(line);
    done = true;
  } catch (const CommandError& error) {
    out_.fail(line, error.code(), error.what());
  }
  return done;
}

void Shell::run_words(const std::vector<std::string>& words) {
  if (run_own(words)) return;
  const Command* command = find_command(words[0]);
  if (command == nullptr) {
    throw CommandError("CommandNotFound", "Command not found: " + words[0] + " (try help)");
  }
  const CommandWords parsed(words, command->options);
  if (parsed.arguments().size() < command->arguments_min) {
    throw usage_error(std::string(command->name) + " " + std::string(command->usage));
  }
  if (!session_ || !session_->alive()) throw CommandError("NotConnected", "Not connected");
  command->run({*session_, out_}, parsed);
}

bool Shell::run_own(const std::vector<std::string>& words) {
  const std::string& name = words[0];
  if (name == "quit") {
    quits_ = true;
    close();
  } else if (name == "close") {
    close();
  } else if (name == "connect") {
    connect(words.size() > 1 ? words[1] : options_.server);
    const auto connected = session_->connect();
    if (!connected) throw CommandError("ConnectionLoss", connected.error());
  } else if (name == "help") {
    print_help();
  } else if (name == "history") {
    print_history();
  } else if (name == "printwatches") {
    if (words.size() > 1)
      prints_watches_ = words[1] == "on";
    else
      out_.line(std::string("printwatches is ") + (prints_watches_ ? "on" : "off"));
    out_.field("printwatches", prints_watches_ ? "on" : "off");
  } else if (name == "redo") {
    redo(words);
  } else {
    return false;
  }
  return true;
}

void Shell::redo(const std::vector<std::string>& words) {
  size_t number = 0;
  const std::string text = words.size() > 1 ? words[1] : "";
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size()) throw usage_error("redo cmdno");
  // The redo itself is the last line of the history.
  if (number + 1 >= history_.size()) throw usage_error("Command index out of range");
  const std::string line = history_[number];
  const auto again = split_words(line);
  if (again[0] == "redo") throw usage_error("No redoing redos");
  history_.back() = line;
  run_words(again);
}

void Shell::print_history() {
  const size_t begin = history_.size() > 11 ? history_.size() - 11 : 0;
  for (size_t i = begin; i < history_.size(); ++i) {
    out_.line(std::to_string(i) + " - " + history_[i]);
  }
  out_.field("history", history_);
}

void Shell::print_help() {
  std::vector<std::string> lines;
  for (const auto& [name, usage] : kOwnCommands) {
    lines.push_back(std::string(name) + " " + std::string(usage));
  }
  for (const Command& command : commands()) {
    lines.push_back(std::string(command.name) + " " + std::string(command.usage));
  }
  std::sort(lines.begin(), lines.end());
  for (const std::string& line : lines) out_.line("\t" + line);
  out_.field("commands", lines);
}

std::string Shell::prompt() const {
  const std::string state(session_ ? session_->state_name() : "CLOSED");
  return "[zk: " + options_.server + "(" + state + ") " + std::to_string(history_.size()) + "] ";
}

void Shell::wait_readable(int fd) {
  if (session_) return session_->wait_readable(fd);
  pollfd polled{fd, POLLIN, 0};
  ::poll(&polled, 1, -1);
}

std::vector<std::string> Shell::complete(std::string_view line) {
  const size_t space = line.find_last_of(" \t");
  const std::string word(space == std::string_view::npos ? line : line.substr(space + 1));
  std::vector<std::string> found;
  if (space == std::string_view::npos) {
    for (const auto& [name, usage] : kOwnCommands) {
      if (name.starts_with(word)) found.emplace_back(name);
    }
    for (const Command& command : commands()) {
      if (command.name.starts_with(word)) found.emplace_back(command.name);
    }
    std::sort(found.begin(), found.end());
    return found;
  }
  if (!word.starts_with('/') || !session_ || !session_->alive()) return found;
  const size_t slash = word.rfind('/');
  const std::string parent = slash == 0 ? "/" : word.substr(0, slash);
  const auto list = children(*session_, parent, false);
  if (!list) return found;
  for (const std::string& name : list->names) {
    const std::string path = child_path(parent, name);
    if (path.starts_with(word)) found.push_back(path);
  }
  return found;
}

}  // namespace zoetrope::app
