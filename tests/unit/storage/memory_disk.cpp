#include "tests/unit/storage/memory_disk.hpp"

#include <algorithm>

#include "core/base/assert.hpp"

namespace zoetrope::storage {

namespace {
constexpr uint64_t kSector = 512;

template <class... Fs>
struct Overloaded : Fs... {
  using Fs::operator()...;
};
}  // namespace

FileName MemoryDisk::where(const FileName& file) const {
  return one_directory ? FileName{Folder::kLog, file.name} : file;
}

std::expected<std::vector<FileInfo>, DiskError> MemoryDisk::list(Folder folder) {
  std::vector<FileInfo> infos;
  for (const auto& [name, file] : files_) {
    if (one_directory || name.folder == folder) infos.push_back({name.name, file.bytes.size()});
  }
  return infos;
}

std::expected<std::string, DiskError> MemoryDisk::read(const FileName& file, uint64_t offset,
                                                       uint64_t length) {
  if (unreadable == file.name) return std::unexpected(DiskError{file.name + ": cannot be read"});
  const auto found = files_.find(where(file));
  if (found == files_.end()) return std::unexpected(DiskError{file.name + ": no such file"});
  const std::string& bytes = found->second.bytes;
  return offset >= bytes.size() ? std::string() : bytes.substr(offset, length);
}

std::expected<void, DiskError> MemoryDisk::truncate(const FileName& file, uint64_t size) {
  std::string bytes = files_.at(where(file)).bytes;
  changes.push_back("truncate " + file.name + " " + std::to_string(size));
  bytes.resize(size);
  put(file, std::move(bytes));
  return {};
}

std::expected<void, DiskError> MemoryDisk::rewrite(const FileName& file, uint64_t offset,
                                                   std::string_view bytes) {
  if (unwritable == file.name) return std::unexpected(DiskError{file.name + ": cannot be written"});
  const std::string& held = files_.at(where(file)).bytes;
  ZT_ASSERT(offset <= held.size());
  ZT_ASSERT(std::string_view(held).substr(offset, bytes.size()) == bytes);
  rewrites.push_back(file.name + " [" + std::to_string(offset) + ", " +
                     std::to_string(offset + bytes.size()) + ")");
  put(file, std::string(held));
  return {};
}

std::expected<void, DiskError> MemoryDisk::remove(const FileName& file) {
  changes.push_back("remove " + file.name);
  ZT_ASSERT(files_.erase(where(file)) == 1);
  return {};
}

void MemoryDisk::put(const FileName& file, std::string bytes) {
  files_[where(file)] = File{bytes, bytes, true, {}};
}

std::vector<std::string> MemoryDisk::names() const {
  std::vector<std::string> result;
  for (const auto& [name, file] : files_) result.push_back(name.name);
  return result;
}

void MemoryDisk::write(const WriteFile& action) {
  File& file = files_[where(action.file)];
  const uint64_t end = action.offset + action.bytes.size();
  const uint64_t size = std::max({static_cast<uint64_t>(file.bytes.size()), end, action.size_min});
  file.bytes.resize(size);
  file.bytes.replace(action.offset, action.bytes.size(), action.bytes);
  for (uint64_t s = action.offset / kSector; s * kSector < end; ++s) file.dirty.insert(s);
}

void MemoryDisk::perform(const DiskAction& action) {
  std::visit(Overloaded{
                 [&](const WriteFile& a) { write(a); },
                 [&](const SyncFile& a) {
                   File& file = files_.at(where(a.file));
                   file.synced = file.bytes;
                   file.entry_synced = true;
                   file.dirty.clear();
                 },
                 [&](const RenameFile& a) {
                   const FileName from = where(a.from);
                   File file = std::move(files_.at(from));
                   ZT_ASSERT(file.dirty.empty());
                   files_.erase(from);
                   files_[where({a.from.folder, a.to})] = std::move(file);
                 },
                 [&](const RemoveFile& a) { files_.erase(where(a.file)); },
                 [&](const TruncateFile& a) { static_cast<void>(truncate(a.file, a.size)); },
                 [&](const CloseFile&) {},
             },
             action);
}

void MemoryDisk::crash_file(File& file, Random& random) {
  // How much of the unsynced part survives: nothing, all, a prefix, or any of its sectors.
  const uint64_t mode = random.below(5);
  const uint64_t prefix = random.below(file.bytes.size() + 1);
  std::string kept = file.synced;
  for (const uint64_t sector : file.dirty) {
    const uint64_t start = sector * kSector;
    const bool keep = mode == 1 || (mode == 2 && start < prefix) || (mode > 2 && random.one_in(2));
    if (!keep) continue;
    const uint64_t end = std::min<uint64_t>(start + kSector, file.bytes.size());
    const uint64_t stop = mode == 2 ? std::min(end, prefix) : end;
    if (kept.size() < stop) kept.resize(stop);
    kept.replace(start, stop - start, file.bytes, start, stop - start);
  }
  // The padding may be there or not.
  if (kept.size() < file.bytes.size() && random.one_in(2)) kept.resize(file.bytes.size());
  file = File{kept, kept, true, {}};
}

void MemoryDisk::crash(Random& random) {
  for (auto at = files_.begin(); at != files_.end();) {
    if (!at->second.entry_synced && random.one_in(2)) {
      at = files_.erase(at);
      continue;
    }
    crash_file(at->second, random);
    ++at;
  }
}

}  // namespace zoetrope::storage
