// setquota, listquota and delquota: quotas are ordinary nodes that clients write
// (facts/client-protocol.md section 18; upstream SetQuotaCommand, StatsTrack).
#include <charconv>
#include <map>

#include "app/shell_commands.hpp"

namespace zoetrope::app {
namespace {

const std::string kQuotaRoot = "/zookeeper/quota";
constexpr const char* kLimitsName = "zookeeper_limits";
constexpr const char* kStatsName = "zookeeper_stats";
const jute::AclList kOpenAcl{{jute::kAllPermissions, {"world", "anyone"}}};

std::string quota_path(const std::string& path) {
  return path == "/" ? kQuotaRoot : kQuotaRoot + path;
}
std::string limits_path(const std::string& path) {
  return quota_path(path) + "/" + kLimitsName;
}
std::string stats_path(const std::string& path) {
  return quota_path(path) + "/" + kStatsName;
}

// The text of a limits or stats node: "count=N,bytes=N" and more pairs behind "=;".
class QuotaText {
 public:
  QuotaText() = default;
  explicit QuotaText(std::string_view text) {
    while (!text.empty()) {
      const size_t end = std::min(text.find_first_of(",;"), text.size());
      take_pair(text.substr(0, end));
      text.remove_prefix(std::min(end + 1, text.size()));
    }
  }
  int64_t get(const std::string& key) const {
    const auto found = values_.find(key);
    return found == values_.end() ? -1 : found->second;
  }
  void set(const std::string& key, int64_t value) { values_[key] = value; }

  std::string to_string() const {
    std::string text = "count=" + std::to_string(get("count"));
    text += ",bytes=" + std::to_string(get("bytes"));
    // The odd '=' makes old readers stop here.
    std::string separator = "=;";
    for (const auto& [key, value] : values_) {
      if (key == "count" || key == "bytes") continue;
      text += separator + key + "=" + std::to_string(value);
      separator = ";";
    }
    return text;
  }

 private:
  void take_pair(std::string_view pair) {
    const size_t equals = pair.find('=');
    if (equals == std::string_view::npos || equals == 0) return;
    int64_t value = -1;
    const std::string_view digits = pair.substr(equals + 1);
    std::from_chars(digits.data(), digits.data() + digits.size(), value);
    values_[std::string(pair.substr(0, equals))] = value;
  }

  std::map<std::string, int64_t> values_;
};

struct Limit {
  const char* option;
  const char* key;
  int64_t value_min;
  const char* complaint;
};
constexpr Limit kLimits[] = {
    {"n", "count", 1, "the num quota must be greater than zero"},
    {"b", "bytes", 0, "the bytes quota must be greater than or equal to zero"},
    {"N", "countHardLimit", 1, "the num quota must be greater than zero"},
    {"B", "byteHardLimit", 0, "the bytes quota must be greater than or equal to zero"},
};

bool is_there(ClientSession& session, const std::string& path) {
  const auto stat = exists(session, path, false);
  if (!stat && stat.error() != ErrorCode::kNoNode) fail(stat.error(), path);
  return stat.has_value();
}

QuotaText read_quota(ClientSession& session, const std::string& path) {
  return QuotaText(must(get(session, path, false), path).data.value_or(""));
}

void put(ClientSession& session, const std::string& path, jute::BufferView data) {
  const auto made = create(session, path, data, kOpenAcl, {});
  if (!made && made.error() != ErrorCode::kNodeExists) fail(made.error(), path);
}

CommandError nested_quota(const std::string& path, const char* relation, const std::string& other) {
  return {"BadArguments", path + " has a " + relation + " " + other + " which has a quota"};
}

// A quota below another one would never be looked at.
void refuse_nested(ClientSession& session, const std::string& path) {
  for (size_t slash = path.find('/', 1); slash != std::string::npos;
       slash = path.find('/', slash + 1)) {
    const std::string parent = path.substr(0, slash);
    if (is_there(session, limits_path(parent))) throw nested_quota(path, "parent", parent);
  }
  std::vector<std::string> below{quota_path(path)};
  while (!below.empty()) {
    const std::string at = std::move(below.back());
    below.pop_back();
    const auto found = children(session, at, false);
    if (!found && found.error() == ErrorCode::kNoNode) continue;
    for (const std::string& name : must(found, at).names) {
      if (name == kLimitsName && at != quota_path(path)) {
        throw nested_quota(path, "child", at.substr(kQuotaRoot.size()));
      }
      if (name != kLimitsName && name != kStatsName) below.push_back(child_path(at, name));
    }
  }
}

void warn_of_excess(ShellOutput& out, const QuotaText& limits, const QuotaText& stats) {
  const auto exceeded = [&](const char* limit, const char* used) {
    return limits.get(limit) > -1 && limits.get(limit) < stats.get(used);
  };
  if (exceeded("count", "count") || exceeded("countHardLimit", "count")) {
    out.line("[Warning]: the count quota you create is less than the existing count:" +
             std::to_string(stats.get("count")));
  }
  if (exceeded("bytes", "bytes") || exceeded("byteHardLimit", "bytes")) {
    out.line("[Warning]: the bytes quota you create is less than the existing bytes:" +
             std::to_string(stats.get("bytes")));
  }
}

void make_quota_nodes(ClientSession& session, const std::string& path) {
  put(session, "/zookeeper", std::nullopt);
  put(session, kQuotaRoot, std::nullopt);
  const std::string whole = quota_path(path);
  for (size_t slash = kQuotaRoot.size(); slash < whole.size();) {
    slash = std::min(whole.find('/', slash + 1), whole.size());
    put(session, whole.substr(0, slash), std::nullopt);
  }
}

}  // namespace

void run_setquota(CommandContext context, const CommandWords& words) {
  const std::string& path = words.arguments()[0];
  check_path(path);
  if (path.starts_with(kQuotaRoot)) {
    throw usage_error("cannot set a quota under the path: " + kQuotaRoot);
  }
  const Limit* chosen = nullptr;
  for (const Limit& limit : kLimits) {
    if (!words.has(limit.option)) continue;
    if (chosen != nullptr) throw usage_error("give one of -n, -b, -N and -B");
    chosen = &limit;
  }
  if (chosen == nullptr) throw usage_error("setquota -n|-b|-N|-B val path");
  const int64_t value =
      words.number(chosen->option, "the value of -" + std::string(chosen->option) + " is no number")
          .value_or(-1);
  if (value < chosen->value_min) throw usage_error(chosen->complaint);
  ClientSession& session = context.session;
  if (!is_there(session, path)) throw CommandError("NoNode", path + " does not exist.");
  refuse_nested(session, path);

  const bool exists_already = is_there(session, limits_path(path));
  QuotaText limits;
  for (const Limit& limit : kLimits) limits.set(limit.key, -1);
  if (exists_already) limits = read_quota(session, limits_path(path));
  limits.set(chosen->key, value);
  if (!exists_already) {
    make_quota_nodes(session, path);
    put(session, limits_path(path), limits.to_string());
    put(session, stats_path(path), "count=0,bytes=0");
  }
  warn_of_excess(context.out, limits, read_quota(session, stats_path(path)));
  if (exists_already) {
    must(set(session, limits_path(path), limits.to_string(), -1), limits_path(path));
  }
}

void run_listquota(CommandContext context, const CommandWords& words) {
  const std::string& path = words.arguments()[0];
  check_path(path);
  context.out.note("absolute path is " + limits_path(path));
  if (!is_there(context.session, limits_path(path))) {
    throw CommandError("NoNode", "quota for " + path + " does not exist.");
  }
  const std::string limits = read_quota(context.session, limits_path(path)).to_string();
  const std::string stats = read_quota(context.session, stats_path(path)).to_string();
  context.out.field("quota", limits);
  context.out.field("stat", stats);
  context.out.line("Output quota for " + path + " " + limits);
  context.out.line("Output stat for " + path + " " + stats);
}

void run_delquota(CommandContext context, const CommandWords& words) {
  const std::string& path = words.arguments()[0];
  check_path(path);
  ClientSession& session = context.session;
  if (!is_there(session, limits_path(path))) {
    throw CommandError("NoNode", "Quota does not exist for " + path);
  }
  QuotaText limits = read_quota(session, limits_path(path));
  bool some = false;
  for (const Limit& limit : kLimits) {
    if (!words.has(limit.option)) continue;
    limits.set(limit.key, -1);
    some = true;
  }
  if (some) {
    must(set(session, limits_path(path), limits.to_string(), -1), limits_path(path));
    return;
  }
  must(remove_all(session, {limits_path(path), stats_path(path)}), limits_path(path));
  // Nodes that stood there for this quota only go with it.
  for (std::string at = quota_path(path); at != kQuotaRoot; at.resize(at.rfind('/'))) {
    if (!must(children(session, at, false), at).names.empty()) return;
    must(remove(session, at, -1), at);
  }
}

}  // namespace zoetrope::app
