// The servers' tree at the end is what the committed writes make of an empty one (Z4 Z5): crashes,
// recoveries and snapshots in between have left no mark. What lies below /zookeeper is the server's
// own.
#include "properties/property.hpp"
#include "properties/replay.hpp"

namespace zoetrope::properties {
namespace {

class Comparison : public ReplayVisitor {
 public:
  Comparison(const History& history, Findings& findings) : history_(history), findings_(findings) {}

  bool applied(const Applied&, const ModelTree&) override { return true; }
  bool replied(const Operation&, const ModelTree&) override { return true; }

  void finished(const ModelTree& tree) override {
    size_t compared = 0;
    for (const FinalNode& node : history_.final_nodes) {
      if (node.path.starts_with("/zookeeper/")) continue;
      ++compared;
      const ModelNode* expected = tree.find(node.path);
      if (expected == nullptr) {
        findings_.add("a znode is there that the committed writes do not make: " + node.path,
                      {describe(node.stat)});
      } else {
        compare(node, *expected, tree.stat_of(*expected));
      }
    }
    constexpr size_t kBelowZookeeper = 2;
    if (compared == tree.nodes().size() - kBelowZookeeper) return;
    report_missing(tree);
  }

 private:
  void compare(const FinalNode& node, const ModelNode& expected, const Stat& stat) {
    if (node.stat != stat) {
      findings_.add("the Stat of " + node.path + " differs at the end",
                    {"expected " + describe(stat), "found " + describe(node.stat)});
    } else if (node.data != expected.data) {
      findings_.add("the data of " + node.path + " differs at the end", {describe(node.stat)});
    } else if (!same_acl(node.acl, expected.acl)) {
      findings_.add("the ACL of " + node.path + " differs at the end",
                    {"expected " + describe(expected.acl), "found " + describe(node.acl)});
    }
  }

  void report_missing(const ModelTree& tree) {
    std::set<std::string_view> present;
    for (const FinalNode& node : history_.final_nodes) present.insert(node.path);
    for (const auto& [path, node] : tree.nodes()) {
      if (path.starts_with("/zookeeper/") || present.contains(path)) continue;
      findings_.add("a znode is missing at the end: " + path, {describe(tree.stat_of(node))});
    }
  }

  const History& history_;
  Findings& findings_;
};

}  // namespace

void check_final_tree_is_the_history(const History& history, Findings& findings) {
  if (!history.has_final_nodes) return;
  Comparison comparison(history, findings);
  replay(history, comparison);
}

}  // namespace zoetrope::properties
