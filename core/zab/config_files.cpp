#include "core/zab/config_files.hpp"

#include <algorithm>
#include <utility>

#include "core/base/assert.hpp"
#include "core/quorum/config_text.hpp"

namespace zoetrope::zab {

namespace {

using storage::FileName;
using storage::Folder;

constexpr const char* kTemporary = ".tmp";
constexpr uint64_t kBytesMax = 1 << 20;

FileName file_of(const std::string& name) {
  return {Folder::kConfig, name};
}

std::string last_part(const std::string& path) {
  return path.substr(path.find_last_of('/') + 1);
}

// nullopt inside: there is no such file.
std::expected<std::optional<std::string>, std::string> read_text(storage::Disk& disk,
                                                                 const std::string& name) {
  const auto files = disk.list(Folder::kConfig);
  if (!files) return std::unexpected(files.error().message);
  if (std::ranges::find(*files, name, &storage::FileInfo::name) == files->end()) {
    return std::nullopt;
  }
  auto text = disk.read(file_of(name), 0, kBytesMax);
  if (!text) return std::unexpected(text.error().message);
  return std::move(*text);
}

std::expected<quorum::Ensemble, std::string> parse(const std::string& name,
                                                   const std::string& text) {
  auto ensemble = quorum::Ensemble::parse(text);
  if (!ensemble) return std::unexpected(name + ": " + ensemble.error());
  return std::move(*ensemble);
}

// What the static file's text points to, or its own lines.
std::expected<quorum::Ensemble, std::string> read_current(storage::Disk& disk,
                                                          const std::string& static_file,
                                                          const std::string& text) {
  const auto path = quorum::dynamic_path_in(text);
  if (!path) return parse(static_file, quorum::member_lines_in(text));
  const std::string name = last_part(*path);
  const auto lines = read_text(disk, name);
  if (!lines) return std::unexpected(lines.error());
  if (!*lines) return std::unexpected(name + " is missing, and " + static_file + " points to it");
  auto current = parse(name, **lines);
  if (current) current->version = quorum::version_of_file_name(name);
  return current;
}

}  // namespace

std::expected<StoredConfiguration, std::string> read_configuration(storage::Disk& disk,
                                                                   const std::string& static_file) {
  const auto text = read_text(disk, static_file);
  if (!text) return std::unexpected(text.error());
  if (!*text) return std::unexpected(static_file + " is missing");
  StoredConfiguration stored;
  auto current = read_current(disk, static_file, **text);
  if (!current) return std::unexpected(current.error());
  stored.current = std::move(*current);
  const std::string next_file = quorum::next_file_name(static_file);
  const auto next_text = read_text(disk, next_file);
  if (!next_text) return std::unexpected(next_text.error());
  if (!*next_text) return stored;
  auto next = parse(next_file, **next_text);
  if (!next) return std::unexpected(next.error());
  if (next->version > stored.current.version) stored.last_seen = std::move(*next);
  return stored;
}

void ConfigFiles::store_proposed(const quorum::Ensemble& ensemble) {
  if (names_.static_file.empty()) return;
  steps_.push_back({.kind = StepKind::kReplace,
                    .file = quorum::next_file_name(names_.static_file),
                    .text = quorum::dynamic_text(ensemble, true)});
}

void ConfigFiles::drop_proposed() {
  if (names_.static_file.empty()) return;
  steps_.push_back(
      {.kind = StepKind::kRemove, .file = quorum::next_file_name(names_.static_file), .text = {}});
}

void ConfigFiles::store_current(const quorum::Ensemble& ensemble) {
  if (names_.static_file.empty()) return;
  const std::string name = quorum::dynamic_file_name(names_.static_file, ensemble.version);
  const auto self = ensemble.members.find(self_);
  steps_.push_back(
      {.kind = StepKind::kReplace, .file = name, .text = quorum::dynamic_text(ensemble, false)});
  steps_.push_back(
      {.kind = StepKind::kPoint,
       .file = names_.static_file,
       .text = names_.directory.empty() ? name : names_.directory + "/" + name,
       .erase_client_port = self != ensemble.members.end() && self->second.client.has_value()});
  drop_proposed();
}

void ConfigFiles::issue(storage::DiskAction action, std::vector<storage::DiskOp>& out) {
  if (first_under_way_ == 0) first_under_way_ = next_op_;
  under_way_ = next_op_;
  out.push_back({next_op_++, storage::Lane::kLog, std::move(action)});
}

// The rename waits until the new content is known to be durable: after a full disk it would put
// half a file in the place of a good one.
void ConfigFiles::issue(std::vector<storage::DiskOp>& out) {
  if (under_way_ != 0 || is_reading_ || steps_.empty()) return;
  Step& step = steps_.front();
  const std::string temporary = step.file + kTemporary;
  if (step.kind == StepKind::kRemove) {
    issue(storage::RemoveFile{file_of(step.file)}, out);
  } else if (step.kind == StepKind::kPoint && !step.is_read) {
    is_reading_ = read_wish_ = true;
  } else if (step.is_written) {
    issue(storage::RenameFile{file_of(temporary), step.file}, out);
  } else {
    issue(storage::WriteFile{file_of(temporary), 0, step.text, 0}, out);
    issue(storage::TruncateFile{file_of(temporary), step.text.size()}, out);
    issue(storage::SyncFile{file_of(temporary)}, out);
    issue(storage::CloseFile{file_of(temporary)}, out);
  }
}

void ConfigFiles::static_read(std::optional<std::string_view> text) {
  ZT_ASSERT(is_reading_ && !steps_.empty());
  is_reading_ = false;
  Step& step = steps_.front();
  if (!text) {
    failure_ = "cannot read " + step.file + ", which does not point to " + step.text;
    steps_.pop_front();
    return give_change_up();
  }
  step.text = quorum::edited_static_text(*text, step.text, step.erase_client_port);
  step.is_read = true;
}

bool ConfigFiles::completed(uint64_t op, const std::optional<storage::DiskError>& error) {
  if (under_way_ == 0 || op < first_under_way_ || op > under_way_) return false;
  Step& step = steps_.front();
  // A file of a configuration to come that was never written, or stays, does no harm.
  const bool counts = error.has_value() && step.kind != StepKind::kRemove;
  if (counts && !failure_) failure_ = error->message;
  has_failed_ |= counts;
  if (op != under_way_) return true;
  first_under_way_ = under_way_ = 0;
  const bool is_half = step.kind != StepKind::kRemove && !step.is_written;
  const bool has_failed = std::exchange(has_failed_, false);
  if (!has_failed && is_half) {
    step.is_written = true;
  } else {
    steps_.pop_front();
    if (has_failed) give_change_up();
  }
  return true;
}

// A pointer to a file that could not be written would end the next start, and without the pointer
// the file of the configuration to come is all that tells of it.
void ConfigFiles::give_change_up() {
  while (!steps_.empty() && steps_.front().kind != StepKind::kReplace) steps_.pop_front();
}

void ConfigFiles::add_to(RunningHash& hash) const {
  hash.add(steps_.size());
  for (const Step& step : steps_) {
    hash.add(step.file);
    hash.add(step.text);
    hash.add(static_cast<uint64_t>(step.kind) * 8 + step.erase_client_port * 4U +
             step.is_written * 2U + step.is_read);
  }
  hash.add(under_way_);
  hash.add(uint64_t{has_failed_} * 4 + uint64_t{read_wish_} * 2 + uint64_t{is_reading_});
}

}  // namespace zoetrope::zab
