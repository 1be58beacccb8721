// Random transactions for the tests that compare the tree with its model: raw numbers that
// RapidCheck can shrink, and two ways to read them as transactions.
#pragma once

#include <rapidcheck.h>

#include <cstdint>
#include <string>
#include <vector>

#include "core/tree/path.hpp"
#include "tests/unit/tree/model.hpp"
#include "tests/unit/tree/transactions.hpp"

namespace zoetrope::tree {

struct RawOp {
  uint8_t kind = 0, path = 0, data = 0, extra = 0;
};

inline void showValue(const RawOp& op, std::ostream& out) {
  out << '{' << int{op.kind} << ',' << int{op.path} << ',' << int{op.data} << ',' << int{op.extra}
      << '}';
}

inline rc::Gen<std::vector<RawOp>> raw_ops(int scale) {
  const auto op = rc::gen::build<RawOp>(rc::gen::set(&RawOp::kind), rc::gen::set(&RawOp::path),
                                        rc::gen::set(&RawOp::data), rc::gen::set(&RawOp::extra));
  return rc::gen::scale(scale, rc::gen::container<std::vector<RawOp>>(op));
}

// Few paths, so that operations meet; the last ones are quota files and paths that no client can
// name.
inline const std::vector<std::string>& tree_paths() {
  static const std::vector<std::string> paths = {
      "/a",   "/b",    "/c",     "/a/a",   "/a/b",     "/a/c",
      "/b/a", "/b/b",  "/a/b/a", "/a/b/b", "/a/b/a/x", "/b/a/long-name-of-a-node",
      "/c/x", "/c/x/y"};
  return paths;
}
inline const std::vector<std::string>& odd_paths() {
  static const std::vector<std::string> paths = {"/zookeeper/quota/a",
                                                 "/zookeeper/quota/a/zookeeper_limits",
                                                 "/zookeeper/quota/a/zookeeper_stats",
                                                 "/zookeeper/quota/a/b",
                                                 "/zookeeper/quota/a/b/zookeeper_limits",
                                                 "/zookeeper/quota/a/b/zookeeper_stats",
                                                 "/zookeeper/quota/zookeeper_limits",
                                                 "/zookeeper/quota/zookeeper_stats",
                                                 "/zookeeper/x",
                                                 "/",
                                                 "",
                                                 "no-slash",
                                                 "/a/",
                                                 "//a",
                                                 "/a//b"};
  return paths;
}

inline std::string acl_of(uint8_t choice) {
  switch (choice % 5) {
    case 0:
      return std::string("\xff\xff\xff\xff", 4);
    case 1:
      return encode({{jute::kRead, {"ip", "10.0.0.0/8"}}});
    case 2:
      return encode({{31, {"digest", "bob:x"}}, {1, {"world", "anyone"}}});
    default:
      return std::string(jute::open_acl_bytes());
  }
}
// The model writes the null ACL as nothing.
inline std::string model_acl(std::string_view encoded) {
  return encoded == acl_of(0) ? std::string() : std::string(encoded);
}

// Anything at all, also what no pipeline would ever send.
OwnedTxn any_txn(const RawOp& raw, int64_t zxid, bool inside_multi = false);

// A transaction that a pipeline could prepare in this state, or nothing when the operation would
// fail.
std::vector<OwnedTxn> valid_txn(const RawOp& raw, int64_t zxid, const Model& state);

}  // namespace zoetrope::tree
