#include "app/replay_recordings.hpp"

#include <algorithm>
#include <cinttypes>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <system_error>
#include <utility>

#include "app/subcommands.hpp"
#include "core/base/date.hpp"
#include "record/file.hpp"
#include "replay/replay.hpp"
#include "replay/story.hpp"

namespace zoetrope::app {

namespace fs = std::filesystem;

namespace {

// Oldest first.
std::vector<fs::path> files_of(const std::string& directory) {
  std::vector<std::pair<uint32_t, fs::path>> files;
  std::error_code error;
  for (fs::directory_iterator it(directory, error), end; !error && it != end; it.increment(error)) {
    const auto number = record::parse_file_name(it->path().filename().string());
    if (number) files.emplace_back(*number, it->path());
  }
  std::ranges::sort(files);
  std::vector<fs::path> paths;
  for (auto& [number, path] : files) paths.push_back(std::move(path));
  return paths;
}

std::optional<std::string> content_of(const fs::path& path) {
  std::error_code error;
  const uintmax_t size = fs::file_size(path, error);
  std::ifstream in(path, std::ios::binary);
  if (error || !in) return std::nullopt;
  std::string content(size, '\0');
  in.read(content.data(), static_cast<std::streamsize>(size));
  if (in.bad()) return std::nullopt;
  content.resize(static_cast<size_t>(in.gcount()));
  return content;
}

std::string counted(uint64_t n, const char* one, const char* many) {
  return std::to_string(n) + " " + (n == 1 ? one : many);
}

const char* text_of(replay::BreakKind kind) {
  switch (kind) {
    case replay::BreakKind::kStopped: return "the server stopped in order";
    case replay::BreakKind::kKilled: return "the server ended without a word";
    case replay::BreakKind::kGap: return "what follows is missing";
    case replay::BreakKind::kLeft: return "nothing further was recorded";
  }
  return "";
}

void show(std::FILE* out, const std::string& directory, const replay::Report& report) {
  const auto span_ms = report.first ? report.last->wall.ms - report.first->wall.ms : 0;
  std::fprintf(out, "%s: server %" PRId64 ", %s, %s in %" PRId64 ".%03d s", directory.c_str(),
               report.server.value, counted(report.files, "file", "files").c_str(),
               counted(report.steps, "step", "steps").c_str(), span_ms / 1000,
               static_cast<int>(span_ms % 1000));
  if (report.first) std::fprintf(out, ", from %s", iso_date(report.first->wall).c_str());
  std::fprintf(out, "\n");
  for (const replay::Break& end : report.breaks) {
    std::fprintf(out, "  behind step %" PRIu64 ", at %s: %s\n", end.step,
                 iso_date(end.now.wall).c_str(), text_of(end.kind));
  }
  if (const auto& difference = report.difference) {
    std::fprintf(out, "  step %" PRIu64 ", at %s, in %s: ", difference->step,
                 iso_date(difference->now.wall).c_str(), difference->file.c_str());
    if (difference->effects.empty()) {
      std::fprintf(out, "the state before it is another one than was recorded\n");
      return;
    }
    std::fprintf(out, "something else came of it than had\n    input: %s\n",
                 difference->input.c_str());
    for (const std::string& effect : difference->effects) {
      std::fprintf(out, "    found: %s\n", effect.c_str());
    }
    return;
  }
  std::fprintf(out,
               "  the same effects of %s, %s of files the same; effects %016" PRIx64
               ", state %016" PRIx64 "\n",
               counted(report.inputs_compared, "step", "steps").c_str(),
               counted(report.states_compared, "beginning", "beginnings").c_str(), report.effects,
               report.fingerprint);
}

// The exit status of one.
int replay_one(const std::string& directory, std::FILE* out, replay::Teller* teller) {
  const std::vector<fs::path> files = files_of(directory);
  if (files.empty()) {
    std::fprintf(stderr, "zoetrope replay: %s: no recording is there\n", directory.c_str());
    return kExitUsage;
  }
  replay::Replayer replayer(
      teller == nullptr ? replay::Replayer::SeeStep()
                        : [teller](const replay::Step& step) { teller->see(step); },
      teller == nullptr ? replay::Replayer::SeeBreak()
                        : [teller](const replay::Break& end) { teller->see(end); });
  int status = kExitHeld;
  for (const fs::path& path : files) {
    const auto content = content_of(path);
    if (!content) {
      std::fprintf(stderr, "zoetrope replay: %s: cannot be read\n", path.c_str());
      status = kExitUsage;
      continue;
    }
    replayer.take(path.string(), *content);
  }
  const replay::Report report = replayer.finish();
  for (const replay::Damage& damage : report.damages) {
    std::fprintf(stderr,
                 "zoetrope replay: %s: %s (byte %" PRIu64 "); what stands before was replayed\n",
                 damage.file.c_str(), damage.error.what.c_str(), damage.error.offset);
    status = kExitUsage;
  }
  show(out, directory, report);
  return report.difference ? kExitViolated : status;
}

void draw(const RecordingOptions& options, std::vector<replay::Told> told) {
  trace::ExportOptions how;
  if (options.from_ms) how.from = MonotonicTime::from_ms(*options.from_ms);
  if (options.to_ms) how.to = MonotonicTime::from_ms(*options.to_ms);
  write_picture(replay::merge(std::move(told)), options.picture, how);
}

}  // namespace

int replay_recordings(const RecordingOptions& options) {
  const bool draws = !options.picture.format.empty();
  std::FILE* report = draws && options.picture.out.empty() ? stderr : stdout;
  int status = kExitHeld;
  std::vector<replay::Told> told;
  for (const std::string& directory : options.directories) {
    replay::Teller teller;
    const int one = replay_one(directory, report, draws ? &teller : nullptr);
    if (status != kExitViolated && one != kExitHeld) status = one;
    if (draws) told.push_back(teller.take());
  }
  if (draws) draw(options, std::move(told));
  return status;
}

}  // namespace zoetrope::app
