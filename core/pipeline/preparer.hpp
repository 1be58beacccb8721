// Turns requests that change something into transactions: validates them against the tree and every
// outstanding change, decides all that must be equal on every replica (names of sequential znodes,
// versions, times, expanded ACLs, the digest) and encodes the result. Runs on a standalone server
// or on the leader. Upstream: PrepRequestProcessor.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/error.hpp"
#include "core/base/ids.hpp"
#include "core/base/time.hpp"
#include "core/jute/opcode.hpp"
#include "core/jute/records.hpp"
#include "core/jute/txn.hpp"
#include "core/pipeline/change_table.hpp"
#include "core/quorum/ensemble.hpp"
#include "core/session/session_tracker.hpp"
#include "core/tree/acl.hpp"
#include "core/wire/messages.hpp"

namespace zoetrope {
class StateArchive;
}

namespace zoetrope::pipeline {

struct PreparerConfig {
  tree::AuthConfig auth;
  bool digest_enabled = true;
  bool extended_types_enabled = false;
  bool close_session_txn_enabled = true;
  bool enforce_quota = false;
  bool reconfig_enabled = false;
  // 3.8.0 lets a version become -1 and answers create2 inside a multi as create.
  bool compatible_with_3_8 = false;
};

// What a reconfiguration is judged by, as its leader knows it. Lives during prepare().
struct Membership {
  const quorum::Ensemble* last_seen = nullptr;
  bool is_changing = false;  // a reconfiguration is proposed and not yet in force
  bool standalone_enabled = true;
  // Whether the servers that are synchronised with the leader are a quorum of it.
  std::function<bool(const quorum::Ensemble&)> has_synced_quorum;
};

// A request that changes something, as it was read. Views live during prepare().
struct WriteRequest {
  SessionId session;
  int32_t cxid = 0;
  jute::OpCode type = jute::OpCode::kError;
  std::string_view body;
  const std::vector<jute::Id>* ids = nullptr;
  // The connection that it came by; 0 for the server's own requests. A session that moved to
  // another connection refuses it.
  ConnectionId origin;
  // Of a reconfiguration; none on a standalone server.
  const Membership* membership = nullptr;
};

// What a preparation leaves: the encoded transaction (payload of its log record) and what the reply
// needs beyond it.
struct Prepared {
  Zxid zxid;
  ErrorCode error = ErrorCode::kOk;
  std::string payload;
  // The operations of a multi as they were asked for: the transaction does not tell create2 from
  // create.
  std::vector<jute::OpCode> multi_types;
};

class Preparer {
 public:
  // The tree and the sessions outlive the preparer.
  Preparer(PreparerConfig config, const tree::Tree& tree, session::SessionTracker& sessions);

  // Gives the request the next zxid. A request that is refused becomes an error transaction.
  Prepared prepare(const WriteRequest& request, WallTime now);
  // A new session, and the end of one (by its client or by expiry).
  Prepared prepare_create_session(SessionId session, int32_t timeout_ms, WallTime now);
  Prepared prepare_close_session(SessionId session, int32_t cxid, WallTime now);

  // Tells that all transactions up to this one were applied to the tree.
  void applied(Zxid zxid) { changes_.applied(zxid); }

  // Takes over a tree that was recovered: the next zxid follows `last`.
  void reset(Zxid last);
  Zxid last_zxid() const { return last_zxid_; }
  const ChangeTable& changes() const { return changes_; }
  uint64_t fingerprint() const;
  void carry_state(StateArchive& archive);

 private:
  struct Context;  // one operation being prepared

  ErrorCode prepare_op(Context& op, jute::OpCode type, jute::Writer& out);
  ErrorCode prepare_create(Context& op, const wire::CreateRequest& request, jute::OpCode type,
                           jute::Writer& out);
  ErrorCode prepare_delete(Context& op, const wire::PathVersionRequest& request, jute::Writer& out);
  ErrorCode prepare_delete_container(Context& op, std::string_view path, jute::Writer& out);
  ErrorCode prepare_set_data(Context& op, const wire::SetDataRequest& request, jute::Writer& out);
  ErrorCode prepare_set_acl(Context& op, const wire::SetAclRequest& request, jute::Writer& out);
  ErrorCode prepare_check(Context& op, const wire::PathVersionRequest& request, jute::Writer& out);
  ErrorCode prepare_reconfig(Context& op, const wire::ReconfigRequest& request, jute::Writer& out);
  ErrorCode prepare_multi(Context& op, Prepared& prepared, jute::Writer& out);
  ErrorCode prepare_multi_op(Context& op, const wire::MultiOp& sub, jute::Writer& out);

  ErrorCode check_session(const WriteRequest& request) const;
  // It may write, but no session that this leader knows stands behind it.
  bool is_local(const WriteRequest& request) const;
  // The record of the znode that a request names by `path`, whose key is `key`; kBadArguments when
  // no znode may be named so.
  ErrorCode load_named(std::string_view path, const ChangeTable::Key& key,
                       NodeRecord& record) const;
  bool permitted(const Context& op, const NodeRecord& record, int32_t permissions) const;
  // Whether a hard limit above `path` forbids a change; as upstream also one that only shrinks data
  // but leaves them above the limit. count_usage() then notes what an outstanding change will add.
  ErrorCode check_quota(std::string_view path, int64_t count_added, int64_t bytes_added) const;
  void count_usage(std::string_view path, int64_t count_added, int64_t bytes_added, Zxid zxid);
  // Encoded ACL as it is to be stored; false when it is no valid one.
  bool fix_up(const Context& op, std::string_view encoded, std::string& fixed) const;
  int32_t next_version(int32_t version) const;
  void note_child_gone(std::string_view parent, Zxid zxid);

  void begin(Prepared& prepared, SessionId session, int32_t cxid, jute::OpCode type, WallTime now);
  void finish(Prepared& prepared);
  void make_error(Prepared& prepared, ErrorCode error);

  PreparerConfig config_;
  const tree::Tree& tree_;
  session::SessionTracker& sessions_;
  ChangeTable changes_;
  Zxid last_zxid_;
};

}  // namespace zoetrope::pipeline
