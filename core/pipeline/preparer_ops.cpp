// Preparation of each kind of operation; the order of the checks is upstream's, because it decides
// which error a client sees (facts/client-protocol.md section 6).
#include <cstdio>

#include "core/base/assert.hpp"
#include "core/pipeline/preparer.hpp"
#include "core/pipeline/preparer_context.hpp"
#include "core/tree/owner.hpp"
#include "core/tree/path.hpp"

namespace zoetrope::pipeline {

using jute::OpCode;

namespace {

bool is_sequential(wire::CreateFlags flags) {
  return flags == wire::CreateFlags::kPersistentSequential ||
         flags == wire::CreateFlags::kEphemeralSequential ||
         flags == wire::CreateFlags::kPersistentSequentialTtl;
}

bool is_ephemeral(wire::CreateFlags flags) {
  return wire::is_ephemeral(static_cast<int32_t>(flags));
}

bool is_ttl(wire::CreateFlags flags) {
  return flags == wire::CreateFlags::kPersistentTtl ||
         flags == wire::CreateFlags::kPersistentSequentialTtl;
}

// Upstream's checks of flags and ttl, which come before all others. Operations without a ttl field
// have ttl -1 there.
ErrorCode check_ttl(OpCode type, wire::CreateFlags flags, int64_t ttl_ms, bool extended_types) {
  if (is_ttl(flags)) {
    if (!extended_types) return ErrorCode::kUnimplemented;
    const bool valid = type == OpCode::kCreateTtl && ttl_ms >= 1 && ttl_ms <= tree::kTtlMax;
    return valid ? ErrorCode::kOk : ErrorCode::kBadArguments;
  }
  return type == OpCode::kCreateTtl && ttl_ms >= 0 ? ErrorCode::kBadArguments : ErrorCode::kOk;
}

// Whether flags and operation name the same kind of znode. Stock servers accept a container flag in
// a plain create and die of a createTTL without TTL flag (facts/client-protocol.md section 19). We
// refuse what they would accept, and only that, so that every other error stays the same.
bool kinds_agree(OpCode type, wire::CreateFlags flags) {
  if (type == OpCode::kCreateTtl) return is_ttl(flags);
  return (type == OpCode::kCreateContainer) == (flags == wire::CreateFlags::kContainer);
}

// Upstream getParentPathAndValidate: what may not be deleted, or has no parent at all.
bool deletable(std::string_view path) {
  return path.find('/') != std::string_view::npos && path.find('\0') == std::string_view::npos &&
         path != "/" && path != "/zookeeper" && path != "/zookeeper/quota" &&
         path != "/zookeeper/config";
}

std::string with_sequence(std::string_view path, int32_t sequence) {
  char suffix[16];
  std::snprintf(suffix, sizeof suffix, "%010d", sequence);
  return std::string(path) + suffix;
}

int64_t size_of(const jute::BufferView& data) {
  return data ? static_cast<int64_t>(data->size()) : 0;
}

// Where the data lie of a transaction whose body starts at `start`: behind the path and their
// length.
size_t data_offset(size_t start, std::string_view path) {
  return start + 4 + path.size() + 4;
}

void write_create(jute::Writer& out, OpCode type, std::string_view path,
                  const jute::BufferView& data, std::string_view acl, bool ephemeral,
                  int32_t parent_cversion, int64_t ttl_ms) {
  if (type == OpCode::kCreateContainer) {
    jute::write(out, jute::CreateContainerTxn{path, data, acl, parent_cversion});
  } else if (type == OpCode::kCreateTtl) {
    jute::write(out, jute::CreateTtlTxn{path, data, acl, parent_cversion, ttl_ms});
  } else {
    jute::write(out, jute::CreateTxn{path, data, acl, ephemeral, parent_cversion});
  }
}

}  // namespace

ErrorCode Preparer::prepare_create(Context& op, const wire::CreateRequest& request, OpCode type,
                                   jute::Writer& out) {
  if (request.flags < 0 || request.flags > 6) return ErrorCode::kBadArguments;
  const auto flags = static_cast<wire::CreateFlags>(request.flags);
  if (const ErrorCode e = check_ttl(type, flags, request.ttl_ms, config_.extended_types_enabled);
      e != ErrorCode::kOk) {
    return e;
  }
  if (op.session != ErrorCode::kOk) return op.session;
  if (is_ephemeral(flags) && is_local(op.request)) return ErrorCode::kEphemeralOnLocalSession;
  if (request.path.find('/') == std::string_view::npos ||
      request.path.find('\0') != std::string_view::npos) {
    return ErrorCode::kBadArguments;
  }
  std::string fixed_acl;
  const bool open = request.acl == jute::open_acl_bytes();
  if (!open && !fix_up(op, request.acl, fixed_acl)) return ErrorCode::kInvalidAcl;
  const std::string_view acl = open ? request.acl : std::string_view(fixed_acl);

  const ChangeTable::Key parent_key(tree::parent_path(request.path));
  NodeRecord parent;
  if (!changes_.load(parent_key, parent)) return ErrorCode::kNoNode;
  if (!permitted(op, parent, jute::kCreate)) return ErrorCode::kNoAuth;
  std::string sequential_path;
  std::string_view path = request.path;
  if (is_sequential(flags)) {
    sequential_path = with_sequence(path, parent.stat.cversion);
    path = sequential_path;
  }
  if (!tree::valid_path(path)) return ErrorCode::kBadArguments;
  const ChangeTable::Key key(path);
  NodeRecord node;
  if (changes_.load(key, node)) return ErrorCode::kNodeExists;
  if (tree::kind_of_owner(parent.stat.ephemeral_owner, config_.extended_types_enabled) ==
      tree::NodeKind::kEphemeral) {
    return ErrorCode::kNoChildrenForEphemerals;
  }
  if (!kinds_agree(type, flags)) return ErrorCode::kBadArguments;
  if (const ErrorCode e = check_quota(path, 1, size_of(request.data)); e != ErrorCode::kOk) {
    return e;
  }
  count_usage(path, 1, size_of(request.data), op.zxid);

  parent.stat.cversion = static_cast<int32_t>(static_cast<uint32_t>(parent.stat.cversion) + 1);
  parent.stat.pzxid = op.zxid.value;
  ++parent.num_children;
  const size_t start = out.size();
  write_create(out, type, path, request.data, acl, is_ephemeral(flags), parent.stat.cversion,
               request.ttl_ms);
  node = NodeRecord{};
  node.stat.czxid = node.stat.mzxid = node.stat.pzxid = op.zxid.value;
  node.stat.ctime = node.stat.mtime = op.time_ms;
  node.stat.ephemeral_owner = type == OpCode::kCreateContainer ? tree::kContainerOwner
                              : type == OpCode::kCreateTtl     ? tree::owner_of_ttl(request.ttl_ms)
                              : is_ephemeral(flags)            ? op.request.session.value
                                                               : 0;
  node.data = request.data;
  node.has_own_acl = !open;
  node.own_acl = std::move(fixed_acl);
  changes_.store(parent_key, std::move(parent), op.zxid);
  changes_.store(key, std::move(node), op.zxid, data_offset(start, path));
  return ErrorCode::kOk;
}

ErrorCode Preparer::prepare_delete(Context& op, const wire::PathVersionRequest& request,
                                   jute::Writer& out) {
  if (op.session != ErrorCode::kOk) return op.session;
  if (!deletable(request.path)) return ErrorCode::kBadArguments;
  NodeRecord parent;
  if (!changes_.load(tree::parent_path(request.path), parent)) return ErrorCode::kNoNode;
  if (!permitted(op, parent, jute::kDelete)) return ErrorCode::kNoAuth;
  NodeRecord node;
  if (!changes_.load(request.path, node)) return ErrorCode::kNoNode;
  if (request.version != -1 && request.version != node.stat.version) return ErrorCode::kBadVersion;
  if (node.num_children > 0) return ErrorCode::kNotEmpty;
  count_usage(request.path, -1, -size_of(node.data), op.zxid);
  jute::write(out, jute::DeleteTxn{request.path});
  note_child_gone(tree::parent_path(request.path), op.zxid);
  changes_.erase_node(request.path, op.zxid);
  return ErrorCode::kOk;
}

ErrorCode Preparer::prepare_delete_container(Context& op, std::string_view path,
                                             jute::Writer& out) {
  if (!deletable(path)) return ErrorCode::kBadArguments;
  NodeRecord node;
  if (!changes_.load(path, node)) return ErrorCode::kNoNode;
  if (node.num_children > 0) return ErrorCode::kNotEmpty;
  const tree::NodeKind kind =
      tree::kind_of_owner(node.stat.ephemeral_owner, config_.extended_types_enabled);
  // Between the look at the applied tree and now it may have become a znode of another kind.
  if (kind != tree::NodeKind::kContainer && kind != tree::NodeKind::kTtl)
    return ErrorCode::kBadVersion;
  count_usage(path, -1, -size_of(node.data), op.zxid);
  jute::write(out, jute::DeleteTxn{path});
  note_child_gone(tree::parent_path(path), op.zxid);
  changes_.erase_node(path, op.zxid);
  return ErrorCode::kOk;
}

ErrorCode Preparer::prepare_set_data(Context& op, const wire::SetDataRequest& request,
                                     jute::Writer& out) {
  if (op.session != ErrorCode::kOk) return op.session;
  const ChangeTable::Key key(request.path);
  NodeRecord node;
  if (const ErrorCode e = load_named(request.path, key, node); e != ErrorCode::kOk) return e;
  if (!permitted(op, node, jute::kWrite)) return ErrorCode::kNoAuth;
  // Upstream looks at the quota before the version.
  const int64_t bytes_added = size_of(request.data) - size_of(node.data);
  if (const ErrorCode e = check_quota(request.path, 0, bytes_added); e != ErrorCode::kOk) return e;
  if (request.version != -1 && request.version != node.stat.version) return ErrorCode::kBadVersion;
  count_usage(request.path, 0, bytes_added, op.zxid);
  node.stat.version = next_version(node.stat.version);
  node.stat.mtime = op.time_ms;
  node.stat.mzxid = op.zxid.value;
  const size_t start = out.size();
  jute::write(out, jute::SetDataTxn{request.path, request.data, node.stat.version});
  node.data = request.data;
  changes_.store(key, std::move(node), op.zxid, data_offset(start, request.path));
  return ErrorCode::kOk;
}

ErrorCode Preparer::prepare_set_acl(Context& op, const wire::SetAclRequest& request,
                                    jute::Writer& out) {
  if (op.session != ErrorCode::kOk) return op.session;
  if (!tree::valid_path(request.path)) return ErrorCode::kBadArguments;
  std::string acl;
  if (!fix_up(op, request.acl, acl)) return ErrorCode::kInvalidAcl;
  NodeRecord node;
  if (!changes_.load(request.path, node)) return ErrorCode::kNoNode;
  if (!permitted(op, node, jute::kAdmin)) return ErrorCode::kNoAuth;
  if (request.version != -1 && request.version != node.stat.aversion) return ErrorCode::kBadVersion;
  node.stat.aversion = next_version(node.stat.aversion);
  jute::write(out, jute::SetAclTxn{request.path, acl, node.stat.aversion});
  node.has_own_acl = true;
  node.own_acl = std::move(acl);
  changes_.store(request.path, std::move(node), op.zxid);
  return ErrorCode::kOk;
}

ErrorCode Preparer::prepare_check(Context& op, const wire::PathVersionRequest& request,
                                  jute::Writer& out) {
  if (op.session != ErrorCode::kOk) return op.session;
  NodeRecord node;
  if (const ErrorCode e = load_named(request.path, request.path, node); e != ErrorCode::kOk) {
    return e;
  }
  if (!permitted(op, node, jute::kRead)) return ErrorCode::kNoAuth;
  if (request.version != -1 && request.version != node.stat.version) return ErrorCode::kBadVersion;
  jute::write(out, jute::CheckTxn{request.path, next_version(node.stat.version)});
  return ErrorCode::kOk;
}

}  // namespace zoetrope::pipeline
