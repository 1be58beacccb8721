// What a process says to a trace: the inputs that its engine takes, the effects that are carried
// out, and how its standing changes.
#include "core/base/hash.hpp"
#include "sim/process.hpp"

namespace zoetrope::sim {
namespace {

void show(Record& record, std::string_view bytes) {
  record.detail = bytes.size();
  record.bytes = bytes;
  record.digest = static_cast<uint16_t>(hash_bytes(bytes));
}

struct InputSubject {
  Record& record;
  void operator()(const node::Opened& i) { record.subject = i.connection.value; }
  void operator()(const node::Connected& i) { record.subject = i.connection.value; }
  void operator()(const node::ConnectFailed& i) { record.subject = i.token; }
  // The delivery has told of the bytes.
  void operator()(const node::Received& i) {
    record.subject = i.connection.value;
    record.detail = i.bytes.size();
  }
  void operator()(const node::Closed& i) { record.subject = i.connection.value; }
  void operator()(const node::Backlog& i) {
    record.subject = i.connection.value;
    record.detail = i.unsent_bytes;
  }
  void operator()(const node::DiskDone& i) {
    record.subject = i.op;
    if (i.error) record.text = i.error->message;
  }
  void operator()(const node::FileRead& i) {
    record.subject = i.token;
    // What was written has its digest.
    record.detail = i.bytes.size();
    if (i.error) record.text = i.error->message;
  }
  void operator()(const auto&) {}
};

struct EffectSubject {
  Record& record;
  const node::Effects& effects;
  std::string& text;
  void operator()(const node::Send& e) {
    record.subject = e.connection.value;
    show(record, effects.bytes(e));
  }
  void operator()(const node::Close& e) {
    record.subject = e.connection.value;
    record.detail = static_cast<uint64_t>(e.how);
  }
  void operator()(const node::PauseReading& e) { record.subject = e.connection.value; }
  void operator()(const node::ResumeReading& e) { record.subject = e.connection.value; }
  void operator()(const node::AskBacklog& e) {
    record.subject = e.connection.value;
    record.detail = e.at_most;
  }
  void operator()(const node::Disk& e) {
    if (const auto* write = std::get_if<storage::WriteFile>(&e.op.action)) {
      show(record, write->bytes);
    } else {
      text = text_of(e.op.action);
    }
    record.subject = e.op.id;
  }
  void operator()(const node::ReadFile& e) {
    record.subject = e.token;
    record.detail = e.length;
    text = e.file.name;
  }
  void operator()(const node::Connect& e) {
    record.subject = e.token;
    text = e.to.to_string();
  }
  void operator()(const node::AbandonConnect& e) { record.subject = e.token; }
  void operator()(const node::Listen& e) {
    record.subject = static_cast<uint64_t>(e.port);
    record.detail = e.on ? 1 : 0;
  }
  void operator()(const node::Reload& e) {
    record.subject = e.last ? static_cast<uint64_t>(e.last->value) : 0;
  }
  void operator()(const node::Log& e) { record.text = e.text; }
  void operator()(const node::Halt& e) { record.text = e.reason; }
  void operator()(const auto&) {}
};

}  // namespace

void Process::record(const node::Input& input) {
  Record record;
  record.kind = RecordKind::kInput;
  record.what = static_cast<uint8_t>(input.index());
  record.lane = host_.value;
  std::visit(InputSubject{record}, input);
  trace_.record(record);
}

void Process::record(const node::Effect& effect) {
  Record record;
  record.kind = RecordKind::kEffect;
  record.what = static_cast<uint8_t>(effect.index());
  record.lane = host_.value;
  std::string text;
  std::visit(EffectSubject{record, effects_, text}, effect);
  if (record.text.empty()) record.text = text;
  const auto* send = std::get_if<node::Send>(&effect);
  record.waits = send != nullptr && socket(send->connection) == nullptr;
  trace_.record(record);
}

void Process::record_standing() {
  const std::optional<Standing> standing = engine_->standing();
  if (!standing) return;
  // What changes with every transaction is no change of standing.
  Standing told = *standing;
  told.is_proposing = false;
  if (recorded_ == told) return;
  recorded_ = told;
  record(StateChange::kStanding, static_cast<uint64_t>(told.epoch), describe(told));
}

}  // namespace zoetrope::sim
