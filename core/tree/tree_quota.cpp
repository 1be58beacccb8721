// Usage counting under /zookeeper/quota (facts/client-protocol.md section 18). The stats znodes are
// each replica's own: they change without zxid and outside the digest.
#include "core/base/assert.hpp"
#include "core/tree/path.hpp"
#include "core/tree/quota.hpp"
#include "core/tree/tree.hpp"

namespace zoetrope::tree {

namespace {

std::string stats_path(std::string_view subject) {
  std::string path(kQuotaRoot);
  path.append(subject).append("/").append(kStatsName);
  return path;
}

}  // namespace

// "/zookeeper/quota/a/b/zookeeper_limits" is about "/a/b"; the root, "", can have no limits
// upstream.
std::optional<Tree::QuotaFile> Tree::quota_file(std::string_view path) {
  if (!path.starts_with(kQuotaRoot) || path.size() <= kQuotaRoot.size() ||
      path[kQuotaRoot.size()] != '/') {
    return std::nullopt;
  }
  const std::string_view name = last_component(path);
  if (name != kLimitsName && name != kStatsName) return std::nullopt;
  const std::string_view subject = parent_path(path).substr(kQuotaRoot.size());
  return QuotaFile{subject, name == kLimitsName};
}

std::string_view Tree::nearest_quota(std::string_view path) const {
  if (quotas_.empty()) return {};
  while (path.size() > 1 && !quotas_.contains(path)) {
    const size_t slash = path.rfind('/');
    if (slash == std::string_view::npos) return {};
    path = path.substr(0, slash);
  }
  return path.size() > 1 ? path : std::string_view();
}

std::optional<std::string> Tree::quota_path(std::string_view path) const {
  const std::string_view nearest = nearest_quota(path);
  if (nearest.empty()) return std::nullopt;
  return std::string(nearest);
}

void Tree::quota_created(std::string_view path, size_t bytes) {
  if (const auto file = quota_file(path)) {
    if (!file->is_limits) {
      recompute_usage(file->subject);
    } else if (!file->subject.empty()) {
      quotas_.emplace(file->subject);
    }
  }
  quota_changed(path, 1, static_cast<int64_t>(bytes));
}

void Tree::quota_removed(std::string_view path, size_t bytes) {
  const auto file = quota_file(path);
  if (file && file->is_limits) {
    const auto it = quotas_.find(file->subject);
    if (it != quotas_.end()) quotas_.erase(it);
  }
  quota_changed(path, -1, -static_cast<int64_t>(bytes));
}

void Tree::quota_changed(std::string_view path, int64_t count, int64_t bytes) {
  const std::string_view subject = nearest_quota(path);
  if (subject.empty()) return;
  const NodeId stats = find(stats_path(subject));
  if (stats == NodeId::kNone) return;
  // A client may have written anything there; what cannot be read counts from "unknown".
  Quota usage = parse_quota(data(stats).value_or("")).value_or(Quota());
  usage.count =
      static_cast<int64_t>(static_cast<uint64_t>(usage.count) + static_cast<uint64_t>(count));
  usage.bytes =
      static_cast<int64_t>(static_cast<uint64_t>(usage.bytes) + static_cast<uint64_t>(bytes));
  // Even where nothing was added the text takes upstream's form.
  const std::string text = to_string(usage);
  if (text != data(stats)) set_usage(stats, text);
}

void Tree::recompute_usage(std::string_view subject) {
  const NodeId stats = find(stats_path(subject));
  if (stats == NodeId::kNone) return;
  Quota usage{0, 0, -1, -1};
  const NodeId top = find(subject);
  NodeId at = top;
  while (at != NodeId::kNone) {
    ++usage.count;
    usage.bytes += static_cast<int64_t>(NodeStore::length(data(at)));
    NodeId next = first_child(at);
    while (next == NodeId::kNone && at != top) {
      next = next_sibling(at);
      if (next == NodeId::kNone) at = nodes_[at].parent;
    }
    at = next;
  }
  set_usage(stats, to_string(usage));
}

void Tree::set_usage(NodeId stats_node, std::string_view text) {
  before_change(stats_node);
  data_size_ +=
      static_cast<int64_t>(text.size()) - static_cast<int64_t>(NodeStore::length(data(stats_node)));
  nodes_.set_data(stats_node, text);
}

void Tree::load_quotas() {
  const NodeId top = find(kQuotaRoot);
  NodeId at = top;
  while (at != NodeId::kNone) {
    if (name(at) == kLimitsName && num_children(at) == 0) {
      const std::string limits_path = path(at);
      const auto file = quota_file(limits_path);
      if (file && !file->subject.empty()) {
        quotas_.emplace(file->subject);
        recompute_usage(file->subject);
      }
    }
    NodeId next = first_child(at);
    while (next == NodeId::kNone && at != top) {
      next = next_sibling(at);
      if (next == NodeId::kNone) at = nodes_[at].parent;
    }
    at = next;
  }
}

}  // namespace zoetrope::tree
