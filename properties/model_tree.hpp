// A plain tree of znodes that does one operation after the other: what ZooKeeper's semantics say,
// written as directly as can be (facts/client-protocol.md sections 6 to 14). Checkers replay the
// committed writes through it. It owns its nodes; it knows nothing of the engine and is never fast.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "properties/history.hpp"
#include "properties/model_acl.hpp"

namespace zoetrope::properties {

struct ModelNode {
  std::optional<std::string> data;
  Acl acl;  // empty: everything is permitted
  int64_t czxid = 0, mzxid = 0, pzxid = 0, ctime = 0, mtime = 0;
  int32_t version = 0, aversion = 0;
  int32_t children_created = 0;  // the stored cversion
  SessionId owner;               // of an ephemeral
  bool container = false;
  int64_t ttl_ms = 0;  // of a TTL znode
  std::set<std::string, std::less<>> children;
};

// One change that watches may wait for, and the ACL that decides who may hear of it.
struct Change {
  EventType type = EventType::kNodeCreated;
  std::string path;
  Acl acl;
};

// Who does an operation, and at which point of the order.
struct Context {
  Zxid zxid;
  int64_t time_ms = 0;
  SessionId session;
  const Identities* identities = nullptr;
};

class ModelTree {
 public:
  explicit ModelTree(bool extended_types_enabled);

  // Does one write that is no multi. On an error nothing is changed.
  Result write(const Arguments& args, const Context& context, std::vector<Change>& changes);
  // Does all parts or none; the results are those that a client is shown.
  std::vector<Result> multi(const std::vector<Arguments>& parts, const Context& context,
                            std::vector<Change>& changes);
  // Ends a session: its ephemerals go, those of `order` first and in that order.
  void close_session(SessionId session, Zxid zxid, const std::vector<std::string>& order,
                     std::vector<Change>& changes);
  // False when the node is not one that the server may remove by itself at `time_ms`.
  bool delete_container(const std::string& path, Zxid zxid, int64_t time_ms,
                        std::vector<Change>& changes);

  Result read(const Arguments& args, SessionId session, const Identities& identities) const;
  std::vector<Result> multi_read(const std::vector<Arguments>& parts, SessionId session,
                                 const Identities& identities) const;

  const ModelNode* find(std::string_view path) const;
  Stat stat_of(const ModelNode& node) const;
  std::vector<std::string> ephemerals_of(SessionId session) const;
  const std::map<std::string, ModelNode, std::less<>>& nodes() const { return nodes_; }

 private:
  struct Undo {
    std::string path;
    std::optional<ModelNode> before;
  };

  Result create(const Arguments& args, const Context& context, std::vector<Change>& changes);
  Result remove(const Arguments& args, const Context& context, std::vector<Change>& changes);
  Result set_data(const Arguments& args, const Context& context, std::vector<Change>& changes);
  Result set_acl(const Arguments& args, const Context& context);
  Result check_version(const Arguments& args, const Context& context);

  void save(const std::string& path);
  void roll_back();
  void unlink(const std::string& path, Zxid zxid, std::vector<Change>& changes);
  ModelNode* mutable_node(std::string_view path);

  bool extended_types_enabled_;
  std::map<std::string, ModelNode, std::less<>> nodes_;  // the root is "/"
  std::map<SessionId, std::set<std::string>> ephemerals_;
  bool undoing_ = false;  // only a multi has to take back what it did
  std::vector<Undo> undo_;
};

// Path rules for the paths that tests use (ASCII): facts/client-protocol.md section 9.
bool valid_model_path(std::string_view path);
// "/a/b" -> "/a", "/a" -> "/".
std::string parent_of(std::string_view path);
// One line for the first difference between what was expected and what a client was given.
std::optional<std::string> difference(const Result& expected, const Result& actual);

}  // namespace zoetrope::properties
