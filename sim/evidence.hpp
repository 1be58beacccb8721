// What the simulator knows of the servers beyond what their clients see, in the terms of a history:
// the transactions from the files of their logs, and the znodes of their trees. Owns what it
// gathered.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/ids.hpp"
#include "core/base/time.hpp"
#include "core/tree/tree.hpp"
#include "properties/history.hpp"
#include "sim/disk.hpp"

namespace zoetrope::sim {

// When a server was first seen to have applied what: ascending by zxid.
using AppliedTimes = std::vector<std::pair<Zxid, MonotonicTime>>;

// The logs as they are at the end of a run; files that were removed on the way are added before
// they go. A log may hold what was never committed, below a snapshot that took its place.
class LogEvidence {
 public:
  // Adds every record of one log file of a server, by its index. False when the file cannot be read
  // to its end.
  bool add_file(uint32_t server, std::string_view content);
  bool add_disk(uint32_t server, const SimDisk& disk);

  // Whether the servers of which `has` says true were a quorum for that transaction; asked for one
  // after the other of the history.
  using IsQuorum = std::function<bool(const properties::CommittedTxn& txn,
                                      const std::function<bool(uint32_t)>& has)>;
  // What `is_part` says is part of the history, ascending by zxid, with the earliest of its times,
  // by server.
  std::vector<properties::CommittedTxn> take(const std::function<bool(Zxid)>& is_part,
                                             const IsQuorum& is_quorum,
                                             const std::vector<const AppliedTimes*>& applied) const;
  // Transactions that differ between two servers and have one zxid, as lines for people.
  const std::vector<std::string>& conflicts() const { return conflicts_; }

 private:
  struct Record {
    uint64_t hash = 0;     // of its payload
    uint64_t holders = 0;  // a bit for each server
    properties::CommittedTxn txn;
  };
  bool add_record(uint32_t server, Zxid zxid, std::string_view payload);

  std::map<Zxid, Record> records_;
  std::vector<std::string> conflicts_;
};

// Which configuration each server was seen to have in force, whenever that was new.
class ConfigurationEvidence {
 public:
  // The server has just started: what it has then is noted in any case.
  void started(ServerId server) { known_.erase(server); }
  // Whether that version is news of this server.
  bool is_news(ServerId server, int64_t version) const;
  // Fills in whether it is what the server started with.
  void note(properties::ConfigurationEvent event);
  std::vector<properties::ConfigurationEvent> take() { return std::move(events_); }

 private:
  std::map<ServerId, int64_t> known_;  // versions
  std::vector<properties::ConfigurationEvent> events_;
};

std::vector<properties::FinalNode> final_nodes(const tree::Tree& tree);

// The digest of the tree, computed anew from every znode.
uint64_t digest_of_nodes(const tree::Tree& tree);

}  // namespace zoetrope::sim
