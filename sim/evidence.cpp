#include "sim/evidence.hpp"

#include <algorithm>

#include "core/base/hash.hpp"
#include "core/jute/txn.hpp"
#include "core/storage/transaction_log.hpp"
#include "sim/client_codec.hpp"

namespace zoetrope::sim {
namespace {

using properties::CommittedTxn;

constexpr size_t kConflictsMax = 4;

// The code of the first part that failed.
ErrorCode multi_error(const jute::MultiTxn& multi) {
  for (const jute::SubTxn& part : multi.txns) {
    if (part.type != jute::OpCode::kError) continue;
    const auto body = jute::decode_txn_body(part.type, part.body);
    if (!body) return ErrorCode::kMarshallingError;
    const auto error = std::get<jute::ErrorTxn>(*body).error;
    if (error != ErrorCode::kOk) return error;
  }
  return ErrorCode::kOk;
}

CommittedTxn committed(const jute::Txn& txn) {
  CommittedTxn out;
  out.zxid = txn.header.zxid;
  out.session = txn.header.client_id;
  out.cxid = txn.header.cxid;
  out.type = static_cast<int32_t>(txn.header.type);
  out.time_ms = txn.header.time_ms;
  if (const auto* error = std::get_if<jute::ErrorTxn>(&txn.body)) out.error = error->error;
  if (const auto* multi = std::get_if<jute::MultiTxn>(&txn.body)) out.error = multi_error(*multi);
  if (const auto* close = std::get_if<jute::CloseSessionTxn>(&txn.body); close && close->paths) {
    out.paths.assign(close->paths->begin(), close->paths->end());
  }
  if (out.type == properties::kTxnDeleteContainer) {
    out.paths.emplace_back(std::get<jute::DeleteTxn>(txn.body).path);
  }
  if (out.type == properties::kTxnReconfig) {
    out.paths.emplace_back(std::get<jute::SetDataTxn>(txn.body).data.value_or(""));
  }
  return out;
}

// Calls visit(path, id) for every znode, parents before their children.
template <class Visit>
void for_each_node(const tree::Tree& tree, const Visit& visit) {
  std::vector<std::string> left = {"/"};
  while (!left.empty()) {
    const std::string path = std::move(left.back());
    left.pop_back();
    const tree::NodeId id = tree.find(path);
    visit(path, id);
    tree.for_each_child(id, [&](std::string_view name) {
      left.push_back((path == "/" ? path : path + '/') + std::string(name));
    });
  }
}

}  // namespace

bool LogEvidence::add_record(uint32_t server, Zxid zxid, std::string_view payload) {
  const uint64_t hash = hash_bytes(payload);
  const uint64_t own_bit = uint64_t{1} << server;
  const auto known = records_.find(zxid);
  if (known != records_.end() && known->second.hash == hash) {
    known->second.holders |= own_bit;
    return true;
  }
  const auto txn = jute::decode_txn(payload);
  if (!txn) return false;
  // What a server has lost it may write anew.
  if (known == records_.end() || known->second.holders == own_bit) {
    records_.insert_or_assign(zxid, Record{hash, own_bit, committed(*txn)});
  } else if (conflicts_.size() < kConflictsMax) {
    conflicts_.push_back("server index " + std::to_string(server) + " has " +
                         describe(committed(*txn)) + ", another one has " +
                         describe(known->second.txn));
  }
  return true;
}

bool LogEvidence::add_file(uint32_t server, std::string_view content) {
  bool whole = true;
  const auto scan = storage::scan_log(content, [&](const storage::LogRecord& record) {
    const bool added = add_record(server, record.header.zxid, record.payload);
    whole = whole && added;
    return added;
  });
  return scan.has_value() && whole;
}

bool LogEvidence::add_disk(uint32_t server, const SimDisk& disk) {
  bool whole = true;
  for (const storage::FileInfo& file : disk.list(storage::Folder::kLog)) {
    if (!storage::zxid_of_log_name(file.name)) continue;
    whole = add_file(server, *disk.content({storage::Folder::kLog, file.name})) && whole;
  }
  return whole;
}

std::vector<CommittedTxn> LogEvidence::take(const std::function<bool(Zxid)>& is_part,
                                            const IsQuorum& is_quorum,
                                            const std::vector<const AppliedTimes*>& applied) const {
  std::vector<CommittedTxn> list;
  std::vector<AppliedTimes::const_iterator> next;
  for (const AppliedTimes* times : applied) next.push_back(times->begin());
  for (const auto& [zxid, record] : records_) {
    const auto has = [&](uint32_t server) { return (record.holders >> server & 1) != 0; };
    if (!is_part(zxid)) continue;
    CommittedTxn& txn = list.emplace_back(record.txn);
    txn.by_quorum = is_quorum(txn, has);
    for (size_t i = 0; i < applied.size(); ++i) {
      while (next[i] != applied[i]->end() && next[i]->first < zxid) ++next[i];
      if (next[i] == applied[i]->end()) continue;
      if (!txn.applied || next[i]->second < *txn.applied) txn.applied = next[i]->second;
    }
  }
  return list;
}

bool ConfigurationEvidence::is_news(ServerId server, int64_t version) const {
  const auto known = known_.find(server);
  return known == known_.end() || known->second != version;
}

void ConfigurationEvidence::note(properties::ConfigurationEvent event) {
  event.is_at_start = !known_.contains(event.server);
  known_[event.server] = event.version;
  events_.push_back(std::move(event));
}

std::vector<properties::FinalNode> final_nodes(const tree::Tree& tree) {
  std::vector<properties::FinalNode> nodes;
  for_each_node(tree, [&](const std::string& path, tree::NodeId id) {
    properties::FinalNode& node = nodes.emplace_back();
    node.path = path;
    if (const auto data = tree.data(id)) node.data = std::string(*data);
    node.stat = history_stat(tree.stat(id));
    node.acl = history_acl(tree.acl_of(id));
  });
  std::ranges::sort(nodes, {}, &properties::FinalNode::path);
  return nodes;
}

uint64_t digest_of_nodes(const tree::Tree& tree) {
  uint64_t digest = 0;
  for_each_node(tree, [&](const std::string& path, tree::NodeId id) {
    digest += tree::Tree::node_digest(path, tree.data(id), tree.stat_persisted(id));
  });
  return digest;
}

}  // namespace zoetrope::sim
