#include "app/campaign_report.hpp"

#include <cstdio>

#include "app/run_report.hpp"
#include "properties/history_json.hpp"
#include "sim/coverage.hpp"

namespace zoetrope::app {
namespace {

constexpr size_t kFailuresShown = 10;

using Number = unsigned long long;

std::string counted(uint64_t count, const char* what) {
  return std::to_string(count) + " " + what;
}

std::string coverage_text(const CampaignTotals& totals) {
  return "coverage " + std::to_string(totals.points) + " of " +
         std::to_string(sim::points().size()) + " points";
}

void show_failures(const CampaignResult& result) {
  for (size_t i = 0; i < result.failures.size() && i < kFailuresShown; ++i) {
    const auto& [ticket, violations] = result.failures[i];
    std::printf("seed %llu, profile %s, broke:\n", Number{ticket.seed},
                std::string(sim::to_string(ticket.profile)).c_str());
    show_violations(violations);
    const std::string replay = replay_command(ticket);
    const Number seed = ticket.seed;
    std::printf(
        "  replay: %s\n  keep:   %s --save-plan seed-%llu.toml\n"
        "  trace:  %s --save seed-%llu.trace\n  look:   zoetrope replay seed-%llu.trace\n",
        replay.c_str(), replay.c_str(), seed, replay.c_str(), seed, seed);
  }
  if (result.failures.size() > kFailuresShown) {
    std::printf("and %zu more failures\n", result.failures.size() - kFailuresShown);
  }
}

void show_excused(const CampaignResult& result) {
  for (size_t i = 0; i < result.excused.size() && i < kFailuresShown; ++i) {
    const auto& [ticket, reason] = result.excused[i];
    std::printf("seed %llu, profile %s, is stuck and excused: %s\n  replay: %s\n",
                Number{ticket.seed}, std::string(sim::to_string(ticket.profile)).c_str(),
                reason.c_str(), replay_command(ticket).c_str());
  }
  if (result.excused.size() > kFailuresShown) {
    std::printf("and %zu more excused\n", result.excused.size() - kFailuresShown);
  }
}

// Reached although the table says that it cannot be: the table is wrong, or the server is.
std::vector<size_t> surprises(const CampaignResult& result) {
  std::vector<size_t> slots;
  for (size_t slot = 0; slot < result.runs_by_point.size(); ++slot) {
    if (result.runs_by_point[slot] != 0 && !sim::is_point(slot)) slots.push_back(slot);
  }
  return slots;
}

void list_coverage(const CampaignResult& result) {
  for (const sim::Point& point : sim::points()) {
    const uint64_t runs = result.runs_by_point[point.slot];
    if (runs != 0) std::printf("%10llu runs: %s\n", Number{runs}, point.name.c_str());
  }
  for (const sim::Point& point : sim::points()) {
    if (result.runs_by_point[point.slot] != 0) continue;
    std::printf("     never reached: %s\n", point.name.c_str());
  }
}

std::string failures_json(const CampaignResult& result) {
  std::string out = "[";
  for (const auto& [ticket, violations] : result.failures) {
    if (out.size() > 1) out += ',';
    out += "{\"seed\":" + std::to_string(ticket.seed) + ",\"profile\":\"" +
           std::string(sim::to_string(ticket.profile)) + "\",\"replay\":";
    properties::append_json_string(out, replay_command(ticket));
    out += ",\"violations\":[";
    for (size_t i = 0; i < violations.size(); ++i) {
      if (i != 0) out += ',';
      out += properties::to_json(violations[i]);
    }
    out += "]}";
  }
  return out + ']';
}

std::string excused_json(const CampaignResult& result) {
  std::string out = "[";
  for (const auto& [ticket, reason] : result.excused) {
    if (out.size() > 1) out += ',';
    out += "{\"replay\":";
    properties::append_json_string(out, replay_command(ticket));
    out += ",\"reason\":";
    properties::append_json_string(out, reason);
    out += '}';
  }
  return out + ']';
}

std::string coverage_json(const CampaignResult& result, bool lists_coverage) {
  std::string out = "{\"reached\":" + std::to_string(result.totals.points) +
                    ",\"points\":" + std::to_string(sim::points().size());
  if (lists_coverage) {
    out += ",\"runs_by_point\":{";
    bool is_first = true;
    for (const sim::Point& point : sim::points()) {
      if (!std::exchange(is_first, false)) out += ',';
      properties::append_json_string(out, point.name);
      out += ':' + std::to_string(result.runs_by_point[point.slot]);
    }
    out += '}';
  }
  out += ",\"unexpected\":[";
  bool is_first = true;
  for (const size_t slot : surprises(result)) {
    if (!std::exchange(is_first, false)) out += ',';
    properties::append_json_string(out, sim::name_of_slot(slot));
  }
  return out + "]}";
}

}  // namespace

std::string progress_text(const CampaignTotals& t) {
  const double rate = t.seconds > 0 ? static_cast<double>(t.runs) / t.seconds : 0;
  char head[64];
  std::snprintf(head, sizeof head, "%llu/%llu runs, %.0f a second, ", Number{t.runs},
                Number{t.runs_wanted}, rate);
  std::string text = head + virtual_text(t.virtual_ms) + " of virtual time, " +
                     counted(t.faults, "faults, ") + counted(t.leaders, "leaders, ") +
                     counted(t.operations, "operations, ");
  if (t.points != 0) text += coverage_text(t) + ", ";
  if (t.excused != 0) text += counted(t.excused, "excused, ");
  text += counted(t.failed, "failed");
  if (t.runs != 0 && t.runs < t.runs_wanted && rate > 0) {
    const double left = static_cast<double>(t.runs_wanted - t.runs) / rate;
    text += ", " + virtual_text(static_cast<uint64_t>(left * 1000)) + " left";
  }
  return text;
}

void show_campaign(const CampaignResult& result, bool lists_coverage) {
  const CampaignTotals& t = result.totals;
  if (lists_coverage) list_coverage(result);
  for (const size_t slot : surprises(result)) {
    std::printf("reached although it is not in the table: %s\n", sim::name_of_slot(slot).c_str());
  }
  show_excused(result);
  show_failures(result);
  std::printf("%s in %.1f s\n", progress_text(t).c_str(), t.seconds);
  std::printf(
      "%llu sessions, %llu watch events, %llu outcomes unknown, %llu crashes, %llu of them lost "
      "unsynced data, %llu steps whose moment never came\n",
      Number{t.sessions}, Number{t.watch_events}, Number{t.unknown}, Number{t.crashes},
      Number{t.lost_data}, Number{t.steps_missed});
  if (t.quorum_runs != 0) {
    std::printf(
        "in %llu runs only a quorum was healed and %llu servers were not; %llu stuck runs are "
        "excused\n",
        Number{t.quorum_runs}, Number{t.frozen_servers}, Number{t.excused});
  }
  if (t.disks_damaged + t.disks_spared != 0) {
    std::printf(
        "%llu disks lost what they held (%llu of them more than the others make up for, which "
        "excuses %llu findings), %llu were spared\n",
        Number{t.disks_damaged}, Number{t.unsafe_damages}, Number{t.excused_findings},
        Number{t.disks_spared});
  }
  if (t.points != 0) std::printf("%s\n", coverage_text(t).c_str());
  std::printf("hash %016llx\n", Number{result.hash});
}

void show_campaign_json(const CampaignResult& result, bool lists_coverage) {
  const CampaignTotals& t = result.totals;
  const auto field = [](const char* name, uint64_t value) {
    return std::string("\"") + name + "\":" + std::to_string(value) + ',';
  };
  char hash[20];
  std::snprintf(hash, sizeof hash, "%016llx", Number{result.hash});
  std::string out =
      "{" + field("runs", t.runs) + field("runs_wanted", t.runs_wanted) +
      field("failed", t.failed) + field("excused", t.excused) + field("events", t.events) +
      field("deliveries", t.deliveries) + field("operations", t.operations) +
      field("unknown_outcomes", t.unknown) + field("watch_events", t.watch_events) +
      field("sessions", t.sessions) + field("faults", t.faults) + field("leaders", t.leaders) +
      field("crashes", t.crashes) + field("crashes_that_lost_data", t.lost_data) +
      field("steps_missed", t.steps_missed) + field("quorum_runs", t.quorum_runs) +
      field("servers_not_healed", t.frozen_servers) + field("disks_damaged", t.disks_damaged) +
      field("disks_spared", t.disks_spared) + field("unsafe_damages", t.unsafe_damages) +
      field("excused_findings", t.excused_findings) + field("virtual_ms", t.virtual_ms) +
      field("elapsed_ms", static_cast<uint64_t>(t.seconds * 1000));
  if (t.points != 0) out += "\"coverage\":" + coverage_json(result, lists_coverage) + ",";
  out += "\"hash\":\"" + std::string(hash) + "\",\"excused_runs\":" + excused_json(result) +
         ",\"failures\":" + failures_json(result) + "}";
  std::printf("%s\n", out.c_str());
}

}  // namespace zoetrope::app
