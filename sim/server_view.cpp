#include "sim/server_view.hpp"

#include <algorithm>
#include <map>
#include <set>

#include "core/storage/data_files.hpp"
#include "core/storage/transaction_log.hpp"
#include "properties/history_json.hpp"
#include "sim/evidence.hpp"

namespace zoetrope::sim {
namespace {

using Lines = std::vector<std::pair<std::string, std::string>>;

std::string zxid_of(Zxid zxid) {
  return zxid_text(static_cast<uint64_t>(zxid.value));
}

std::string content_text(const storage::FileInfo& file, const std::string& content) {
  std::string text = std::to_string(file.size) + " bytes";
  if (storage::zxid_of_log_name(file.name)) {
    const auto scan = storage::scan_log(content, [](const storage::LogRecord&) { return true; });
    if (!scan) return text + ", damaged at " + std::to_string(scan.error().offset);
    return text + ", " + std::to_string(scan->records) + " records up to " + zxid_of(scan->last);
  }
  const bool is_epoch = file.name == "acceptedEpoch" || file.name == "currentEpoch";
  return is_epoch ? text + ", " + content : text;
}

Lines files_of(const SimDisk& disk) {
  Lines lines;
  for (const storage::Folder folder :
       {storage::Folder::kLog, storage::Folder::kSnapshot, storage::Folder::kConfig}) {
    for (const storage::FileInfo& file : disk.list(folder)) {
      lines.emplace_back(file.name, content_text(file, *disk.content({folder, file.name})));
    }
  }
  return lines;
}

void add_standing(Lines& facts, const Engine& engine) {
  const auto standing = engine.standing();
  if (!standing) return facts.emplace_back("standing", "stands alone"), void();
  facts.emplace_back("standing", describe(*standing));
  std::string configuration = engine.configuration();
  std::ranges::replace(configuration, '\n', ' ');
  facts.emplace_back("configuration", std::move(configuration));
}

void add_engine(ServerView& view, const Engine& engine) {
  Lines& facts = view.facts;
  add_standing(facts, engine);
  facts.emplace_back("applied", zxid_of(engine.last_processed()));
  if (const auto seen = engine.inspect()) {
    facts.emplace_back("committed", zxid_of(seen->committed));
    facts.emplace_back("logged", zxid_of(seen->logged));
    facts.emplace_back("durable", zxid_of(seen->durable));
    facts.emplace_back("outstanding", std::to_string(seen->outstanding));
    facts.emplace_back("client connections", std::to_string(seen->connections));
    facts.emplace_back("watches", std::to_string(seen->watches));
    for (const auto& [session, timeout_ms] : seen->sessions) {
      view.sessions.emplace_back(zxid_text(static_cast<uint64_t>(session.value)),
                                 std::to_string(timeout_ms) + "ms");
    }
  }
  if (const tree::Tree* tree = engine.tree()) {
    facts.emplace_back("znodes", std::to_string(tree->node_count()));
    facts.emplace_back("tree digest", zxid_text(tree->digest()));
    view.nodes = final_nodes(*tree);
  }
  facts.emplace_back("fingerprint", zxid_text(engine.fingerprint()));
}

std::string node_text(const properties::FinalNode& node) {
  std::string text = "no data";
  if (node.data) properties::append_json_string(text = "", *node.data);
  return text + ", " + properties::describe(node.stat);
}

// Two lists by their first parts; `what` of each line that is not the same on both sides.
void compare_lines(std::string& out, const Lines& a, const Lines& b, const std::string& what) {
  std::map<std::string, std::pair<std::string, std::string>> both;
  for (const auto& [name, text] : a) both[name].first = text;
  for (const auto& [name, text] : b) both[name].second = text;
  for (const auto& [name, texts] : both) {
    if (texts.first == texts.second) continue;
    const auto shown = [](const std::string& text) { return text.empty() ? "-" : text; };
    out += what + name + ": " + shown(texts.first) + " | " + shown(texts.second) + "\n";
  }
}

Lines lines_of(const std::vector<properties::FinalNode>& nodes) {
  Lines lines;
  for (const properties::FinalNode& node : nodes) lines.emplace_back(node.path, node_text(node));
  return lines;
}

}  // namespace

ServerView view_of(const World& world, size_t server) {
  const Process& process = world.process(server);
  ServerView view;
  view.name = "server " + std::to_string(process.config().server.server_id.value);
  view.facts.emplace_back("process", process.running() ? "runs" : "does not run");
  view.facts.emplace_back("starts", std::to_string(process.starts()));
  view.facts.emplace_back("steps", std::to_string(process.steps()));
  if (const Engine* engine = process.engine()) add_engine(view, *engine);
  std::string peers;
  for (const ConnectionId id : world.network().connections_of(process.host())) {
    for (const Side side : {Side::kOpener, Side::kAcceptor}) {
      const HostId peer = world.network().host(id, side);
      if (peer == process.host()) continue;
      peers += (peers.empty() ? "" : ", ") + connection_text(id.value) + " with " +
               lane_name(peer.value, static_cast<uint32_t>(world.process_count()));
    }
  }
  view.facts.emplace_back("connections", peers);
  view.facts.emplace_back("unsynced bytes", std::to_string(process.disk().unsynced_bytes()));
  view.files = files_of(process.disk());
  return view;
}

std::string to_text(const ServerView& view) {
  std::string text = view.name + "\n";
  const auto add = [&](const Lines& lines, const std::string& before) {
    for (const auto& [name, value] : lines) text += "  " + before + name + ": " + value + "\n";
  };
  add(view.facts, "");
  add(view.sessions, "session ");
  add(view.files, "file ");
  return text;
}

std::string compare(const ServerView& a, const ServerView& b) {
  std::string text;
  compare_lines(text, a.facts, b.facts, "");
  // Of a server that does not run only the disk is there.
  if (a.nodes.empty() != b.nodes.empty()) {
    compare_lines(text, a.files, b.files, "file ");
    return text;
  }
  compare_lines(text, a.sessions, b.sessions, "session ");
  compare_lines(text, a.files, b.files, "file ");
  compare_lines(text, lines_of(a.nodes), lines_of(b.nodes), "znode ");
  return text;
}

}  // namespace zoetrope::sim
