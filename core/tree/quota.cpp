#include "core/tree/quota.hpp"

#include <charconv>

namespace zoetrope::tree {

namespace {

// "key=value", an empty value standing for -1; what follows a second '=' is ignored, as upstream
// does, because its own texts have a stray one.
bool parse_pair(std::string_view pair, Quota& quota) {
  const size_t equals = pair.find('=');
  if (equals == std::string_view::npos) return false;
  const std::string_view key = pair.substr(0, equals);
  std::string_view text = pair.substr(equals + 1);
  text = text.substr(0, text.find('='));
  int64_t value = -1;
  if (!text.empty()) {
    if (text.front() == '+') text.remove_prefix(1);
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size()) return false;
  }
  if (key == "count") quota.count = value;
  if (key == "bytes") quota.bytes = value;
  if (key == "countHardLimit") quota.count_hard = value;
  if (key == "byteHardLimit") quota.bytes_hard = value;
  return true;
}

}  // namespace

std::optional<Quota> parse_quota(std::string_view text) {
  Quota quota;
  while (!text.empty()) {
    const size_t end = text.find_first_of(",;");
    const std::string_view pair = text.substr(0, end);
    if (!pair.empty() && !parse_pair(pair, quota)) return std::nullopt;
    text = end == std::string_view::npos ? std::string_view() : text.substr(end + 1);
  }
  return quota;
}

std::string to_string(const Quota& quota) {
  std::string text =
      "count=" + std::to_string(quota.count) + ",bytes=" + std::to_string(quota.bytes);
  if (quota.bytes_hard != -1 || quota.count_hard != -1) text += '=';
  if (quota.bytes_hard != -1) text += ";byteHardLimit=" + std::to_string(quota.bytes_hard);
  if (quota.count_hard != -1) text += ";countHardLimit=" + std::to_string(quota.count_hard);
  return text;
}

}  // namespace zoetrope::tree
