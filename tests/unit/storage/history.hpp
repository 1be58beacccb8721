// A made-up history of transactions for tests: random ones that are possible, encoded as a server
// logs them, digests included. Owns the payloads and the tree after the last of them.
#pragma once

#include <string>
#include <vector>

#include "core/base/ids.hpp"
#include "core/base/random.hpp"
#include "core/storage/snapshot.hpp"
#include "core/tree/tree.hpp"

namespace zoetrope::storage {

struct HistoryEntry {
  Zxid zxid;
  std::string payload;
};

class History {
 public:
  explicit History(uint64_t seed) : random_(seed) {}

  // Appends one random transaction with the next zxid and about `data_bytes` bytes of data at most.
  const HistoryEntry& extend(size_t data_bytes = 100);
  // The next transaction gets this zxid.
  void jump_to(Zxid next) { next_ = next; }
  // Forgets what came after `last`: it never happened.
  void cut_after(Zxid last);

  const std::vector<HistoryEntry>& entries() const { return entries_; }
  // State after every transaction up to `last`.
  Snapshot state_at(Zxid last) const;
  // One log file with the entries [first, last), as indexes.
  std::string log(size_t first, size_t last) const;
  std::string name_of_log(size_t first) const;

 private:
  jute::TxnBody body(size_t data_bytes, jute::TxnHeader& header);

  Random random_;
  Zxid next_{1};
  tree::Tree tree_;
  std::vector<HistoryEntry> entries_;
  std::string data_, path_, acl_;  // what the views of the current transaction point to
  int32_t node_count_ = 0;
  int64_t session_count_ = 0;
};

}  // namespace zoetrope::storage
