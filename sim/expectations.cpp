#include "sim/expectations.hpp"

#include <algorithm>
#include <set>
#include <utility>

#include "core/base/assert.hpp"
#include "sim/run.hpp"

namespace zoetrope::sim {
namespace {

constexpr std::pair<std::string_view, uint64_t WorldCounts::*> kCounts[] = {
    {"events", &WorldCounts::events},
    {"deliveries", &WorldCounts::deliveries},
    {"operations", &WorldCounts::operations},
    {"unknown", &WorldCounts::unknown},
    {"watch-events", &WorldCounts::watch_events},
    {"sessions", &WorldCounts::sessions},
    {"starts", &WorldCounts::starts},
    {"kills", &WorldCounts::kills},
    {"power-losses", &WorldCounts::power_losses},
    {"halts", &WorldCounts::halts},
    {"shutdowns", &WorldCounts::shutdowns},
    {"refused-starts", &WorldCounts::refused_starts},
    {"interrupted-recoveries", &WorldCounts::interrupted_recoveries},
    {"wall-jumps", &WorldCounts::wall_jumps},
    {"held-links", &WorldCounts::held_links},
    {"broken-links", &WorldCounts::broken_links},
    {"partitions", &WorldCounts::partitions},
    {"cut-links", &WorldCounts::cut_links},
    {"reloads", &WorldCounts::reloads},
    {"epochs", &WorldCounts::epochs},
    {"lost-data", &WorldCounts::lost_data},
    {"syncs-failed", &WorldCounts::syncs_failed},
    {"syncs-forgotten", &WorldCounts::syncs_forgotten},
    {"writes-failed", &WorldCounts::writes_failed},
    {"writes-without-room", &WorldCounts::writes_without_room},
    {"reads-failed", &WorldCounts::reads_failed},
    {"impaired-links", &WorldCounts::impaired_links},
    {"forgotten-ends", &WorldCounts::forgotten_ends},
    {"pauses", &WorldCounts::pauses},
    {"strangers", &WorldCounts::strangers},
    {"disks-damaged", &WorldCounts::disks_damaged},
    {"disks-spared", &WorldCounts::disks_spared},
    {"disks-refused", &WorldCounts::disks_refused},
    {"unsafe-damages", &WorldCounts::unsafe_damages},
    {"excused-findings", &WorldCounts::excused_findings},
};

// What a world and its servers' agreement find while they run and at the end.
constexpr std::string_view kOwnProperties[] = {"one_leader_an_epoch",
                                               "server_keeps_running",
                                               "server_recovers",
                                               "service_returns",
                                               "live",
                                               "servers_converge",
                                               "replicas_agree",
                                               "logs_agree",
                                               "recovery_gives_what_was_served",
                                               "protocol_is_kept",
                                               "digest_is_that_of_the_tree",
                                               "run_ends",
                                               "no_foreign_data_is_served"};

bool has(const std::vector<std::string>& names, std::string_view name) {
  return std::ranges::find(names, name) != names.end();
}

}  // namespace

std::vector<std::string_view> count_names() {
  std::vector<std::string_view> names;
  for (const auto& [name, member] : kCounts) names.push_back(name);
  return names;
}

uint64_t count_of(const WorldCounts& counts, std::string_view name) {
  for (const auto& [each, member] : kCounts) {
    if (each == name) return counts.*member;
  }
  ZT_ASSERT(false && "no such count");
}

std::vector<std::string_view> property_names() {
  std::vector<std::string_view> names;
  for (const properties::Property& property : properties::all_properties()) {
    names.push_back(property.name);
  }
  names.insert(names.end(), std::begin(kOwnProperties), std::end(kOwnProperties));
  return names;
}

std::vector<std::string> unmet(const Expectations& expect, const RunResult& result) {
  std::vector<std::string> lines;
  std::set<std::string> broken;
  for (const properties::Violation& violation : result.violations) {
    if (has(expect.ignores, violation.property)) continue;
    broken.insert(violation.property);
    if (expect.breaks.empty()) lines.push_back(violation.property + ": " + violation.summary);
  }
  for (const std::string& property : expect.breaks) {
    if (!broken.contains(property)) lines.push_back(property + " holds, and should have broken");
  }
  // A run in which something did not happen proves nothing.
  for (const size_t step : result.missed_steps) {
    lines.push_back("step " + std::to_string(step + 1) + " never came");
  }
  for (const auto& [name, bound] : expect.at_least) {
    const uint64_t count = count_of(result.counts, name);
    if (count >= bound) continue;
    lines.push_back(name + ": " + std::to_string(count) + ", and should be " +
                    std::to_string(bound) + " at least");
  }
  for (const auto& [name, bound] : expect.at_most) {
    const uint64_t count = count_of(result.counts, name);
    if (count <= bound) continue;
    lines.push_back(name + ": " + std::to_string(count) + ", and should be " +
                    std::to_string(bound) + " at most");
  }
  return lines;
}

}  // namespace zoetrope::sim
