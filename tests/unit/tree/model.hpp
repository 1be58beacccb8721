// The tree as a plain map: the rules of facts/disk-format.md section 3 and client-protocol.md
// sections 10 and 18 in the most direct form, to compare the real one with.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "core/base/error.hpp"
#include "core/jute/event.hpp"
#include "core/jute/txn.hpp"
#include "core/tree/tree.hpp"

namespace zoetrope::tree {

class Model {
 public:
  struct Node {
    std::optional<std::string> data;
    std::string acl;  // encoded; empty for the null ACL
    jute::StatPersisted stat;
    uint64_t born = 0;
    auto operator<=>(const Node&) const = default;
  };
  struct Result {
    ErrorCode error = ErrorCode::kOk;
    std::vector<ErrorCode> multi;
    std::vector<std::pair<jute::EventType, std::string>> triggers;
  };

  Model();
  Result apply(const jute::Txn& txn);

  std::map<std::string, Node> nodes;  // the root is ""
  int64_t last_zxid = 0;

  std::vector<std::string> children(const std::string& path) const;
  std::vector<std::string> ephemerals(int64_t session) const;
  uint64_t digest() const;
  std::string quota_of(std::string path) const;

 private:
  ErrorCode apply_one(const jute::TxnHeader& header, const jute::TxnBody& body, Result& result);
  ErrorCode create(const jute::TxnHeader& header, const std::string& path, jute::BufferView data,
                   std::string_view acl, int64_t owner, int32_t cversion, Result& result);
  ErrorCode remove(const std::string& path, int64_t zxid, Result& result);
  void erase(const std::string& path);
  void count(const std::string& path, int64_t nodes_added, int64_t bytes_added);
  void recount(const std::string& subject);

  uint64_t births_ = 0;
  std::set<std::string> quotas_;
};

// The first thing in which the tree differs from the model; empty when nothing does.
std::string difference(const Tree& tree, const Model& model);

}  // namespace zoetrope::tree
