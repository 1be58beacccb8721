// Lines of `zoetrope inspect`: one JSON object each for machines, or text for people. And the texts
// of what is stored: zxids, data, ACLs, transactions.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/base/ids.hpp"
#include "core/jute/txn.hpp"

namespace zoetrope::app {

// One line. The fields are for JSON; print() shows them or the text.
class InspectLine {
 public:
  InspectLine(bool json, std::string_view kind);
  InspectLine& field(std::string_view name, std::string_view text);
  InspectLine& field(std::string_view name, const char* text) {
    return field(name, std::string_view(text));
  }
  InspectLine& number(std::string_view name, int64_t value);
  InspectLine& flag(std::string_view name, bool value);
  void print(std::string_view text) const;

 private:
  bool json_;
  std::string object_;
};

std::string padded(std::string_view text, size_t width);         // spaces on the right
std::string right_aligned(std::string_view text, size_t width);  // spaces on the left
// "0x" and lower-case hexadecimal, as ZooKeeper prints zxids and session ids.
std::string hex_id(int64_t value);
// Size and beginning of a znode's data.
std::string data_text(jute::BufferView data);
// "world:anyone:cdrwa, ..." of an encoded vector<ACL>.
std::string acl_text(std::string_view encoded);
// What a transaction does, without its type.
std::string body_text(const jute::TxnBody& body);

}  // namespace zoetrope::app
