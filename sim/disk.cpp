#include "sim/disk.hpp"

#include <algorithm>
#include <utility>

#include "core/base/assert.hpp"

namespace zoetrope::sim {

using storage::DiskError;
using storage::FileName;

namespace {

std::unexpected<DiskError> failure(const FileName& file, std::string_view what) {
  return std::unexpected(DiskError{file.name + ": " + std::string(what)});
}

void put(std::string& content, uint64_t offset, std::string_view bytes, uint64_t size) {
  content.resize(size, '\0');
  content.replace(offset, bytes.size(), bytes);
}

}  // namespace

std::expected<void, DiskError> SimDisk::execute(const storage::DiskAction& action) {
  struct Visit {
    SimDisk& disk;
    Done operator()(const storage::WriteFile& op) { return disk.write(op); }
    Done operator()(const storage::SyncFile& op) { return disk.sync(op); }
    Done operator()(const storage::RenameFile& op) { return disk.rename(op); }
    Done operator()(const storage::RemoveFile& op) { return disk.remove_unsynced(op); }
    Done operator()(const storage::TruncateFile& op) { return disk.truncate_unsynced(op); }
    Done operator()(const storage::CloseFile&) { return {}; }
  };
  return std::visit(Visit{*this}, action);
}

SimDisk::Done SimDisk::write(const storage::WriteFile& op) {
  if (site_->one_in(faults_.write_fails_one_in)) {
    ++counts_.writes_failed;
    return failure(op.file, "write failed: input/output error");
  }
  InodePtr& inode = current_[op.file];
  if (inode == nullptr) {
    inode = std::make_shared<Inode>();
    names_unsynced_.push_back({std::nullopt, op.file, inode});
  }
  Change change{op.offset, op.bytes, 0};
  change.size_after =
      std::max({uint64_t{inode->current.size()}, op.offset + op.bytes.size(), op.size_min});
  const uint64_t growth = change.size_after - inode->current.size();
  const bool full = faults_.capacity_bytes != UINT64_MAX && growth > 0 &&
                    used_bytes() + growth > faults_.capacity_bytes;
  if (full) {
    // What a short write leaves behind: some of the bytes.
    change.bytes.resize(site_->below(change.bytes.size() + 1));
    change.size_after =
        std::max(uint64_t{inode->current.size()}, change.offset + change.bytes.size());
  }
  put(inode->current, change.offset, change.bytes, change.size_after);
  inode->unsynced.push_back(std::move(change));
  if (!full) return {};
  ++counts_.writes_without_room;
  return failure(op.file, "write failed: no space left on device");
}

SimDisk::Done SimDisk::sync(const storage::SyncFile& op) {
  const auto it = current_.find(op.file);
  if (it == current_.end()) return failure(op.file, "sync failed: no such file");
  Inode& inode = *it->second;
  if (faults_.sync_lies) return {};
  if (site_->one_in(faults_.sync_fails_one_in)) {
    ++counts_.syncs_failed;
    if (faults_.failed_sync_forgets && !inode.unsynced.empty()) {
      write_some(inode);
      ++counts_.syncs_forgotten;
    }
    return failure(op.file, "sync failed: input/output error");
  }
  for (const Change& change : inode.unsynced) {
    put(inode.durable, change.offset, change.bytes, change.size_after);
  }
  inode.unsynced.clear();
  make_names_durable(op.file);
  return {};
}

SimDisk::Done SimDisk::rename(const storage::RenameFile& op) {
  const auto it = current_.find(op.from);
  if (it == current_.end()) return failure(op.from, "rename failed: no such file");
  const FileName to{op.from.folder, op.to};
  names_unsynced_.push_back({op.from, to, it->second});
  apply(names_unsynced_.back(), current_);
  if (!faults_.sync_lies) make_names_durable(to);
  return {};
}

SimDisk::Done SimDisk::remove_unsynced(const storage::RemoveFile& op) {
  if (!current_.contains(op.file)) return failure(op.file, "remove failed: no such file");
  names_unsynced_.push_back({op.file, std::nullopt, nullptr});
  apply(names_unsynced_.back(), current_);
  return {};
}

SimDisk::Done SimDisk::truncate_unsynced(const storage::TruncateFile& op) {
  const auto it = current_.find(op.file);
  if (it == current_.end()) return failure(op.file, "truncate failed: no such file");
  it->second->current.resize(op.size, '\0');
  it->second->unsynced.push_back({op.size, "", op.size});
  return {};
}

void SimDisk::apply(const NameChange& change, Directory& directory) {
  if (change.gone) directory.erase(*change.gone);
  if (change.appeared) directory[*change.appeared] = change.inode;
}

// Every change of a name up to now that concerns `file`, in order.
void SimDisk::make_names_durable(const FileName& file) {
  std::erase_if(names_unsynced_, [&](const NameChange& change) {
    if (change.gone != file && change.appeared != file) return false;
    apply(change, durable_);
    return true;
  });
}

void SimDisk::power_loss(Unsynced unsynced) {
  bool mattered = false;
  // All, each by itself, or none.
  uint64_t names_mode = 2;
  switch (unsynced) {
    case Unsynced::kAny: names_mode = site_->below(3); break;
    case Unsynced::kKept:
    case Unsynced::kTorn: names_mode = 0; break;
    case Unsynced::kReordered: names_mode = 1; break;
    case Unsynced::kLost: break;
  }
  for (const NameChange& change : names_unsynced_) {
    const bool kept = names_mode == 0 || (names_mode == 1 && site_->one_in(2));
    if (kept) apply(change, durable_);
    mattered = mattered || !kept;
  }
  names_unsynced_.clear();
  for (auto& [name, inode] : durable_) {
    // Not all that is lost counts as unsynced: a failed sync may have forgotten some.
    const bool is_behind = !inode->unsynced.empty() || inode->durable != inode->current;
    mattered = mattered || (is_behind && unsynced != Unsynced::kKept);
    write_some(*inode, unsynced);
    inode->current = inode->durable;
  }
  current_ = durable_;
  if (mattered) ++counts_.losses;
}

SimDisk SimDisk::after_power_loss() const {
  SimDisk copy(*site_);
  for (const auto& [name, inode] : durable_) {
    auto fresh = std::make_shared<Inode>();
    fresh->durable = fresh->current = inode->durable;
    copy.durable_.emplace(name, std::move(fresh));
  }
  copy.current_ = copy.durable_;
  return copy;
}

SimDisk SimDisk::as_it_is() const {
  SimDisk copy(*site_);
  for (const auto& [name, inode] : current_) {
    auto fresh = std::make_shared<Inode>();
    fresh->durable = fresh->current = inode->current;
    copy.durable_.emplace(name, std::move(fresh));
  }
  copy.current_ = copy.durable_;
  return copy;
}

void SimDisk::wipe() {
  current_.clear();
  durable_.clear();
  names_unsynced_.clear();
}

void SimDisk::become(const SimDisk& other) {
  SimDisk copy = other.after_power_loss();
  current_ = std::move(copy.current_);
  durable_ = std::move(copy.durable_);
  names_unsynced_.clear();
}

// Of what was not synced all, nothing or some parts reach the disk, and nothing is tried again.
void SimDisk::write_some(Inode& inode, Unsynced unsynced) {
  if (inode.unsynced.empty()) return;
  if (unsynced == Unsynced::kAny) {
    constexpr Unsynced kEach[] = {Unsynced::kKept, Unsynced::kLost, Unsynced::kReordered,
                                  Unsynced::kReordered};
    unsynced = kEach[site_->below(4)];
  }
  if (unsynced == Unsynced::kKept) {
    for (const Change& change : inode.unsynced) {
      put(inode.durable, change.offset, change.bytes, change.size_after);
    }
  } else if (unsynced == Unsynced::kTorn) {
    write_up_to(inode, site_->below(inode.unsynced.size()));
  } else if (unsynced == Unsynced::kReordered) {
    // The size is written by itself: any that the file has had.
    const uint64_t step = site_->below(inode.unsynced.size() + 1);
    const uint64_t size = step == 0 ? inode.durable.size() : inode.unsynced[step - 1].size_after;
    inode.durable = torn(inode, size);
  }
  inode.unsynced.clear();
}

// So many changes are on the disk, and some sectors from the beginning of the next one.
void SimDisk::write_up_to(Inode& inode, uint64_t changes) {
  for (uint64_t i = 0; i < changes; ++i) {
    const Change& change = inode.unsynced[i];
    put(inode.durable, change.offset, change.bytes, change.size_after);
  }
  Change last = inode.unsynced[changes];
  const uint64_t first = last.offset / kSectorBytes;
  const uint64_t sectors = (last.offset + last.bytes.size() + kSectorBytes - 1) / kSectorBytes;
  const uint64_t end = (first + site_->below(sectors - first + 1)) * kSectorBytes;
  if (end <= last.offset) return;
  last.bytes.resize(std::min<uint64_t>(last.bytes.size(), end - last.offset));
  const uint64_t size = std::max<uint64_t>(inode.durable.size(), last.offset + last.bytes.size());
  put(inode.durable, last.offset, last.bytes, size);
}

// Each sector that was written shows the state after some number of the writes to it.
std::string SimDisk::torn(const Inode& inode, uint64_t size) {
  std::map<uint64_t, std::vector<const Change*>> writes;  // by sector
  uint64_t end = std::max<uint64_t>(size, inode.durable.size());
  for (const Change& change : inode.unsynced) {
    if (change.bytes.empty()) continue;
    end = std::max(end, change.offset + change.bytes.size());
    const uint64_t last = (change.offset + change.bytes.size() - 1) / kSectorBytes;
    for (uint64_t sector = change.offset / kSectorBytes; sector <= last; ++sector) {
      writes[sector].push_back(&change);
    }
  }
  std::string content = inode.durable;
  content.resize(end, '\0');
  for (const auto& [sector, changes] : writes) {
    const uint64_t done = site_->below(changes.size() + 1);
    for (uint64_t i = 0; i < done; ++i) {
      const Change& change = *changes[i];
      const uint64_t from = std::max(change.offset, sector * kSectorBytes);
      const uint64_t to =
          std::min(change.offset + change.bytes.size(), (sector + 1) * kSectorBytes);
      content.replace(from, to - from, change.bytes, from - change.offset, to - from);
    }
  }
  content.resize(size, '\0');
  return content;
}

std::vector<storage::FileInfo> SimDisk::list(storage::Folder folder) const {
  std::vector<storage::FileInfo> files;
  for (const auto& [name, inode] : current_) {
    if (name.folder == folder) files.push_back({name.name, inode->current.size()});
  }
  return files;
}

const std::string* SimDisk::content(const FileName& file) const {
  const auto it = current_.find(file);
  return it == current_.end() ? nullptr : &it->second->current;
}

std::expected<std::string, DiskError> SimDisk::read(const FileName& file, uint64_t offset,
                                                    uint64_t length) {
  if (site_->one_in(faults_.read_fails_one_in)) {
    ++counts_.reads_failed;
    return failure(file, "read failed: input/output error");
  }
  const std::string* bytes = content(file);
  if (bytes == nullptr) return failure(file, "read failed: no such file");
  if (offset >= bytes->size()) return std::string();
  return bytes->substr(offset, length);
}

std::expected<void, DiskError> SimDisk::truncate(const FileName& file, uint64_t size) {
  const auto it = current_.find(file);
  if (it == current_.end()) return failure(file, "truncate failed: no such file");
  if (auto done = truncate_unsynced({file, size}); !done) return done;
  return sync({file});
}

std::expected<void, DiskError> SimDisk::rewrite(const FileName& file, uint64_t offset,
                                                std::string_view bytes) {
  if (auto done = write({file, offset, std::string(bytes), 0}); !done) return done;
  return sync({file});
}

std::expected<void, DiskError> SimDisk::remove(const FileName& file) {
  if (auto done = remove_unsynced({file}); !done) return done;
  make_names_durable(file);
  return {};
}

void SimDisk::rot(const FileName& file, uint64_t bit) {
  const auto it = current_.find(file);
  ZT_ASSERT(it != current_.end());
  for (std::string* content : {&it->second->durable, &it->second->current}) {
    if (bit / 8 >= content->size()) continue;
    (*content)[bit / 8] = static_cast<char>((*content)[bit / 8] ^ (1 << (bit % 8)));
  }
}

uint64_t SimDisk::used_bytes() const {
  uint64_t used = 0;
  for (const auto& [name, inode] : current_) used += inode->current.size();
  return used;
}

uint64_t SimDisk::unsynced_bytes() const {
  uint64_t bytes = 0;
  for (const auto& [name, inode] : current_) {
    for (const Change& change : inode->unsynced) bytes += change.bytes.size();
  }
  return bytes;
}

bool RecoveryDisk::crashed() {
  if (calls_left_ == 0) {
    interfered_ = stopped_ = true;
    return true;
  }
  --calls_left_;
  return false;
}

std::expected<std::vector<storage::FileInfo>, DiskError> RecoveryDisk::list(
    storage::Folder folder) {
  if (crashed()) return std::unexpected(DiskError{"the machine crashed"});
  return disk_.list(folder);
}

std::expected<std::string, DiskError> RecoveryDisk::read(const FileName& file, uint64_t offset,
                                                         uint64_t length) {
  if (crashed()) return failure(file, "the machine crashed");
  auto bytes = disk_.read(file, offset, length);
  interfered_ = interfered_ || !bytes;
  return bytes;
}

std::expected<void, DiskError> RecoveryDisk::truncate(const FileName& file, uint64_t size) {
  if (crashed()) return failure(file, "the machine crashed");
  auto done = disk_.truncate(file, size);
  interfered_ = interfered_ || !done;
  return done;
}

std::expected<void, DiskError> RecoveryDisk::rewrite(const FileName& file, uint64_t offset,
                                                     std::string_view bytes) {
  const bool ended_before = stopped_;
  if (crashed()) {
    // Half-way: written and not synced.
    if (!ended_before) {
      static_cast<void>(disk_.execute(storage::WriteFile{file, offset, std::string(bytes), 0}));
    }
    return failure(file, "the machine crashed");
  }
  auto done = disk_.rewrite(file, offset, bytes);
  interfered_ = interfered_ || !done;
  return done;
}

std::expected<void, DiskError> RecoveryDisk::remove(const FileName& file) {
  if (crashed()) return failure(file, "the machine crashed");
  return disk_.remove(file);
}

}  // namespace zoetrope::sim
