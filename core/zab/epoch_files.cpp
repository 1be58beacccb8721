#include "core/zab/epoch_files.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

#include "core/base/assert.hpp"

namespace zoetrope::zab {

namespace {

using storage::FileName;
using storage::Folder;

constexpr const char* kAccepted = "acceptedEpoch";
constexpr const char* kCurrent = "currentEpoch";
constexpr const char* kTemporary = ".tmp";
// What is announced may be all that makes the log acceptable, so it is replaced as a whole too.
constexpr const char* kNew = ".new";
// The longest text of a 64-bit number; a line end that a person left is allowed behind it.
constexpr uint64_t kBytesMax = 24;

FileName file_of(const std::string& name) {
  return {Folder::kSnapshot, name};
}

// nullopt inside: there is no such file.
std::expected<std::optional<int64_t>, std::string> read_number(
    storage::Disk& disk, const std::vector<storage::FileInfo>& files, const std::string& name) {
  const bool exists =
      std::ranges::any_of(files, [&](const storage::FileInfo& file) { return file.name == name; });
  if (!exists) return std::nullopt;
  const auto bytes = disk.read(file_of(name), 0, kBytesMax);
  if (!bytes) return std::unexpected(bytes.error().message);
  const std::string text = bytes->substr(0, bytes->find_last_not_of(" \r\n") + 1);
  int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value < 0) {
    return std::unexpected(name + " does not hold an epoch");
  }
  return value;
}

}  // namespace

std::expected<Epochs, std::string> read_epochs(storage::Disk& disk, Zxid last_logged) {
  const auto files = disk.list(Folder::kSnapshot);
  if (!files) return std::unexpected(files.error().message);
  const int64_t logged = last_logged.epoch();
  const auto current = read_number(disk, *files, kCurrent);
  if (!current) return std::unexpected(current.error());
  Epochs epochs;
  epochs.current = current->value_or(logged);
  if (logged > epochs.current) {
    const auto announced = read_number(disk, *files, std::string(kCurrent) + kTemporary);
    if (!announced) return std::unexpected(announced.error());
    if (announced->value_or(-1) < logged) {
      return std::unexpected(std::string(kCurrent) + " is " + std::to_string(epochs.current) +
                             ", and the log has transactions of epoch " + std::to_string(logged));
    }
    // Not the announced one: a part of the history that its leader sent may be all that is there.
    // Whoever has a transaction of an epoch has all that came before that epoch.
    epochs.current = logged;
    epochs.is_ahead_of_file = true;
  }
  const auto accepted = read_number(disk, *files, kAccepted);
  if (!accepted) return std::unexpected(accepted.error());
  epochs.accepted = accepted->value_or(logged);
  if (epochs.accepted < epochs.current) {
    return std::unexpected(std::string(kAccepted) +
                           (*accepted ? " is " + std::to_string(epochs.accepted) : " is missing") +
                           ", and " + kCurrent + " is " + std::to_string(epochs.current));
  }
  return epochs;
}

void EpochFiles::issue(storage::DiskAction action, std::vector<storage::DiskOp>& out) {
  under_way_.push_back(next_op_);
  out.push_back({next_op_++, storage::Lane::kLog, std::move(action)});
}

// What an earlier attempt left in the file may be longer: an epoch that came to nothing, since too
// few servers heard of it, can be followed by a smaller one.
void EpochFiles::replace(const std::string& name, const std::string& by, int64_t epoch,
                         std::vector<storage::DiskOp>& out) {
  const FileName file = file_of(by);
  const std::string text = std::to_string(epoch);
  issue(storage::WriteFile{file, 0, text, 0}, out);
  issue(storage::TruncateFile{file, text.size()}, out);
  issue(storage::SyncFile{file}, out);
  issue(storage::CloseFile{file}, out);
  issue(storage::RenameFile{file, name}, out);
}

void EpochFiles::set_accepted(int64_t epoch, std::vector<storage::DiskOp>& out) {
  ZT_ASSERT(!accepted_ && epoch >= durable_.accepted);
  replace(kAccepted, std::string(kAccepted) + kTemporary, epoch, out);
  accepted_ = Change{epoch, next_op_ - 1};
}

void EpochFiles::announce_current(int64_t epoch, std::vector<storage::DiskOp>& out) {
  ZT_ASSERT(!current_ && epoch >= durable_.current && epoch >= announced_.value_or(0));
  if (announced_ == epoch) return;
  replace(std::string(kCurrent) + kTemporary, std::string(kCurrent) + kNew, epoch, out);
  announced_ = epoch;
}

void EpochFiles::set_current(int64_t epoch, std::vector<storage::DiskOp>& out) {
  announce_current(epoch, out);
  issue(storage::RenameFile{file_of(std::string(kCurrent) + kTemporary), kCurrent}, out);
  announced_.reset();
  current_ = Change{epoch, next_op_ - 1};
}

bool EpochFiles::completed(uint64_t op) {
  if (std::erase(under_way_, op) == 0) return false;
  if (accepted_ && accepted_->last_op == op)
    durable_.accepted = std::exchange(accepted_, {})->epoch;
  if (current_ && current_->last_op == op) {
    durable_.current = std::exchange(current_, {})->epoch;
    durable_.is_ahead_of_file = false;
  }
  return true;
}

void EpochFiles::add_to(RunningHash& hash) const {
  hash.add(static_cast<uint64_t>(durable_.accepted));
  hash.add(static_cast<uint64_t>(durable_.current));
  hash.add(accepted_ ? accepted_->last_op : 0);
  hash.add(current_ ? current_->last_op : 0);
  hash.add(static_cast<uint64_t>(announced_.value_or(-1)));
  hash.add(uint64_t{under_way_.size()});
}

}  // namespace zoetrope::zab
