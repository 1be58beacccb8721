#include "core/pipeline/change_table.hpp"

#include <algorithm>

#include "core/base/assert.hpp"

namespace zoetrope::pipeline {

ChangeTable::ChangeTable(const tree::Tree& tree, bool digest_enabled)
    : tree_(tree), digest_enabled_(digest_enabled) {
  reset();
}

void ChangeTable::reset() {
  entries_.clear();
  free_.clear();
  index_ = IdTable();
  changed_.clear();
  data_places_.clear();
  ephemeral_records_.clear();
  usage_.clear();
  end_undo();
  digest_ = tree_.digest();
}

uint32_t ChangeTable::find(const Key& key) const {
  return index_.find(key.tag, [&](uint32_t entry) { return entries_[entry].path == key.path; });
}

bool ChangeTable::load(const Key& key, NodeRecord& record) const {
  if (const uint32_t entry = find(key); entry != IdTable::kNone) {
    const NodeRecord& known = entries_[entry].record;
    if (!known.exists) return false;
    record = known;
    record.entry = entry;
    if (record.data_zxid <= tree_.last_processed_zxid()) {
      const tree::NodeId node = tree_.find(key.path, key.tag);
      ZT_ASSERT(node != tree::NodeId::kNone);
      record.data = tree_.data(node);
    }
    return true;
  }
  const tree::NodeId node = tree_.find(key.path, key.tag);
  if (node == tree::NodeId::kNone) return false;
  record.entry = IdTable::kNone;
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

void ChangeTable::store(const Key& key, NodeRecord record, Zxid zxid, size_t data_offset) {
  record.zxid = zxid;
  if (data_offset != kSameData) record.data_zxid = zxid;
  if (digest_enabled_) {
    // A record that was loaded carries the digest that it had before this change; a new one carries
    // 0.
    digest_ -= record.digest;
    record.digest = digest_of(key.path, record);
    digest_ += record.digest;
  }
  const size_t data_size = record.data ? record.data->size() : 0;
  const uint32_t entry = put(key, std::move(record));
  if (data_offset != kSameData) data_places_.push_back({entry, data_offset, data_size});
}

void ChangeTable::erase_node(const Key& key, Zxid zxid) {
  NodeRecord record;
  if (!load(key, record)) return;
  if (digest_enabled_) digest_ -= record.digest;
  record.exists = false;
  record.digest = 0;
  record.data = std::nullopt;
  record.zxid = zxid;
  put(key, std::move(record));
}

void ChangeTable::bind_data(std::string_view payload) {
  for (const DataPlace& place : data_places_) {
    if (payload.empty()) break;
    NodeRecord& record = entries_[place.entry].record;
    // Null data stay null, and a znode may have gone again within the same multi.
    if (record.data) record.data = payload.substr(place.offset, place.size);
  }
  data_places_.clear();
}

uint32_t ChangeTable::put(const Key& key, NodeRecord&& record) {
  uint32_t slot = record.entry != IdTable::kNone ? record.entry : find(key);
  const bool known = slot != IdTable::kNone;
  if (!known && free_.empty()) {
    slot = static_cast<uint32_t>(entries_.size());
    entries_.emplace_back();
  } else if (!known) {
    slot = free_.back();
    free_.pop_back();
  }
  Entry& entry = entries_[slot];
  if (!known || entry.record.zxid != record.zxid) changed_.push_back({record.zxid, slot});
  if (undo_active_) {
    undo_.push_back(Undo{slot, known ? std::optional<NodeRecord>(entry.record) : std::nullopt});
  }
  if (known) {
    track_ephemeral(key.path, entry.record, false);
  } else {
    entry.path = key.path;
    entry.tag = key.tag;
    index_.insert(key.tag, slot);
  }
  entry.record = std::move(record);
  track_ephemeral(key.path, entry.record, true);
  return slot;
}

void ChangeTable::release(uint32_t slot) {
  Entry& entry = entries_[slot];
  track_ephemeral(entry.path, entry.record, false);
  index_.erase(entry.tag, slot);
  // What a burst needed is given back when it is over.
  constexpr size_t kEntriesKept = 4096;
  if (index_.size() == 0 && entries_.size() > kEntriesKept && !undo_active_) {
    entries_.clear();
    free_.clear();
    index_ = IdTable();
  } else {
    free_.push_back(slot);
  }
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
  if (index_.size() != 0) {
    // A path may have been deleted, and made again by someone else, since.
    std::erase_if(paths, [this](const std::string& path) { return find(path) != IdTable::kNone; });
    const auto first = ephemeral_records_.lower_bound({session.value, std::string()});
    for (auto it = first; it != ephemeral_records_.end() && it->first == session.value; ++it) {
      const uint32_t entry = find(it->second);
      ZT_ASSERT(entry != IdTable::kNone);
      if (entries_[entry].record.exists) paths.push_back(it->second);
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
  undo_changed_ = changed_.size();
}

void ChangeTable::commit_undo() {
  ZT_ASSERT(undo_active_);
  end_undo();
}

void ChangeTable::end_undo() {
  undo_active_ = false;
  undo_.clear();
}

void ChangeTable::roll_back() {
  ZT_ASSERT(undo_active_);
  for (auto undo = undo_.rbegin(); undo != undo_.rend(); ++undo) {
    if (!undo->before) {
      release(undo->entry);
      continue;
    }
    Entry& entry = entries_[undo->entry];
    track_ephemeral(entry.path, entry.record, false);
    entry.record = std::move(*undo->before);
    track_ephemeral(entry.path, entry.record, true);
  }
  end_undo();
  data_places_.clear();
  digest_ = undo_digest_;
  usage_.resize(undo_usage_);
  changed_.resize(undo_changed_);
}

void ChangeTable::applied(Zxid zxid) {
  for (; !changed_.empty() && changed_.front().zxid <= zxid; changed_.pop_front()) {
    const Change& change = changed_.front();
    if (entries_[change.entry].record.zxid == change.zxid) release(change.entry);
  }
  std::erase_if(usage_, [zxid](const Usage& usage) { return usage.zxid <= zxid; });
}

uint64_t ChangeTable::fingerprint() const {
  std::vector<const Entry*> entries;
  for (uint32_t slot = 0; slot < entries_.size(); ++slot) {
    if (find(entries_[slot].path) == slot) entries.push_back(&entries_[slot]);
  }
  std::sort(entries.begin(), entries.end(),
            [](const Entry* a, const Entry* b) { return a->path < b->path; });
  RunningHash hash;
  hash.add(digest_);
  for (const Entry* entry : entries) {
    const NodeRecord& record = entry->record;
    hash.add(entry->path);
    hash.add(uint64_t{record.exists});
    hash.add(static_cast<uint64_t>(record.zxid.value));
    hash.add(static_cast<uint64_t>(record.stat.version));
    hash.add(static_cast<uint64_t>(record.stat.cversion));
    hash.add(static_cast<uint64_t>(record.num_children));
  }
  return hash.value();
}

}  // namespace zoetrope::pipeline
