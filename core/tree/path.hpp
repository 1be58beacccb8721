// Path rules (facts/client-protocol.md section 9; upstream PathUtils.validatePath).
#pragma once

#include <string_view>

namespace zoetrope::tree {

// True when `path` may name a znode. Bytes are decoded as UTF-8; malformed input is not valid.
bool valid_path(std::string_view path);
// True when `path` has the least form that a znode below the root needs, "/x": logs and snapshots
// may hold paths that are not valid, and upstream takes them.
constexpr bool names_child(std::string_view path) {
  return path.size() >= 2 && path[0] == '/' && path[1] != '/' && path.back() != '/';
}
// "/a/b" -> "/a", "/a" -> "" (the root's internal name). `path` contains a '/'.
std::string_view parent_path(std::string_view path);
// "/a/b" -> "b".
std::string_view last_component(std::string_view path);

}  // namespace zoetrope::tree
