// The two forms in which an EnsembleView is shown: a table for people, JSON for machines.
#include <algorithm>
#include <array>

#include "app/ensemble_view.hpp"
#include "app/inspect_output.hpp"
#include "properties/history_json.hpp"

namespace zoetrope::app {
namespace {

constexpr size_t kColumns = 11;
using Row = std::array<std::string, kColumns>;

constexpr std::array<const char*, kColumns> kTitles = {
    "SERVER",      "ROLE",    "EPOCH",  "ZXID",  "LAG",    "CONNECTIONS",
    "OUTSTANDING", "LATENCY", "ZNODES", "STATE", "VERSION"};

std::string shown(const std::optional<int64_t>& value) {
  return value ? std::to_string(*value) : "-";
}

std::string shown(const std::string& text) {
  return text.empty() ? "-" : text;
}

Row row_of(const ServerView& server) {
  return {server.name,
          server.serves() ? server.role : "-",
          shown(server.epoch()),
          server.zxid ? hex_id(*server.zxid) : "-",
          shown(server.lag),
          shown(server.connections),
          shown(server.outstanding),
          shown(server.latency),
          shown(server.znodes),
          shown(server.state),
          shown(server.version)};
}

std::string line_of(const Row& row, const std::array<size_t, kColumns>& widths) {
  std::string line;
  for (size_t i = 0; i < kColumns; ++i) line += padded(row[i], widths[i]) + "  ";
  line.erase(line.find_last_not_of(' ') + 1);
  return line + "\n";
}

void append_text(std::string& out, const char* key, const std::string& text) {
  out += std::string(",\"") + key + "\":";
  if (text.empty()) {
    out += "null";
  } else {
    properties::append_json_string(out, text);
  }
}

void append_number(std::string& out, const char* key, const std::optional<int64_t>& value) {
  out += std::string(",\"") + key + "\":" + (value ? std::to_string(*value) : "null");
}

std::string to_json(const ServerView& server) {
  std::string out = "{\"server\":";
  properties::append_json_string(out, server.name);
  out += std::string(",\"serves\":") + (server.serves() ? "true" : "false");
  append_number(out, "id", server.id);
  append_text(out, "role", server.role);
  append_number(out, "epoch", server.epoch());
  append_text(out, "zxid", server.zxid ? hex_id(*server.zxid) : "");
  append_number(out, "lag", server.lag);
  append_number(out, "connections", server.connections);
  append_number(out, "outstanding", server.outstanding);
  append_text(out, "latency_min_avg_max_ms", server.latency);
  append_number(out, "znodes", server.znodes);
  append_text(out, "state", server.state);
  append_text(out, "version", server.version);
  append_text(out, "problem", server.problem);
  append_text(out, "note", server.note);
  return out + "}";
}

}  // namespace

std::string to_table(const EnsembleView& view) {
  std::vector<Row> rows(1);
  std::ranges::copy(kTitles, rows[0].begin());
  for (const ServerView& server : view.servers) rows.push_back(row_of(server));
  std::array<size_t, kColumns> widths{};
  for (const Row& row : rows) {
    for (size_t i = 0; i < kColumns; ++i) widths[i] = std::max(widths[i], row[i].size());
  }
  std::string text;
  for (const Row& row : rows) text += line_of(row, widths);
  for (const ServerView& server : view.servers) {
    if (!server.note.empty()) text += server.name + ": " + server.note + "\n";
  }
  for (const std::string& problem : view.problems) text += problem + "\n";
  return text;
}

std::string to_json(const EnsembleView& view) {
  std::string out = std::string("{\"well\":") + (view.is_well() ? "true" : "false");
  append_text(out, "leader", view.leader ? view.servers[*view.leader].name : "");
  append_text(out, "configuration", view.configuration ? hex_id(view.configuration->version) : "");
  out += ",\"servers\":[";
  for (size_t i = 0; i < view.servers.size(); ++i) {
    if (i > 0) out += ",";
    out += to_json(view.servers[i]);
  }
  out += "],\"problems\":[";
  for (size_t i = 0; i < view.problems.size(); ++i) {
    if (i > 0) out += ",";
    properties::append_json_string(out, view.problems[i]);
  }
  return out + "]}";
}

}  // namespace zoetrope::app
