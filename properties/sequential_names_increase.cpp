// Sequential names under one parent are unique and rise with the zxid, as long as that parent lives
// (W4): also after deletes and restarts, and whatever prefix they have.
#include <charconv>
#include <map>

#include "properties/property.hpp"
#include "properties/replay.hpp"

namespace zoetrope::properties {
namespace {

constexpr size_t kSuffixLength = 10;

std::optional<int64_t> suffix_of(std::string_view path) {
  if (path.size() < kSuffixLength) return std::nullopt;
  const std::string_view digits = path.substr(path.size() - kSuffixLength);
  int64_t number = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  if (error != std::errc{} || end != digits.data() + digits.size()) return std::nullopt;
  return number;
}

class Names : public ReplayVisitor {
 public:
  explicit Names(Findings& findings) : findings_(findings) {}

  bool applied(const Applied& applied, const ModelTree& tree) override {
    const Operation* op = applied.operation;
    if (op == nullptr || !op->completed || applied.txn->error != ErrorCode::kOk) return true;
    if (op->args.kind == OpKind::kCreate) look(*op, op->args, op->result, tree);
    if (op->args.kind != OpKind::kMulti || multi_failed(op->part_results)) return true;
    for (size_t i = 0; i < op->parts.size() && i < op->part_results.size(); ++i) {
      look(*op, op->parts[i], op->part_results[i], tree);
    }
    return true;
  }
  bool replied(const Operation&, const ModelTree&) override { return !findings_.full(); }

 private:
  struct Last {
    int64_t number = -1;
    const Operation* operation = nullptr;
  };

  void look(const Operation& op, const Arguments& args, const Result& result,
            const ModelTree& tree) {
    if (args.kind != OpKind::kCreate || !is_sequential(args.mode)) return;
    if (result.error != ErrorCode::kOk) return;
    const std::optional<int64_t> number = suffix_of(result.path);
    if (!number || !result.path.starts_with(args.path)) {
      findings_.add("a sequential name has no sequence number: " + result.path, {describe(op)});
      return;
    }
    const std::string parent_path = parent_of(result.path);
    const ModelNode* parent = tree.find(parent_path);
    if (parent == nullptr) return;
    Last& last = last_[{parent_path, parent->czxid}];
    if (last.operation != nullptr && *number <= last.number) {
      findings_.add("a sequence number was used again or went back under " + parent_path,
                    {describe(*last.operation), describe(op)});
    }
    last = {*number, &op};
  }

  Findings& findings_;
  std::map<std::pair<std::string, int64_t>, Last> last_;  // by parent and its life
};

}  // namespace

void check_sequential_names_increase(const History& history, Findings& findings) {
  Names names(findings);
  replay(history, names);
}

}  // namespace zoetrope::properties
