#include "app/picture.hpp"

#include <cstdio>

#include "app/run_report.hpp"

namespace zoetrope::app {
namespace {

// "text, svg, ... or dot".
std::string format_names() {
  std::string text;
  for (int format = 0; format <= static_cast<int>(trace::Format::kDot); ++format) {
    if (format != 0) text += format == static_cast<int>(trace::Format::kDot) ? " or " : ", ";
    text += trace::to_string(static_cast<trace::Format>(format));
  }
  return text;
}

}  // namespace

void add_picture_options(CLI::App& command, PictureOptions& options) {
  command
      .add_option("--export", options.format,
                  "Draw what happened: " + format_names() + " (docs/traces.md)")
      ->check([](const std::string& name) {
        if (trace::format_named(name)) return std::string();
        return "is " + format_names() + ", not '" + name + "'";
      });
  command.add_option("--out", options.out, "Where the picture goes (default: standard output)");
}

void write_picture(const trace::Story& story, const PictureOptions& options,
                   const trace::ExportOptions& how) {
  const std::string text = trace::draw(story, *trace::format_named(options.format), how);
  if (options.out.empty()) {
    std::fwrite(text.data(), 1, text.size(), stdout);
  } else {
    write_text("--out", options.out, text);
    std::printf("%s: %zu bytes\n", options.out.c_str(), text.size());
  }
}

}  // namespace zoetrope::app
