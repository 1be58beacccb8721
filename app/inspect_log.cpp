// `zoetrope inspect` on a transaction log: one line a record, and on after damage where a valid
// record is found again.
#include <algorithm>
#include <string>

#include "app/inspect_files.hpp"
#include "app/inspect_output.hpp"
#include "core/base/date.hpp"
#include "core/base/endian.hpp"
#include "core/storage/log_tail.hpp"
#include "core/storage/transaction_log.hpp"

namespace zoetrope::app {

namespace {
using storage::kLogHeaderSize;
using storage::kRecordOverhead;

constexpr size_t kOffsetWidth = 9, kIdWidth = 19, kTimeWidth = 24, kCxidWidth = 6, kTypeWidth = 15;

class LogPrinter {
 public:
  LogPrinter(std::string_view name, std::string_view file, bool json)
      : name_(name), file_(file), json_(json) {}
  bool run();

 private:
  void header();
  void record(uint64_t offset, std::string_view payload);
  void damage(uint64_t offset);
  void summary(uint64_t end);

  std::string_view name_, file_;
  bool json_;
  bool healthy_ = true;
  size_t records_ = 0;
  Zxid last_;
};

void LogPrinter::header() {
  const int64_t version = file_.size() >= 8 ? static_cast<int32_t>(load_be32(file_.data() + 4)) : 0;
  const int64_t dbid =
      file_.size() >= kLogHeaderSize ? static_cast<int64_t>(load_be64(file_.data() + 8)) : 0;
  InspectLine(json_, "log")
      .field("file", name_)
      .number("version", version)
      .number("dbid", dbid)
      .number("bytes", static_cast<int64_t>(file_.size()))
      .print("transaction log " + std::string(name_) + ": version " + std::to_string(version) +
             ", dbid " + std::to_string(dbid) + ", " + std::to_string(file_.size()) + " bytes");
  if (json_) return;
  InspectLine(false, "").print(right_aligned("offset", kOffsetWidth) + "  " +
                               padded("zxid", kIdWidth) + padded("time", kTimeWidth + 1) +
                               padded("session", kIdWidth) + padded("cxid", kCxidWidth) + "  " +
                               padded("type", kTypeWidth + 1) + "checksum  what it does");
}

void LogPrinter::record(uint64_t offset, std::string_view payload) {
  jute::Reader in(payload);
  const jute::TxnHeader header = jute::read_txn_header(in);
  const auto txn = jute::decode_txn(payload);
  const std::string body = txn ? body_text(txn->body) : "CANNOT BE DECODED: " + txn.error().what;
  const std::string time = iso_date(WallTime{header.time_ms});
  std::string digest;
  if (txn && txn->digest) digest = std::to_string(static_cast<int64_t>(txn->digest->tree_digest));
  const std::string type(jute::to_string(header.type));
  if (!txn) healthy_ = false;
  if (records_ != 0 && header.zxid < last_) healthy_ = false;
  InspectLine line(json_, "record");
  line.number("offset", static_cast<int64_t>(offset))
      .field("zxid", hex_id(header.zxid.value))
      .field("time", time)
      .field("session", hex_id(header.client_id.value))
      .number("cxid", header.cxid)
      .field("type", type)
      .flag("checksum_ok", true)
      .flag("decodable", txn.has_value())
      .field("body", body);
  if (!digest.empty()) line.field("digest", digest);
  line.print(right_aligned(std::to_string(offset), kOffsetWidth) + "  " +
             padded(hex_id(header.zxid.value), kIdWidth) + padded(time, kTimeWidth + 1) +
             padded(hex_id(header.client_id.value), kIdWidth) +
             padded(std::to_string(header.cxid), kCxidWidth) + "  " + padded(type, kTypeWidth + 1) +
             "ok        " + body + (digest.empty() ? "" : "  digest " + digest));
  last_ = std::max(last_, header.zxid);
  ++records_;
}

void LogPrinter::damage(uint64_t offset) {
  const auto verdict = storage::judge_tail(file_, offset, last_);
  if (verdict && *verdict == storage::LogEnd::kZeroFill) return;
  healthy_ = healthy_ && verdict.has_value();
  const std::string what = verdict ? "a write that was not completed: recovery cuts the log here"
                                   : verdict.error().what + ": recovery refuses the log";
  InspectLine(json_, verdict ? "torn" : "damage")
      .number("offset", static_cast<int64_t>(offset))
      .field("what", what)
      .print(right_aligned(std::to_string(offset), kOffsetWidth) + "  " +
             (verdict ? "TORN  " : "DAMAGE  ") + what);
}

void LogPrinter::summary(uint64_t end) {
  InspectLine(json_, "end")
      .number("records", static_cast<int64_t>(records_))
      .field("last_zxid", hex_id(last_.value))
      .number("offset", static_cast<int64_t>(end))
      .number("bytes_after", static_cast<int64_t>(file_.size() - end))
      .flag("healthy", healthy_)
      .print(std::to_string(records_) + " records, the last is " + hex_id(last_.value) +
             "; they end at offset " + std::to_string(end) + ", " +
             std::to_string(file_.size() - end) + " bytes follow");
}

bool LogPrinter::run() {
  header();
  const auto state = storage::check_log_header(file_);
  if (!state || *state == storage::HeaderState::kTorn) {
    healthy_ = state.has_value();
    const std::string what = state ? "the header was never written" : state.error().what;
    InspectLine(json_, "damage").number("offset", 0).field("what", what).print("DAMAGE  " + what);
  }
  uint64_t at = std::min<uint64_t>(kLogHeaderSize, file_.size());
  for (;;) {
    while (const auto head = storage::valid_record_at(file_, at)) {
      record(at, head->payload);
      at += head->payload.size() + kRecordOverhead;
    }
    if (state && *state == storage::HeaderState::kPresent) damage(at);
    const auto next = storage::find_record(file_, at + 1, last_);
    if (!next) break;
    at = *next;
  }
  summary(at);
  return healthy_;
}
}  // namespace

bool inspect_log(std::string_view name, std::string_view file, bool json) {
  return LogPrinter(name, file, json).run();
}

}  // namespace zoetrope::app
