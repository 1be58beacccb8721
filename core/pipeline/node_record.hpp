// What a znode will be once every transaction that is prepared but not yet applied is applied
// (upstream ChangeRecord).
#pragma once

#include <cstdint>
#include <string>

#include "core/base/id_table.hpp"
#include "core/base/ids.hpp"
#include "core/jute/archive.hpp"
#include "core/jute/records.hpp"
#include "core/tree/tree.hpp"

namespace zoetrope::pipeline {

struct NodeRecord {
  bool exists = true;
  jute::StatPersisted stat;
  int32_t num_children = 0;
  uint32_t digest = 0;
  // Valid while data_zxid is not yet applied; afterwards the tree has these bytes itself.
  jute::BufferView data;
  Zxid data_zxid;
  // The ACL: the tree's entry, or, when an outstanding transaction sets it, its encoded form.
  tree::AclId acl_id = tree::kOpenAcl;
  bool has_own_acl = false;
  std::string own_acl;
  // The last transaction that changed the record; it is forgotten when that one is applied.
  Zxid zxid;
  // Where the change table has the record, as far as whoever loaded it knows.
  uint32_t entry = IdTable::kNone;
};

}  // namespace zoetrope::pipeline
