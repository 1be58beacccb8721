#include "app/run_report.hpp"

#include <CLI/Error.hpp>
#include <cstdio>
#include <fstream>
#include <sstream>

#include "properties/history_json.hpp"

namespace zoetrope::app {
namespace {

class FileSink : public sim::TraceSink {
 public:
  explicit FileSink(const std::string& path) : file_(std::fopen(path.c_str(), "w")) {
    if (file_ == nullptr) throw CLI::ValidationError("--trace", "cannot write " + path);
    // Whole lines, so that a trace is complete up to a broken assertion.
    std::setvbuf(file_, nullptr, _IOLBF, 1 << 16);
  }
  ~FileSink() override { std::fclose(file_); }
  FileSink(const FileSink&) = delete;
  FileSink& operator=(const FileSink&) = delete;

  void line(std::string_view text) override {
    std::fwrite(text.data(), 1, text.size(), file_);
    std::fputc('\n', file_);
  }

 private:
  std::FILE* file_;
};

unsigned long long number(uint64_t value) {
  return value;
}

}  // namespace

std::string virtual_text(uint64_t ms) {
  char text[40];
  const uint64_t seconds = ms / 1000;
  if (seconds < 3600) {
    std::snprintf(text, sizeof text, "%llum%02llus", number(seconds / 60), number(seconds % 60));
  } else {
    std::snprintf(text, sizeof text, "%lluh%02llum", number(seconds / 3600),
                  number(seconds / 60 % 60));
  }
  return text;
}

void show_counts(const sim::RunResult& result) {
  const sim::WorldCounts& c = result.counts;
  std::printf(
      "hash %016llx, %llu events, %s of virtual time, %llu operations (%llu outcomes unknown), "
      "%llu watch events, %llu sessions, %llu kills, %llu power losses (%llu lost unsynced data), "
      "%llu orderly stops, %llu stops for a failed disk\n",
      number(result.hash), number(c.events),
      virtual_text(static_cast<uint64_t>(result.virtual_time.ms())).c_str(), number(c.operations),
      number(c.unknown), number(c.watch_events), number(c.sessions), number(c.kills),
      number(c.power_losses), number(c.lost_data), number(c.shutdowns), number(c.halts));
  if (c.epochs == 0) return;
  std::printf("%llu epochs led, %llu partitions of %llu directions, %llu cuts of a history\n",
              number(c.epochs), number(c.partitions), number(c.cut_links), number(c.reloads));
}

void show_violations(const std::vector<properties::Violation>& violations) {
  for (const properties::Violation& violation : violations) {
    std::printf("  %s: %s\n", violation.property.c_str(), violation.summary.c_str());
    for (const std::string& line : violation.evidence) std::printf("      %s\n", line.c_str());
  }
}

std::unique_ptr<sim::TraceSink> open_trace(const std::string& path) {
  if (path.empty()) return nullptr;
  return std::make_unique<FileSink>(path);
}

void write_text(const std::string& option, const std::string& path, const std::string& text) {
  std::FILE* file = std::fopen(path.c_str(), "w");
  if (file == nullptr) throw CLI::ValidationError(option, "cannot write " + path);
  const bool whole = std::fwrite(text.data(), 1, text.size(), file) == text.size();
  if (std::fclose(file) != 0 || !whole) throw CLI::ValidationError(option, "cannot write " + path);
}

void write_history(const std::string& path, const properties::History& history) {
  write_text("--history", path, properties::to_json_lines(history));
}

std::string read_text(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  if (!file || !(text << file.rdbuf())) {
    throw CLI::ValidationError(path, "cannot be read");
  }
  return std::move(text).str();
}

}  // namespace zoetrope::app
