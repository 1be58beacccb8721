// The conditions that a request must meet: session, permission, ACL, version, quota.
#include <charconv>

#include "core/pipeline/preparer.hpp"
#include "core/pipeline/preparer_context.hpp"
#include "core/tree/path.hpp"
#include "core/tree/quota.hpp"

namespace zoetrope::pipeline {

ErrorCode Preparer::check_session(const WriteRequest& request) const {
  if (request.origin.value == 0) return ErrorCode::kOk;  // the server's own requests
  return sessions_.check(request.session, request.origin);
}

bool Preparer::is_local(const WriteRequest& request) const {
  return request.origin.value != 0 && !sessions_.contains(request.session);
}

ErrorCode Preparer::load_named(std::string_view path, const ChangeTable::Key& key,
                               NodeRecord& record) const {
  // Only valid paths name znodes, so the look-up is the whole check of most; but the key of the
  // root is empty.
  if (!path.empty() && changes_.load(key, record)) return ErrorCode::kOk;
  return tree::valid_path(path) ? ErrorCode::kNoNode : ErrorCode::kBadArguments;
}

bool Preparer::permitted(const Context& op, const NodeRecord& record, int32_t permissions) const {
  if (op.request.ids == nullptr) return true;  // the server's own requests
  if (record.has_own_acl) {
    if (record.own_acl == jute::open_acl_bytes()) return true;
    jute::Reader in(record.own_acl);
    return tree::permits(jute::read_acl_list(in), permissions, *op.request.ids, config_.auth);
  }
  if (record.acl_id == tree::kOpenAcl) return true;
  return tree::permits(tree_.acl(record.acl_id), permissions, *op.request.ids, config_.auth);
}

bool Preparer::fix_up(const Context& op, std::string_view encoded, std::string& fixed) const {
  const std::vector<jute::Id> nobody;
  jute::Reader in(encoded);
  const auto list = tree::fix_up_acl(
      jute::read_acl_list(in), op.request.ids != nullptr ? *op.request.ids : nobody, config_.auth);
  if (!list) return false;
  fixed.clear();
  jute::Writer out(fixed);
  jute::write(out, *list);
  return true;
}

int32_t Preparer::next_version(int32_t version) const {
  // Overflow wraps as in Java. -1 means "any version" in a request, so no znode may have it
  // (ZOOKEEPER-4743).
  const auto next = static_cast<int32_t>(static_cast<uint32_t>(version) + 1);
  return next == -1 && !config_.compatible_with_3_8 ? 0 : next;
}

ErrorCode Preparer::check_quota(std::string_view path, int64_t count_added,
                                int64_t bytes_added) const {
  if (!config_.enforce_quota) return ErrorCode::kOk;
  const std::optional<std::string> quota_path = tree_.quota_path(path);
  if (!quota_path) return ErrorCode::kOk;
  const auto text_of = [&](std::string_view name) {
    const std::string node_path =
        std::string(tree::kQuotaRoot) + *quota_path + "/" + std::string(name);
    const tree::NodeId node = tree_.find(node_path);
    return node == tree::NodeId::kNone ? std::nullopt
                                       : tree::parse_quota(tree_.data(node).value_or(""));
  };
  const auto limit = text_of(tree::kLimitsName);
  const auto usage = text_of(tree::kStatsName);
  if (!limit || !usage) return ErrorCode::kOk;
  // What outstanding transactions will add counts too; upstream looks at the applied tree only
  // and lets a pipelined client through (ZOOKEEPER-4219).
  const auto [count, bytes] = changes_.outstanding_usage(*quota_path);
  if (count_added != 0 && limit->count_hard > -1 &&
      usage->count + count + count_added > limit->count_hard) {
    return ErrorCode::kQuotaExceeded;
  }
  if (bytes_added != 0 && limit->bytes_hard > -1 &&
      usage->bytes + bytes + bytes_added > limit->bytes_hard) {
    return ErrorCode::kQuotaExceeded;
  }
  return ErrorCode::kOk;
}

void Preparer::count_usage(std::string_view path, int64_t count_added, int64_t bytes_added,
                           Zxid zxid) {
  const std::optional<std::string> quota_path = tree_.quota_path(path);
  if (quota_path) changes_.add_usage(*quota_path, count_added, bytes_added, zxid);
}

}  // namespace zoetrope::pipeline
