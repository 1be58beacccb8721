#include "sim/safety_only.hpp"

#include <algorithm>
#include <array>
#include <set>
#include <string>

namespace zoetrope::sim {

using properties::Arguments;
using properties::Operation;
using properties::Result;

bool is_excused_by_lost_disks(std::string_view property) {
  static constexpr std::array<std::string_view, 4> kKept = {
      "digest_is_that_of_the_tree", "protocol_is_kept", "replies_come_in_order",
      "no_foreign_data_is_served"};
  return std::ranges::find(kKept, property) == kKept.end();
}

std::vector<properties::Violation> foreign_data(const properties::History& history) {
  std::set<std::string_view> sent;
  const auto note_sent = [&](const Arguments& args) {
    if (args.data) sent.insert(*args.data);
  };
  for (const Operation& op : history.operations) {
    note_sent(op.args);
    for (const Arguments& part : op.parts) note_sent(part);
  }
  properties::Findings findings("no_foreign_data_is_served");
  const auto judge = [&](const Operation& op, const Arguments& args, const Result& result) {
    // What servers keep for themselves no client has sent.
    if (!result.data || result.data->empty() || args.path.starts_with("/zookeeper")) return;
    if (sent.contains(*result.data)) return;
    findings.add("a client was given data that none had sent", {properties::describe(op)});
  };
  for (const Operation& op : history.operations) {
    if (!op.completed || findings.full()) continue;
    judge(op, op.args, op.result);
    for (size_t i = 0; i < std::min(op.parts.size(), op.part_results.size()); ++i) {
      judge(op, op.parts[i], op.part_results[i]);
    }
  }
  return findings.take();
}

}  // namespace zoetrope::sim
