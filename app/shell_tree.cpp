// Commands that walk over a tree or read an ACL from the command line: ls, deleteall, setAcl.
#include <deque>

#include "app/shell_commands.hpp"

namespace zoetrope::app {
namespace {

constexpr int64_t kDeletesAMulti = 1000;

// Calls `visit` for `path` and everything below it: the children of a node one after the other,
// then what is below each. A node that goes meanwhile is skipped. (Upstream:
// ZKUtil.visitSubTreeDFS)
template <class Visit>
void visit_below(ClientSession& session, const std::string& path, bool watch, const Visit& visit) {
  const auto found = children(session, path, watch);
  if (!found && found.error() == ErrorCode::kNoNode) return;
  const Children list = must(found, path);
  for (const std::string& name : list.names) visit(child_path(path, name));
  for (const std::string& name : list.names) {
    visit_below(session, child_path(path, name), watch, visit);
  }
}

template <class Visit>
void visit_tree(ClientSession& session, const std::string& path, bool watch, const Visit& visit) {
  must(get(session, path, watch), path);
  visit(path);
  visit_below(session, path, watch, visit);
}

int32_t permission_of(char c) {
  switch (c) {
    case 'r': return jute::kRead;
    case 'w': return jute::kWrite;
    case 'c': return jute::kCreate;
    case 'd': return jute::kDelete;
    case 'a': return jute::kAdmin;
    default: throw usage_error("Unknown perm type: " + std::string(1, c));
  }
}

jute::Acl parse_acl_entry(const std::string& text) {
  const size_t first = text.find(':');
  const size_t last = text.rfind(':');
  if (first == std::string::npos || first == last) {
    throw usage_error(text + " does not have the form scheme:id:perm");
  }
  jute::Acl acl;
  acl.id = {text.substr(0, first), text.substr(first + 1, last - first - 1)};
  for (const char c : text.substr(last + 1)) acl.permissions |= permission_of(c);
  return acl;
}

}  // namespace

jute::AclList parse_acl(const std::string& text) {
  jute::AclList acl;
  for (size_t begin = 0; begin <= text.size();) {
    const size_t end = std::min(text.find(',', begin), text.size());
    acl.push_back(parse_acl_entry(text.substr(begin, end - begin)));
    begin = end + 1;
  }
  return acl;
}

std::string permissions_text(int32_t permissions) {
  std::string text;
  if ((permissions & jute::kCreate) != 0) text += 'c';
  if ((permissions & jute::kDelete) != 0) text += 'd';
  if ((permissions & jute::kRead) != 0) text += 'r';
  if ((permissions & jute::kWrite) != 0) text += 'w';
  if ((permissions & jute::kAdmin) != 0) text += 'a';
  return text;
}

void run_ls(CommandContext context, const CommandWords& words) {
  const std::string& path = words.arguments()[0];
  check_path(path);
  const bool old_spelling = words.arguments().size() > 1;
  if (old_spelling) {
    context.out.note("'ls path [watch]' has been deprecated. Please use 'ls [-w] path' instead.");
  }
  const bool watch = words.has("w") || old_spelling;
  if (words.has("R")) {
    std::vector<std::string> paths;
    visit_tree(context.session, path, watch, [&](const std::string& at) {
      context.out.line(at);
      if (context.out.json()) paths.push_back(at);
    });
    context.out.field("paths", paths);
    return;
  }
  const Children found = must(children(context.session, path, watch), path);
  context.out.field("children", found.names);
  std::string text = "[";
  for (const std::string& name : found.names) text += (text.size() > 1 ? ", " : "") + name;
  context.out.line(text + "]");
  if (words.has("s")) context.out.stat(found.stat);
}

void run_deleteall(CommandContext context, const CommandWords& words) {
  const std::string& path = words.arguments()[0];
  check_path(path);
  const int64_t batch =
      words.number("b", "-b argument must be an int value").value_or(kDeletesAMulti);
  if (batch < 1) throw usage_error("-b argument must be positive");
  // Parents before their children; deleted from the end.
  std::vector<std::string> tree{path};
  for (size_t i = 0; i < tree.size(); ++i) {
    const std::string parent = tree[i];
    for (const std::string& name : must(children(context.session, parent, false), parent).names) {
      tree.push_back(child_path(parent, name));
    }
  }
  const auto count = static_cast<int64_t>(tree.size());
  while (!tree.empty()) {
    std::vector<std::string> paths;
    for (; !tree.empty() && static_cast<int64_t>(paths.size()) < batch; tree.pop_back()) {
      paths.push_back(std::move(tree.back()));
    }
    const auto removed = remove_all(context.session, paths);
    if (!removed) {
      throw CommandError(std::string(to_string(removed.error())),
                         "Failed to delete some node(s) in the subtree!");
    }
  }
  context.out.field("deleted", count);
}

void run_set_acl(CommandContext context, const CommandWords& words) {
  const std::string& path = words.arguments()[0];
  check_path(path);
  const jute::AclList acl = parse_acl(words.arguments()[1]);
  const auto given = words.number("v", "-v must be followed by a number");
  const auto version = static_cast<int32_t>(given.value_or(-1));
  if (words.has("R")) {
    visit_tree(context.session, path, false, [&](const std::string& at) {
      must(set_acl(context.session, at, acl, version), at);
    });
    return;
  }
  const jute::Stat stat = must(set_acl(context.session, path, acl, version), path);
  if (words.has("s")) context.out.stat(stat);
}

}  // namespace zoetrope::app
