// The properties that a history is judged by: each with its name, its statement and where it comes
// from, and one function in one file that finds violations. Owns nothing; knows History only.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "properties/history.hpp"

namespace zoetrope::properties {

// A broken property and the few recorded facts that prove it.
struct Violation {
  std::string property;
  std::string summary;
  std::vector<std::string> evidence;  // one line each, as describe() prints them
};

// What a checker appends its findings to. A broken system breaks a property thousands of times;
// only the first few findings of a checker are kept.
class Findings {
 public:
  explicit Findings(std::string_view property) : property_(property) {}

  void add(std::string summary, std::vector<std::string> evidence);
  bool full() const { return violations_.size() >= kFindingsMax; }
  std::vector<Violation> take() { return std::move(violations_); }

 private:
  static constexpr size_t kFindingsMax = 3;

  std::string_view property_;
  std::vector<Violation> violations_;
};

struct Property {
  std::string_view name;       // as its file is called
  std::string_view statement;  // one sentence
  std::string_view source;     // ids of facts/recipes-and-semantics.md
  void (*check)(const History&, Findings&);
};

// Every property, in the order in which they are checked: the simplest first, so that the first
// violation is the one that is easiest to understand.
std::vector<Property> all_properties();
std::vector<Violation> check(const Property& property, const History& history);
std::vector<Violation> check_all(const History& history);

// The checkers, one file each.
void check_acknowledged_writes_have_a_quorum(const History& history, Findings& findings);
void check_acknowledged_writes_survive(const History& history, Findings& findings);
void check_closed_sessions_are_silent(const History& history, Findings& findings);
void check_committed_writes_were_sent(const History& history, Findings& findings);
void check_configurations_agree(const History& history, Findings& findings);
void check_ephemerals_live_with_their_session(const History& history, Findings& findings);
void check_final_tree_is_the_history(const History& history, Findings& findings);
void check_multi_is_atomic(const History& history, Findings& findings);
void check_replies_come_in_order(const History& history, Findings& findings);
void check_replies_match_the_model(const History& history, Findings& findings);
void check_sequential_names_increase(const History& history, Findings& findings);
void check_session_expiry_is_timely(const History& history, Findings& findings);
void check_session_view_never_goes_back(const History& history, Findings& findings);
void check_sync_sees_acknowledged_writes(const History& history, Findings& findings);
void check_watches_fire_exactly_once(const History& history, Findings& findings);
void check_writes_follow_real_time(const History& history, Findings& findings);
void check_zxids_are_unique(const History& history, Findings& findings);

}  // namespace zoetrope::properties
