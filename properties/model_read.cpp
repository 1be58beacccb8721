// The reads of the model and the comparison of results.
#include "properties/model_tree.hpp"

#include <algorithm>

namespace zoetrope::properties {
namespace {

Result failed(ErrorCode error) {
  Result result;
  result.error = error;
  return result;
}

bool is_blank(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return c == ' '; });
}

std::string quoted(const std::optional<std::string>& data) {
  if (!data) return "null";
  return '"' + (data->size() > 40 ? data->substr(0, 40) + "..." : *data) + '"';
}

std::string joined(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "" : " ") + name;
  return '{' + text + '}';
}

}  // namespace

Result ModelTree::read(const Arguments& args, SessionId session,
                       const Identities& identities) const {
  Result result;
  if (args.kind == OpKind::kGetEphemerals) {
    const bool all = is_blank(args.path) || args.path == "/";
    for (std::string& path : ephemerals_of(session)) {
      if (all || path.starts_with(args.path)) result.children.push_back(std::move(path));
    }
    return result;
  }
  if (args.kind == OpKind::kSync) {
    result.path = args.path;
    return result;
  }
  const ModelNode* node = find(args.path);
  if (node == nullptr) return failed(ErrorCode::kNoNode);
  const int32_t needed = args.kind == OpKind::kGetAcl ? kRead | kAdmin : kRead;
  if (!permits(node->acl, needed, identities)) return failed(ErrorCode::kNoAuth);
  switch (args.kind) {
    case OpKind::kExists: result.stat = stat_of(*node); break;
    case OpKind::kGetData:
      result.data = node->data;
      result.stat = stat_of(*node);
      break;
    case OpKind::kGetAcl: {
      const bool admin = permits(node->acl, kAdmin, identities);
      result.acl = node->acl.empty() ? open_acl() : admin ? node->acl : masked_acl(node->acl);
      result.stat = stat_of(*node);
      break;
    }
    case OpKind::kGetChildren:
      result.children.assign(node->children.begin(), node->children.end());
      if (args.with_stat) result.stat = stat_of(*node);
      break;
    case OpKind::kGetAllChildrenNumber: {
      const std::string below = args.path == "/" ? "/" : args.path + '/';
      for (auto it = nodes_.lower_bound(below); it != nodes_.end(); ++it) {
        if (!it->first.starts_with(below)) break;
        if (it->first != "/") ++result.number;
      }
      break;
    }
    default: return failed(ErrorCode::kUnimplemented);
  }
  return result;
}

std::vector<Result> ModelTree::multi_read(const std::vector<Arguments>& parts, SessionId session,
                                          const Identities& identities) const {
  std::vector<Result> results;
  for (const Arguments& part : parts) results.push_back(read(part, session, identities));
  return results;
}

std::optional<std::string> difference(const Result& expected, const Result& actual) {
  if (expected.error != actual.error) {
    return "expected " + std::string(to_string(expected.error)) + ", got " +
           std::string(to_string(actual.error));
  }
  if (expected.error != ErrorCode::kOk) return std::nullopt;
  if (expected.path != actual.path) {
    return "expected path " + expected.path + ", got " + actual.path;
  }
  if (expected.data != actual.data) {
    return "expected data " + quoted(expected.data) + ", got " + quoted(actual.data);
  }
  if (expected.stat != actual.stat) {
    return "expected " + (expected.stat ? describe(*expected.stat) : "no stat") + ", got " +
           (actual.stat ? describe(*actual.stat) : "no stat");
  }
  std::vector<std::string> want = expected.children, got = actual.children;
  std::ranges::sort(want);
  std::ranges::sort(got);
  if (want != got) return "expected names " + joined(want) + ", got " + joined(got);
  if (expected.number != actual.number) {
    return "expected " + std::to_string(expected.number) + ", got " + std::to_string(actual.number);
  }
  if (!same_acl(expected.acl, actual.acl)) {
    return "expected ACL " + describe(expected.acl) + ", got " + describe(actual.acl);
  }
  return std::nullopt;
}

}  // namespace zoetrope::properties
