// The commands of the shell that talk to a server, in one table: zkCli's names, usage lines and
// options. Owns nothing; each command says what it found to the output or throws a CommandError.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "app/client_operations.hpp"
#include "app/shell_line.hpp"
#include "app/shell_output.hpp"

namespace zoetrope::app {

// What a command works with.
struct CommandContext {
  ClientSession& session;
  ShellOutput& out;
};

struct Command {
  std::string_view name;
  std::string_view usage;  // without the name
  std::vector<std::string> options;
  size_t arguments_min;
  void (*run)(CommandContext context, const CommandWords& words);
};

// Sorted by name.
const std::vector<Command>& commands();
const Command* find_command(std::string_view name);

// --- shared by the files that hold commands ------------------------------------------------------

// The sentence that zkCli prints for an error.
std::string describe(ErrorCode code, std::string_view path);
[[noreturn]] inline void fail(ErrorCode code, std::string_view path) {
  throw CommandError(std::string(to_string(code)), describe(code, path));
}
// The value, or the command fails.
template <class T>
T must(Result<T> result, std::string_view path) {
  if (!result) fail(result.error(), path);
  if constexpr (!std::is_void_v<T>) return *std::move(result);
}
// Refuses what cannot be a path, in upstream's words. (PathUtils.validatePath)
void check_path(const std::string& path);
// "scheme:id:perms,..." into a list. Throws CommandError.
jute::AclList parse_acl(const std::string& text);
std::string permissions_text(int32_t permissions);
// "/a" and "b" give "/a/b".
std::string child_path(const std::string& parent, const std::string& name);

// Commands of other files.
void run_ls(CommandContext context, const CommandWords& words);
void run_deleteall(CommandContext context, const CommandWords& words);
void run_set_acl(CommandContext context, const CommandWords& words);
void run_setquota(CommandContext context, const CommandWords& words);
void run_listquota(CommandContext context, const CommandWords& words);
void run_delquota(CommandContext context, const CommandWords& words);
void run_config(CommandContext context, const CommandWords& words);
void run_reconfig(CommandContext context, const CommandWords& words);

}  // namespace zoetrope::app
