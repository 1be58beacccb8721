#include "core/pipeline/change_table.hpp"

#include <algorithm>

#include "core/base/assert.hpp"

namespace zoetrope::pipeline {

ChangeTable::ChangeTable(const tree::Tree& tree, bool digest_enabled)
    : tree_(tree), digest_enabled_(digest_enabled) {
  reset();
}

void ChangeTable::reset() {
  records_.clear();
  ephemeral_records_.clear();
  usage_.clear();
  end_undo();
  digest_ = tree_.digest();
}

bool ChangeTable::load(std::string_view path, NodeRecord& record) const {
  path = canonical(path);
  if (const auto it = records_.find(path); it != records_.end()) {
    if (!it->second.exists) return false;
    record = it->second;
    if (record.data_zxid <= tree_.last_processed_zxid()) {
      const tree::NodeId node = tree_.find(path);
      ZT_ASSERT(node != tree::NodeId::kNone);
      record.data = tree_.data(node);
    }
    return true;
  }
  const tree::NodeId node = tree_.find(path);
  if (node == tree::NodeId::kNone) return false;
  record.exists = true;
  record.stat = tree_.stat_persisted(node);
  record.num_children = tree_.num_children(node);
  record.digest = digest_enabled_ ? tree_.node_digest(node) : 0;
  record.data = tree_.data(node);
  record.data_zxid = Zxid(INT64_MIN);
  record.acl_id = tree_.acl_id(node);
  record.has_own_acl = false;
  record.own_acl.clear();
  return true;
}

uint32_t ChangeTable::digest_of(std::string_view path, const NodeRecord& record) const {
  return tree::Tree::node_digest(path, record.data, record.stat);
}

void ChangeTable::store(std::string_view path, NodeRecord record, Zxid zxid) {
  path = canonical(path);
  record.zxid = zxid;
  if (digest_enabled_) {
    // A record that was loaded carries the digest that it had before this change; a new one carries
    // 0.
    digest_ -= record.digest;
    record.digest = digest_of(path, record);
    digest_ += record.digest;
  }
  put(path, std::move(record));
}

void ChangeTable::erase_node(std::string_view path, Zxid zxid) {
  path = canonical(path);
  NodeRecord record;
  if (!load(path, record)) return;
  if (digest_enabled_) digest_ -= record.digest;
  record.exists = false;
  record.digest = 0;
  record.data = std::nullopt;
  record.zxid = zxid;
  put(path, std::move(record));
}

void ChangeTable::rebind_data(std::string_view path, jute::BufferView data, Zxid zxid) {
  const auto it = records_.find(canonical(path));
  if (it != records_.end() && it->second.data_zxid == zxid) it->second.data = data;
}

void ChangeTable::put(std::string_view path, NodeRecord record) {
  const auto it = records_.find(path);
  const bool known = it != records_.end();
  if (undo_active_) {
    undo_.push_back(Undo{undo_paths_.size(), path.size(),
                         known ? std::optional<NodeRecord>(it->second) : std::nullopt});
    undo_paths_.append(path);
  }
  if (known) track_ephemeral(path, it->second, false);
  track_ephemeral(path, record, true);
  if (known)
    it->second = std::move(record);
  else
    records_.emplace(path, std::move(record));
}

void ChangeTable::track_ephemeral(std::string_view path, const NodeRecord& record, bool add) {
  if (record.stat.ephemeral_owner == 0) return;
  auto key = std::make_pair(record.stat.ephemeral_owner, std::string(path));
  if (add)
    ephemeral_records_.insert(std::move(key));
  else
    ephemeral_records_.erase(key);
}

std::vector<std::string> ChangeTable::ephemerals_of(SessionId session) const {
  std::vector<std::string> paths = tree_.ephemerals_of(session);
  if (!records_.empty()) {
    // A path may have been deleted, and made again by someone else, since.
    std::erase_if(paths, [this](const std::string& path) { return records_.contains(path); });
    const auto first = ephemeral_records_.lower_bound({session.value, std::string()});
    for (auto it = first; it != ephemeral_records_.end() && it->first == session.value; ++it) {
      const auto record = records_.find(it->second);
      ZT_ASSERT(record != records_.end());
      if (record->second.exists) paths.push_back(it->second);
    }
  }
  // What is applied already must not show in the transaction, so neither may its order.
  std::sort(paths.begin(), paths.end());
  return paths;
}

void ChangeTable::add_usage(const std::string& quota_path, int64_t count, int64_t bytes,
                            Zxid zxid) {
  usage_.push_back(Usage{zxid, quota_path, count, bytes});
}

std::pair<int64_t, int64_t> ChangeTable::outstanding_usage(const std::string& quota_path) const {
  std::pair<int64_t, int64_t> sum{0, 0};
  for (const Usage& usage : usage_) {
    if (usage.quota_path != quota_path) continue;
    sum.first += usage.count;
    sum.second += usage.bytes;
  }
  return sum;
}

void ChangeTable::begin_undo() {
  ZT_ASSERT(!undo_active_);
  undo_active_ = true;
  undo_digest_ = digest_;
  undo_usage_ = usage_.size();
}

void ChangeTable::commit_undo() {
  ZT_ASSERT(undo_active_);
  end_undo();
}

void ChangeTable::end_undo() {
  undo_active_ = false;
  undo_.clear();
  undo_paths_.clear();
}

void ChangeTable::roll_back() {
  ZT_ASSERT(undo_active_);
  undo_active_ = false;
  for (auto undo = undo_.rbegin(); undo != undo_.rend(); ++undo) {
    const auto path = std::string_view(undo_paths_).substr(undo->path_begin, undo->path_size);
    if (const auto it = records_.find(path); it != records_.end()) {
      track_ephemeral(path, it->second, false);
      records_.erase(it);
    }
    if (undo->before) put(path, std::move(*undo->before));
  }
  end_undo();
  digest_ = undo_digest_;
  usage_.resize(undo_usage_);
}

void ChangeTable::applied(std::string_view path, Zxid zxid) {
  path = canonical(path);
  const auto it = records_.find(path);
  if (it == records_.end() || it->second.zxid > zxid) return;
  track_ephemeral(path, it->second, false);
  records_.erase(it);
}

void ChangeTable::applied_usage(Zxid zxid) {
  std::erase_if(usage_, [zxid](const Usage& usage) { return usage.zxid <= zxid; });
}

uint64_t ChangeTable::fingerprint() const {
  std::vector<std::string_view> paths;
  for (const auto& [path, record] : records_) paths.push_back(path);
  std::sort(paths.begin(), paths.end());
  RunningHash hash;
  hash.add(digest_);
  for (std::string_view path : paths) {
    const NodeRecord& record = records_.find(path)->second;
    hash.add(path);
    hash.add(uint64_t{record.exists});
    hash.add(static_cast<uint64_t>(record.zxid.value));
    hash.add(static_cast<uint64_t>(record.stat.version));
    hash.add(static_cast<uint64_t>(record.stat.cversion));
    hash.add(static_cast<uint64_t>(record.num_children));
  }
  return hash.value();
}

}  // namespace zoetrope::pipeline
