// `zoetrope inspect` on a data directory: its files, and what recovery would make of them.
#include <optional>
#include <string>
#include <utility>

#include "app/inspect_files.hpp"
#include "app/inspect_output.hpp"
#include "app/read_only_disk.hpp"
#include "core/storage/data_files.hpp"
#include "core/storage/recovery.hpp"
#include "core/storage/transaction_log.hpp"

namespace zoetrope::app {

namespace {
constexpr size_t kNameWidth = 28, kSizeWidth = 12;

class DirectoryPrinter {
 public:
  DirectoryPrinter(const std::string& log_directory, const std::string& snapshot_directory,
                   bool json)
      : disk_(log_directory, snapshot_directory), json_(json) {}
  bool run();

 private:
  void epoch(const std::string& name);
  void snapshot(const storage::SnapshotFile& file);
  void log(const storage::LogFile& file);
  void recovery();
  void problem(std::string_view what);

  ReadOnlyDisk disk_;
  bool json_;
  bool healthy_ = true;
};

void DirectoryPrinter::problem(std::string_view what) {
  healthy_ = false;
  InspectLine(json_, "problem").field("what", what).print("PROBLEM  " + std::string(what));
}

void DirectoryPrinter::epoch(const std::string& name) {
  constexpr uint64_t kEpochBytesMax = 64;
  const auto text = disk_.read({storage::Folder::kSnapshot, name}, 0, kEpochBytesMax);
  if (!text) return;
  InspectLine(json_, "epoch")
      .field("name", name)
      .field("value", *text)
      .print(padded(name, kNameWidth) + *text);
}

void DirectoryPrinter::snapshot(const storage::SnapshotFile& file) {
  std::optional<storage::DiskError> read_error;
  const auto content = storage::decode_snapshot(
      file.name, storage::snapshot_source(disk_, file.info.name, read_error), {});
  std::string verdict;
  if (read_error)
    verdict = "CANNOT BE READ: " + read_error->message;
  else if (!content) {
    verdict = "INVALID: " + content.error().what + ", at offset " +
              std::to_string(content.error().offset);
  } else {
    verdict = "valid, " + std::to_string(content->tree.node_count()) + " znodes, " +
              std::to_string(content->sessions.size()) + " sessions";
  }
  InspectLine(json_, "snapshot")
      .field("file", file.info.name)
      .number("bytes", static_cast<int64_t>(file.info.size))
      .field("zxid", hex_id(file.name.zxid.value))
      .flag("valid", content.has_value() && !read_error)
      .field("what", verdict)
      .print(padded(file.info.name, kNameWidth) +
             right_aligned(std::to_string(file.info.size), kSizeWidth) + " bytes  " + verdict);
}

void DirectoryPrinter::log(const storage::LogFile& file) {
  const auto bytes = storage::read_log_file(disk_, file.info.name);
  if (!bytes) return problem(bytes.error().message);
  Zxid first, last;
  size_t records = 0;
  const auto scan = storage::scan_log(*bytes, [&](const storage::LogRecord& record) {
    if (records++ == 0) first = record.header.zxid;
    last = record.header.zxid;
    return true;
  });
  std::string verdict = std::to_string(records) + " records";
  if (records != 0) verdict += ", " + hex_id(first.value) + " to " + hex_id(last.value);
  if (!scan) {
    verdict +=
        "; DAMAGED: " + scan.error().what + ", at offset " + std::to_string(scan.error().offset);
  } else if (scan->end == storage::LogEnd::kTornTail) {
    verdict += "; torn at offset " + std::to_string(scan->end_offset);
  }
  InspectLine(json_, "log")
      .field("file", file.info.name)
      .number("bytes", static_cast<int64_t>(file.info.size))
      .number("records", static_cast<int64_t>(records))
      .field("first_zxid", hex_id(first.value))
      .field("last_zxid", hex_id(last.value))
      .flag("damaged", !scan)
      .field("what", verdict)
      .print(padded(file.info.name, kNameWidth) +
             right_aligned(std::to_string(file.info.size), kSizeWidth) + " bytes  " + verdict);
}

void DirectoryPrinter::recovery() {
  const auto state = storage::recover(disk_, {});
  if (!state) return problem("recovery refuses this directory: " + state.error().message);
  for (const std::string& note : state->notes) {
    InspectLine(json_, "note").field("what", note).print("note     " + note);
  }
  for (const std::string& change : disk_.changes()) {
    InspectLine(json_, "change").field("what", change).print("would    " + change);
  }
  const std::string start = state->had_snapshot ? hex_id(state->snapshot_zxid.value) : "nothing";
  InspectLine(json_, "recovery")
      .field("snapshot_zxid", start)
      .number("replayed", static_cast<int64_t>(state->replayed))
      .field("last_zxid", hex_id(state->last_zxid.value))
      .number("nodes", static_cast<int64_t>(state->tree.node_count()))
      .number("sessions", static_cast<int64_t>(state->sessions.size()))
      .field("digest", std::to_string(static_cast<int64_t>(state->tree.digest())))
      .number("digest_mismatches", static_cast<int64_t>(state->digest_mismatches))
      .print("recovery starts from " + start + ", replays " + std::to_string(state->replayed) +
             " records and ends at " + hex_id(state->last_zxid.value) + " with " +
             std::to_string(state->tree.node_count()) + " znodes, " +
             std::to_string(state->sessions.size()) + " sessions, digest " +
             std::to_string(static_cast<int64_t>(state->tree.digest())) + " (" +
             std::to_string(state->digest_mismatches) + " mismatches)");
}

bool DirectoryPrinter::run() {
  const auto files = storage::list_data_files(disk_);
  if (!files) {
    problem(files.error().message);
    return false;
  }
  for (const char* name : {"currentEpoch", "acceptedEpoch"}) epoch(name);
  for (const storage::SnapshotFile& file : files->snapshots) snapshot(file);
  for (const storage::LogFile& file : files->logs) log(file);
  for (const std::string& name : files->unfinished) {
    InspectLine(json_, "unfinished")
        .field("file", name)
        .print(padded(name, kNameWidth) + "a snapshot that was not completed");
  }
  recovery();
  return healthy_;
}
}  // namespace

bool inspect_directory(const std::string& log_directory, const std::string& snapshot_directory,
                       bool json) {
  return DirectoryPrinter(log_directory, snapshot_directory, json).run();
}

}  // namespace zoetrope::app
