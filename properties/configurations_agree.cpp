// No two servers put different configurations of one version in force, the versions only rise while
// a server runs, and each was committed by a quorum of the one before it and by one of itself
// (facts/quorum-protocol.md section 14; "Dynamic Reconfiguration of Primary/Backup Clusters",
// USENIX ATC 2012, section 4: what is in force was activated behind its commit).
//
// A server that crashed may come back with an older one, as its files are written behind the
// activation; its log tells it of the newer one. Those of version 0 are the operator's own lines,
// in which servers may differ.
#include <algorithm>
#include <map>
#include <set>

#include "properties/property.hpp"

namespace zoetrope::properties {
namespace {

std::string_view members_of(const ConfigurationEvent& event) {
  const std::string_view text = event.text;
  return text.substr(0, text.rfind("version="));
}

void check_texts(const History& history, Findings& findings) {
  std::map<int64_t, const ConfigurationEvent*> known;
  for (const ConfigurationEvent& event : history.configurations) {
    if (event.version == 0) continue;
    const auto [it, is_first] = known.emplace(event.version, &event);
    if (is_first || it->second->text == event.text) continue;
    findings.add("two configurations of one version were in force",
                 {describe(*it->second), describe(event)});
  }
}

void check_order(const History& history, Findings& findings) {
  std::map<ServerId, const ConfigurationEvent*> last;
  for (const ConfigurationEvent& event : history.configurations) {
    const ConfigurationEvent*& before = last[event.server];
    if (before != nullptr && !event.is_at_start && event.version <= before->version) {
      findings.add("a server put an older configuration in force",
                   {describe(*before), describe(event)});
    }
    before = &event;
  }
}

// An epoch gives the operator's lines a version; all others come by a reconfiguration. One that the
// leader of a later epoch completes is acknowledged with NEWLEADER: it may have come in a snapshot,
// of which no log tells.
void check_commits(const History& history, Findings& findings) {
  std::set<std::string_view> given;
  std::set<int64_t> checked;
  for (const ConfigurationEvent& event : history.configurations) {
    if (event.version == 0) given.insert(members_of(event));
    if (event.version == 0 || !checked.insert(event.version).second) continue;
    if (Zxid(event.version).counter() == 0) {
      if (given.contains(members_of(event))) continue;
      findings.add("a configuration of an epoch was in force that no operator gave",
                   {describe(event)});
      continue;
    }
    if (!history.has_committed) continue;
    const bool is_own_epoch = event.epoch == Zxid(event.version).epoch();
    const auto it =
        std::ranges::lower_bound(history.committed, Zxid(event.version), {}, &CommittedTxn::zxid);
    const bool is_there = it != history.committed.end() && it->zxid.value == event.version &&
                          it->type == kTxnReconfig;
    if (!is_there) {
      findings.add("a configuration was in force that is none of the history", {describe(event)});
    } else if (it->paths.empty() || it->paths[0] != event.text) {
      findings.add("a configuration was in force that differs from the committed one",
                   {describe(event), describe(*it)});
    } else if (!it->by_quorum && is_own_epoch) {
      findings.add("a configuration was in force that less than a quorum had logged",
                   {describe(event), describe(*it)});
    }
  }
}

}  // namespace

void check_configurations_agree(const History& history, Findings& findings) {
  check_texts(history, findings);
  check_order(history, findings);
  check_commits(history, findings);
}

}  // namespace zoetrope::properties
