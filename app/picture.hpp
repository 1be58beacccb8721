// Where a drawn story goes: the options `--export` and `--out`, which whatever draws shares.
#pragma once

#include <CLI/App.hpp>
#include <string>

#include "trace/export.hpp"

namespace zoetrope::app {

struct PictureOptions {
  std::string format;  // empty: nothing is drawn
  std::string out;     // empty: standard output
};

void add_picture_options(CLI::App& command, PictureOptions& options);
void write_picture(const trace::Story& story, const PictureOptions& options,
                   const trace::ExportOptions& how);

}  // namespace zoetrope::app
