#include "properties/property.hpp"

namespace zoetrope::properties {

void Findings::add(std::string summary, std::vector<std::string> evidence) {
  if (full()) return;
  violations_.push_back({std::string(property_), std::move(summary), std::move(evidence)});
}

std::vector<Property> all_properties() {
  return {
      {"replies_come_in_order",
       "Replies of one connection come in the order of its requests, and the writes of one session "
       "take effect in the order in which it sent them.",
       "G1", check_replies_come_in_order},
      {"session_view_never_goes_back",
       "The zxids that a session sees never decrease, across reconnects too.", "G3 R2",
       check_session_view_never_goes_back},
      {"zxids_are_unique",
       "No two acknowledged writes have the same zxid, and the log's zxids rise.", "G6 W5",
       check_zxids_are_unique},
      {"acknowledged_writes_survive",
       "A write that was acknowledged, or a state that was read, is in the history for ever.", "G4",
       check_acknowledged_writes_survive},
      {"acknowledged_writes_have_a_quorum",
       "A write that was acknowledged was in the logs of a quorum.", "Z2 G4",
       check_acknowledged_writes_have_a_quorum},
      {"configurations_agree",
       "No two servers put different configurations of one version in force, the versions only "
       "rise "
       "while a server runs, and each was committed by a quorum of the one before it.",
       "Z2 Z6", check_configurations_agree},
      {"committed_writes_were_sent",
       "Every committed write is one that a client sent, and no write is committed twice.", "G4b",
       check_committed_writes_were_sent},
      {"writes_follow_real_time",
       "A write that was acknowledged before another was sent has the smaller zxid.", "W1",
       check_writes_follow_real_time},
      {"sync_sees_acknowledged_writes",
       "The answer to a sync shows every write that was acknowledged before the sync was sent.",
       "S1", check_sync_sees_acknowledged_writes},
      {"replies_match_the_model",
       "Every reply is the one that a plain tree gives when the committed writes are done one "
       "after "
       "the other in the order of their zxids.",
       "W1 W2 W3 W5 W6 R1 E9", check_replies_match_the_model},
      {"multi_is_atomic", "A multi happens fully, at one zxid, or not at all.", "G2",
       check_multi_is_atomic},
      {"final_tree_is_the_history",
       "The servers' tree at the end is what the committed writes make of an empty one.", "Z4 Z5",
       check_final_tree_is_the_history},
      {"sequential_names_increase",
       "Sequential names under one parent are unique and rise with the zxid.", "W4",
       check_sequential_names_increase},
      {"ephemerals_live_with_their_session",
       "An ephemeral goes with the end of its session, at one zxid, and not before unless deleted.",
       "E3 E6 E7", check_ephemerals_live_with_their_session},
      {"closed_sessions_are_silent",
       "Nothing of a session is committed after its end, it is never resumed, and its id is "
       "never given again.",
       "E4 E5", check_closed_sessions_are_silent},
      {"session_expiry_is_timely",
       "A session that was heard within its time-out is neither expired nor refused; a silent one "
       "is expired within its time-out, one tick and the commit's delay.",
       "E1 E2", check_session_expiry_is_timely},
      {"watches_fire_exactly_once",
       "Each watched change gives exactly one event, in the order of the changes, before any reply "
       "that shows the new state; nothing else gives an event; none is lost over a reconnect.",
       "A1 A2 A3 A4 A5 A6 A7 A8 A9", check_watches_fire_exactly_once},
  };
}

std::vector<Violation> check(const Property& property, const History& history) {
  Findings findings(property.name);
  property.check(history, findings);
  return findings.take();
}

std::vector<Violation> check_all(const History& history) {
  std::vector<Violation> violations;
  for (const Property& property : all_properties()) {
    for (Violation& violation : check(property, history))
      violations.push_back(std::move(violation));
  }
  return violations;
}

}  // namespace zoetrope::properties
