// Lists of the znodes that have an owner, each in creation order: the ephemerals of every session,
// the containers, the TTL znodes. A list costs 8 bytes a member; joining and leaving take constant
// time. Owns only links between ids; knows nothing else of the znodes.
#pragma once

#include <cstdint>
#include <map>
#include <vector>

#include "core/base/ids.hpp"
#include "core/tree/node_store.hpp"
#include "core/tree/owner.hpp"

namespace zoetrope {
class StateArchive;
}

namespace zoetrope::tree {

class OwnerIndex {
 public:
  // `kind` and `owner` are those of the znode; persistent ones are in no list.
  void add(NodeId id, NodeKind kind, int64_t owner);
  void remove(NodeId id, NodeKind kind, int64_t owner);

  // Walk a list with first_* and next.
  NodeId first_ephemeral(SessionId session) const;
  NodeId first_container() const { return containers_.first; }
  NodeId first_ttl() const { return ttls_.first; }
  NodeId next(NodeId id) const { return links(id).next; }

  size_t ephemeral_count() const { return ephemeral_count_; }
  size_t ephemeral_count(SessionId session) const;
  std::vector<SessionId> sessions() const;  // those with ephemerals, ascending
  void carry_state(StateArchive& archive);

 private:
  struct List {
    NodeId first = NodeId::kNone;
    NodeId last = NodeId::kNone;
    size_t size = 0;
  };
  struct Links {
    NodeId next = NodeId::kNone;
    NodeId previous = NodeId::kNone;
  };
  static constexpr unsigned kChunkBits = 8;

  List& list_of(NodeKind kind, int64_t owner);
  Links& links(NodeId id);
  const Links& links(NodeId id) const;

  std::map<SessionId, List> ephemerals_;
  size_t ephemeral_count_ = 0;
  List containers_;
  List ttls_;
  // Indexed by node id in chunks, so that trees without owned znodes pay nothing.
  std::vector<std::vector<Links>> chunks_;
};

}  // namespace zoetrope::tree
