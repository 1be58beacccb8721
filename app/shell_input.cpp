#include "app/shell_input.hpp"

#include <histedit.h>
#include <unistd.h>

#include <cerrno>
#include <clocale>
#include <cstdio>
#include <cstring>
#include <cwchar>

namespace zoetrope::app {
namespace {

class PipeSource : public LineSource {
 public:
  explicit PipeSource(WaitReadable wait) : wait_(std::move(wait)) {}

  std::optional<std::string> next() override {
    while (true) {
      const size_t end = unread_.find('\n');
      if (end != std::string::npos) return take(end, end + 1);
      if (at_end_) break;
      wait_(STDIN_FILENO);
      char bytes[4096];
      const ssize_t got = ::read(STDIN_FILENO, bytes, sizeof bytes);
      if (got > 0)
        unread_.append(bytes, static_cast<size_t>(got));
      else if (got == 0 || errno != EINTR)
        at_end_ = true;
    }
    if (unread_.empty()) return std::nullopt;
    return take(unread_.size(), unread_.size());  // a last line without its end
  }

 private:
  std::string take(size_t line_bytes, size_t used_bytes) {
    std::string line = unread_.substr(0, line_bytes);
    unread_.erase(0, used_bytes);
    return line;
  }

  WaitReadable wait_;
  std::string unread_;
  bool at_end_ = false;
};

std::string common_prefix(const std::vector<std::string>& words) {
  std::string prefix = words.front();
  for (const std::string& word : words) {
    size_t same = 0;
    while (same < prefix.size() && same < word.size() && prefix[same] == word[same]) ++same;
    prefix.resize(same);
  }
  return prefix;
}

class TerminalSource : public LineSource {
 public:
  TerminalSource(WaitReadable wait, Prompt prompt, Complete complete)
      : wait_(std::move(wait)), prompt_(std::move(prompt)), complete_(std::move(complete)) {
    std::setlocale(LC_CTYPE, "");
    history_ = history_init();
    HistEvent event;
    history(history_, &event, H_SETSIZE, 1000);
    editor_ = el_init("zoetrope", stdin, stdout, stderr);
    el_set(editor_, EL_CLIENTDATA, this);
    el_set(editor_, EL_PROMPT, &TerminalSource::show_prompt);
    el_set(editor_, EL_EDITOR, "emacs");
    el_set(editor_, EL_SIGNAL, 1);
    el_set(editor_, EL_HIST, &history, history_);
    el_set(editor_, EL_GETCFN, &TerminalSource::read_character);
    el_set(editor_, EL_ADDFN, "complete-word", "Complete the word", &TerminalSource::on_tab);
    el_set(editor_, EL_BIND, "^I", "complete-word", nullptr);
    el_source(editor_, nullptr);
  }
  ~TerminalSource() override {
    el_end(editor_);
    history_end(history_);
  }
  TerminalSource(const TerminalSource&) = delete;
  TerminalSource& operator=(const TerminalSource&) = delete;

  std::optional<std::string> next() override {
    editing_ = true;
    int bytes = 0;
    const char* text = el_gets(editor_, &bytes);
    editing_ = false;
    if (text == nullptr || bytes <= 0) {
      std::fputc('\n', stdout);
      return std::nullopt;
    }
    std::string line(text, static_cast<size_t>(bytes));
    while (line.ends_with('\n') || line.ends_with('\r')) line.pop_back();
    HistEvent event;
    if (!line.empty()) history(history_, &event, H_ENTER, line.c_str());
    return line;
  }

  void redraw() override {
    if (editing_) el_set(editor_, EL_REFRESH);
  }

 private:
  static TerminalSource& self(EditLine* editor) {
    void* data = nullptr;
    el_get(editor, EL_CLIENTDATA, &data);
    return *static_cast<TerminalSource*>(data);
  }

  static char* show_prompt(EditLine* editor) {
    TerminalSource& source = self(editor);
    source.prompt_text_ = source.prompt_();
    return source.prompt_text_.data();
  }

  static int read_character(EditLine* editor, wchar_t* character) {
    TerminalSource& source = self(editor);
    std::mbstate_t state{};
    while (true) {
      source.wait_(STDIN_FILENO);
      char byte = 0;
      const ssize_t got = ::read(STDIN_FILENO, &byte, 1);
      if (got < 0 && errno == EINTR) continue;
      if (got <= 0) return static_cast<int>(got);
      const size_t status = std::mbrtowc(character, &byte, 1, &state);
      if (status == static_cast<size_t>(-2)) continue;  // not a whole character yet
      if (status != static_cast<size_t>(-1)) return 1;
      state = {};
    }
  }

  static unsigned char on_tab(EditLine* editor, int) {
    const LineInfo* info = el_line(editor);
    const std::string line(info->buffer, info->cursor);
    const size_t begin = line.find_last_of(" \t");
    const std::string word = line.substr(begin == std::string::npos ? 0 : begin + 1);
    const std::vector<std::string> candidates = self(editor).complete_(line);
    if (candidates.empty()) return CC_REFRESH_BEEP;
    const std::string prefix = common_prefix(candidates);
    if (prefix.size() > word.size())
      el_insertstr(editor, prefix.c_str() + word.size());
    else if (candidates.size() > 1)
      self(editor).show(candidates);
    return CC_REFRESH;
  }

  void show(const std::vector<std::string>& candidates) {
    std::fputc('\n', stdout);
    for (const std::string& candidate : candidates) std::printf("%s  ", candidate.c_str());
    std::fputc('\n', stdout);
    std::fflush(stdout);
    redraw();
  }

  WaitReadable wait_;
  Prompt prompt_;
  Complete complete_;
  EditLine* editor_ = nullptr;
  History* history_ = nullptr;
  std::string prompt_text_;  // what libedit was given
  bool editing_ = false;
};

}  // namespace

std::unique_ptr<LineSource> make_pipe_source(WaitReadable wait) {
  return std::make_unique<PipeSource>(std::move(wait));
}

std::unique_ptr<LineSource> make_terminal_source(WaitReadable wait, Prompt prompt,
                                                 Complete complete) {
  return std::make_unique<TerminalSource>(std::move(wait), std::move(prompt), std::move(complete));
}

}  // namespace zoetrope::app
