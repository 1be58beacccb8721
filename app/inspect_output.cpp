#include "app/inspect_output.hpp"

#include <cstdio>
#include <utility>
#include <variant>

#include "app/shell_output.hpp"
#include "core/base/error.hpp"

namespace zoetrope::app {

namespace {
constexpr size_t kPreviewBytes = 40;

std::string quoted(std::string_view text) {
  return '"' + std::string(text) + '"';
}

std::string created(std::string_view path, jute::BufferView data, std::string_view acl,
                    int32_t parent_cversion) {
  return quoted(path) + " " + data_text(data) + " acl " + acl_text(acl) + " parentCVersion " +
         std::to_string(parent_cversion);
}

struct BodyText {
  std::string operator()(const jute::CreateTxn& txn) const {
    return created(txn.path, txn.data, txn.acl, txn.parent_cversion) +
           (txn.ephemeral ? " ephemeral" : "");
  }
  std::string operator()(const jute::CreateContainerTxn& txn) const {
    return created(txn.path, txn.data, txn.acl, txn.parent_cversion);
  }
  std::string operator()(const jute::CreateTtlTxn& txn) const {
    return created(txn.path, txn.data, txn.acl, txn.parent_cversion) + " ttl " +
           std::to_string(txn.ttl_ms) + " ms";
  }
  std::string operator()(const jute::DeleteTxn& txn) const { return quoted(txn.path); }
  std::string operator()(const jute::SetDataTxn& txn) const {
    return quoted(txn.path) + " " + data_text(txn.data) + " version " + std::to_string(txn.version);
  }
  std::string operator()(const jute::SetAclTxn& txn) const {
    return quoted(txn.path) + " acl " + acl_text(txn.acl) + " aversion " +
           std::to_string(txn.version);
  }
  std::string operator()(const jute::CheckTxn& txn) const {
    return quoted(txn.path) + " version " + std::to_string(txn.version);
  }
  std::string operator()(const jute::ErrorTxn& txn) const {
    return std::string(to_string(txn.error)) + " (" +
           std::to_string(static_cast<int32_t>(txn.error)) + ")";
  }
  std::string operator()(const jute::CreateSessionTxn& txn) const {
    return "timeout " + std::to_string(txn.timeout_ms) + " ms";
  }
  std::string operator()(const jute::CloseSessionTxn& txn) const {
    if (!txn.paths) return "without a list of ephemerals";
    std::string text = std::to_string(txn.paths->size()) + " ephemerals";
    for (const std::string_view path : *txn.paths) text += " " + quoted(path);
    return text;
  }
  std::string operator()(const jute::MultiTxn& txn) const {
    std::string text = txn.failed() ? "failed" : std::to_string(txn.txns.size()) + " operations";
    for (const jute::SubTxn& sub : txn.txns) {
      const auto body = jute::decode_txn_body(sub.type, sub.body);
      text += "; " + std::string(jute::to_string(sub.type)) + " ";
      text += body ? body_text(*body) : "(cannot be decoded: " + body.error().what + ")";
    }
    return text;
  }
};
}  // namespace

InspectLine::InspectLine(bool json, std::string_view kind) : json_(json) {
  field("kind", kind);
}

InspectLine& InspectLine::field(std::string_view name, std::string_view text) {
  if (!json_) return *this;
  object_ += object_.empty() ? "{" : ",";
  object_ += json_text(name) + ":" + json_text(text);
  return *this;
}

InspectLine& InspectLine::number(std::string_view name, int64_t value) {
  if (json_) object_ += "," + json_text(name) + ":" + std::to_string(value);
  return *this;
}

InspectLine& InspectLine::flag(std::string_view name, bool value) {
  if (json_) object_ += "," + json_text(name) + (value ? ":true" : ":false");
  return *this;
}

void InspectLine::print(std::string_view text) const {
  std::string line = json_ ? object_ + "}" : std::string(text);
  // Stored names may hold anything, and a terminal obeys what it is sent.
  for (char& c : line) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = '?';
  }
  line += '\n';
  std::fwrite(line.data(), 1, line.size(), stdout);
}

std::string padded(std::string_view text, size_t width) {
  return std::string(text) + std::string(text.size() < width ? width - text.size() : 0, ' ');
}

std::string right_aligned(std::string_view text, size_t width) {
  return std::string(text.size() < width ? width - text.size() : 0, ' ') + std::string(text);
}

std::string hex_id(int64_t value) {
  char text[24];
  std::snprintf(text, sizeof text, "0x%llx", static_cast<unsigned long long>(value));
  return text;
}

std::string data_text(jute::BufferView data) {
  if (!data) return "no data";
  std::string preview(data->substr(0, kPreviewBytes));
  for (char& c : preview) {
    if (static_cast<unsigned char>(c) < 0x20 || static_cast<unsigned char>(c) > 0x7e) c = '.';
  }
  std::string text = std::to_string(data->size()) + " bytes";
  if (!preview.empty()) text += " " + quoted(preview);
  if (data->size() > kPreviewBytes) text += "...";
  return text;
}

std::string acl_text(std::string_view encoded) {
  constexpr std::pair<int32_t, char> kLetters[] = {{jute::kCreate, 'c'},
                                                   {jute::kDelete, 'd'},
                                                   {jute::kRead, 'r'},
                                                   {jute::kWrite, 'w'},
                                                   {jute::kAdmin, 'a'}};
  jute::Reader in(encoded);
  std::string text;
  for (const jute::Acl& acl : jute::read_acl_list(in)) {
    if (!text.empty()) text += ", ";
    text += acl.id.scheme + ":" + acl.id.id + ":";
    for (const auto& [permission, letter] : kLetters) {
      if ((acl.permissions & permission) != 0) text += letter;
    }
  }
  if (!in.ok()) return "(malformed)";
  return text.empty() ? "(open)" : text;
}

std::string body_text(const jute::TxnBody& body) {
  return std::visit(BodyText{}, body);
}

}  // namespace zoetrope::app
