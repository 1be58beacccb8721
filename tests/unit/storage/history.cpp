#include "tests/unit/storage/history.hpp"

#include <map>

#include "core/base/assert.hpp"
#include "core/jute/txn.hpp"
#include "core/storage/transaction_log.hpp"

namespace zoetrope::storage {

namespace {
constexpr int32_t kSessionTimeoutMs = 4000;

void track(std::map<SessionId, int32_t>& sessions, const jute::Txn& txn) {
  if (txn.header.type == jute::OpCode::kCreateSession) {
    sessions[txn.header.client_id] = std::get<jute::CreateSessionTxn>(txn.body).timeout_ms;
  }
  if (txn.header.type == jute::OpCode::kCloseSession) sessions.erase(txn.header.client_id);
}
}  // namespace

jute::TxnBody History::body(size_t data_bytes, jute::TxnHeader& header) {
  const auto any_path = [&] {
    return "/n" + std::to_string(random_.below(static_cast<uint64_t>(node_count_) + 1));
  };
  data_.assign(random_.below(data_bytes + 1), static_cast<char>('a' + random_.below(26)));
  acl_ = jute::open_acl_bytes();
  switch (random_.below(8)) {
    case 0:
      header.type = jute::OpCode::kCreateSession;
      header.client_id = SessionId(0x100000000 + ++session_count_);
      return jute::CreateSessionTxn{kSessionTimeoutMs};
    case 1:
      header.type = jute::OpCode::kCloseSession;
      header.client_id =
          SessionId(0x100000000 +
                    static_cast<int64_t>(random_.below(static_cast<uint64_t>(session_count_) + 1)));
      return jute::CloseSessionTxn{std::vector<std::string_view>{}};
    case 2:
      header.type = jute::OpCode::kError;
      return jute::ErrorTxn{ErrorCode::kNoNode};
    case 3:
      header.type = jute::OpCode::kDelete;
      path_ = any_path();
      return jute::DeleteTxn{path_};
    case 4:
    case 5:
      header.type = jute::OpCode::kSetData;
      path_ = any_path();
      return jute::SetDataTxn{path_, data_, static_cast<int32_t>(next_.counter())};
    default:
      header.type = jute::OpCode::kCreate;
      path_ = "/n" + std::to_string(++node_count_);
      header.client_id = SessionId(0x100000000 + session_count_);
      return jute::CreateTxn{path_, data_, acl_, random_.one_in(4), node_count_};
  }
}

const HistoryEntry& History::extend(size_t data_bytes) {
  jute::Txn txn;
  txn.header.cxid = static_cast<int32_t>(entries_.size());
  txn.header.zxid = next_;
  txn.header.time_ms = 1700000000000 + static_cast<int64_t>(entries_.size());
  txn.body = body(data_bytes, txn.header);
  tree_.replay(txn);
  HistoryEntry entry{next_, {}};
  jute::Writer out(entry.payload);
  jute::write(out, txn.header);
  jute::write(out, txn.body);
  if (txn.header.type != jute::OpCode::kError) jute::write(out, jute::TxnDigest{2, tree_.digest()});
  entries_.push_back(std::move(entry));
  next_ = next_.next();
  return entries_.back();
}

void History::cut_after(Zxid last) {
  while (!entries_.empty() && entries_.back().zxid > last) {
    next_ = entries_.back().zxid;
    entries_.pop_back();
  }
  tree_ = state_at(last).tree;
}

Snapshot History::state_at(Zxid last) const {
  Snapshot state;
  std::map<SessionId, int32_t> sessions;
  for (const HistoryEntry& entry : entries_) {
    if (entry.zxid > last) break;
    const auto txn = jute::decode_txn(entry.payload);
    ZT_ASSERT(txn.has_value());
    state.tree.replay(*txn);
    track(sessions, *txn);
  }
  state.sessions.assign(sessions.begin(), sessions.end());
  return state;
}

std::string History::log(size_t first, size_t last) const {
  std::string bytes;
  append_log_header(bytes);
  for (size_t i = first; i < last; ++i) append_log_record(bytes, entries_[i].payload);
  return bytes;
}

std::string History::name_of_log(size_t first) const {
  return log_file_name(entries_[first].zxid);
}

}  // namespace zoetrope::storage
