// Where the shell's command lines come from: a terminal, with line editing, history and completion
// (libedit), or a pipe. While a line is awaited, the owner's `wait` is called with the file that
// will be readable, so that the client session lives on. Owns the unread input.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace zoetrope::app {

// Returns when the file descriptor can be read.
using WaitReadable = std::function<void(int fd)>;
// The prompt as it should be now.
using Prompt = std::function<std::string()>;
// All words that the last word of `line` may become.
using Complete = std::function<std::vector<std::string>(std::string_view line)>;

class LineSource {
 public:
  virtual ~LineSource() = default;
  // The next line without its end; nullopt at the end of input.
  virtual std::optional<std::string> next() = 0;
  // Something was printed while a line was awaited.
  virtual void redraw() {}
};

// Lines of standard input, without prompts.
std::unique_ptr<LineSource> make_pipe_source(WaitReadable wait);
// Lines typed at the terminal.
std::unique_ptr<LineSource> make_terminal_source(WaitReadable wait, Prompt prompt,
                                                 Complete complete);

}  // namespace zoetrope::app
