// Random transactions: the tree against the plain model, and replay over fuzzy snapshots.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <functional>

#include "core/tree/tree.hpp"
#include "tests/unit/tree/random_txns.hpp"

namespace zoetrope::tree {
namespace {

constexpr TreeConfig kConfig{true, true};

// The model writes the null ACL as nothing; the wire has a null vector.
Model::Result apply_to(Model& model, const jute::Txn& txn) {
  const Model::Result result = model.apply(txn);
  for (auto& [path, node] : model.nodes) node.acl = model_acl(node.acl);
  return result;
}

std::vector<std::pair<jute::EventType, std::string>> owned(
    const std::vector<jute::Trigger>& triggers) {
  std::vector<std::pair<jute::EventType, std::string>> result;
  for (const jute::Trigger& t : triggers) result.emplace_back(t.type, t.path);
  return result;
}

RC_GTEST_PROP(TreeModel, AnyTransactionsGiveWhatTheModelGives, ()) {
  Tree tree(kConfig);
  Model model;
  ApplyResult result;
  int64_t zxid = 0;
  for (const RawOp& raw : *raw_ops(4)) {
    const OwnedTxn made = any_txn(raw, ++zxid);
    tree.apply(made.txn, result);
    const Model::Result expected = apply_to(model, made.txn);
    RC_ASSERT(result.op.error == expected.error);
    RC_ASSERT(owned(result.triggers) == expected.triggers);
    RC_ASSERT(result.multi.size() == expected.multi.size());
    for (size_t i = 0; i < result.multi.size(); ++i) {
      RC_ASSERT(result.multi[i].error == expected.multi[i]);
    }
    RC_ASSERT(tree.digest() == model.digest());
  }
  RC_ASSERT(difference(tree, model) == "");
}

RC_GTEST_PROP(TreeModel, ACopyIsEqualAndIndependent, ()) {
  Tree tree(kConfig);
  Model model;
  int64_t zxid = 0;
  for (const RawOp& raw : *raw_ops(2)) {
    const OwnedTxn made = any_txn(raw, ++zxid);
    tree.replay(made.txn);
    apply_to(model, made.txn);
  }
  const Tree copy = tree;
  RC_ASSERT(copy.fingerprint() == tree.fingerprint());
  for (const RawOp& raw : *raw_ops(2)) tree.replay(any_txn(raw, ++zxid).txn);
  RC_ASSERT(difference(copy, model) == "");
}

struct Image {
  std::string path;
  Model::Node node;
};

// What upstream writes while transactions go on: each znode with its list of children is read at
// once, depth first, with any number of transactions between two reads.
class FuzzyWriter {
 public:
  FuzzyWriter(Model model, const std::vector<OwnedTxn>& log, size_t from,
              const std::vector<RawOp>& pace)
      : model_(std::move(model)), log_(log), next_(from), pace_(pace) {
    write("");
  }
  const std::vector<Image>& images() const { return images_; }

 private:
  void write(const std::string& path) {
    advance();
    const auto it = model_.nodes.find(path);
    if (it == model_.nodes.end()) return;
    images_.push_back({path, it->second});
    for (const std::string& name : model_.children(path)) write(path + "/" + name);
  }

  void advance() {
    if (pace_.empty()) return;
    const size_t steps = pace_[reads_++ % pace_.size()].kind % 4;
    for (size_t i = 0; i < steps && next_ < log_.size(); ++i) apply_to(model_, log_[next_++].txn);
  }

  Model model_;
  const std::vector<OwnedTxn>& log_;
  size_t next_;
  const std::vector<RawOp>& pace_;
  size_t reads_ = 0;
  std::vector<Image> images_;
};

// `known` are the ACLs that the snapshot's table has, written before the znodes.
Tree load(const std::vector<Image>& images, const Model& known, Zxid zxid) {
  Tree tree = Tree::empty_for_load(kConfig);
  std::map<std::string, AclId> ids;
  for (const auto& [path, node] : known.nodes) {
    if (node.acl.empty() || !ids.emplace(node.acl, ids.size() + 1).second) continue;
    RC_ASSERT(!tree.load_acl(ids[node.acl], node.acl));
  }
  for (const Image& image : images) {
    // An ACL that came into use later gets its number later; the table does not have it.
    if (!image.node.acl.empty()) ids.emplace(image.node.acl, ids.size() + 1);
    const AclId acl = image.node.acl.empty() ? kOpenAcl : ids[image.node.acl];
    RC_ASSERT(!tree.load_node(image.path, image.node.data, acl, image.node.stat));
  }
  RC_ASSERT(!tree.finish_load(zxid));
  return tree;
}

RC_GTEST_PROP(TreeModel, ReplayOverAFuzzySnapshotMendsIt, ()) {
  Model at_start;
  std::vector<OwnedTxn> log;
  Model model;
  for (const RawOp& raw : *raw_ops(6)) {
    for (OwnedTxn& made : valid_txn(raw, static_cast<int64_t>(log.size()) + 1, model)) {
      apply_to(model, made.txn);
      log.push_back(std::move(made));
    }
  }
  const size_t from = log.empty() ? 0 : *rc::gen::inRange<size_t>(0, log.size() + 1);
  for (size_t i = 0; i < from; ++i) apply_to(at_start, log[i].txn);
  const std::vector<RawOp> pace = *raw_ops(1);
  const FuzzyWriter fuzzy(at_start, log, from, pace);
  Tree tree = load(fuzzy.images(), at_start, Zxid(static_cast<int64_t>(from)));
  for (size_t i = from; i < log.size(); ++i) tree.replay(log[i].txn);
  Tree exact(kConfig);
  for (const OwnedTxn& made : log) exact.replay(made.txn);
  RC_ASSERT(tree.digest() == exact.digest());
  RC_ASSERT(tree.fingerprint() == exact.fingerprint());
  // Once more over the result, which holds all of it already.
  for (size_t i = from; i < log.size(); ++i) tree.replay(log[i].txn);
  RC_ASSERT(tree.fingerprint() == exact.fingerprint());
}

}  // namespace
}  // namespace zoetrope::tree
