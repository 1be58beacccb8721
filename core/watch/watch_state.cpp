// What a watch table is made of, for a copy of a running server.
#include "core/base/state_archive.hpp"
#include "core/watch/watch_table.hpp"

namespace zoetrope::watch {

void WatchTable::carry_state(StateArchive& archive) {
  if (archive.is_loading()) *this = WatchTable(modes_exclusive_);
  paths_.carry_slots(archive, [&archive](Path& path) {
    archive(path.size, path.first, path.data_watches);
    bool is_used = path.text != nullptr;
    archive(is_used);
    if (!is_used) return;
    std::string_view shown = archive.is_loading() ? "" : std::string_view(path.text, path.size);
    archive(shown);
    if (archive.is_loading()) path.text = copy_text(shown);
  });
  archive(watches_, watchers_, watch_index_, path_index_, watcher_index_, data_, child_watches_,
          recursive_);
}

}  // namespace zoetrope::watch
