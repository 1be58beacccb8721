// What the peer asks of connections, disk and log, turned into effects and into the store's work
// (zab::Host).
#include "core/base/assert.hpp"
#include "core/node/server_impl.hpp"

namespace zoetrope::node {

void Server::Impl::connect(zab::DialToken token, const quorum::HostPort& to) {
  out->add(Connect{token.value, to});
}

void Server::Impl::abandon(zab::DialToken token) {
  out->add(AbandonConnect{token.value});
}

void Server::Impl::listen(bool on) {
  out->add(Listen{Port::kQuorum, on});
}

void Server::Impl::listen_for_observers(bool on) {
  out->add(Listen{Port::kObserverMaster, on});
}

std::string& Server::Impl::begin_send() {
  return out->begin_send();
}

void Server::Impl::end_send(ConnectionId connection) {
  out->end_send(connection);
}

void Server::Impl::close(ConnectionId connection) {
  out->add(Close{connection, CloseHow::kAfterFlush});
}

void Server::Impl::ask_backlog(ConnectionId connection, uint64_t at_most) {
  out->add(AskBacklog{connection, at_most});
}

void Server::Impl::disk(std::vector<storage::DiskOp> ops) {
  for (storage::DiskOp& op : ops) disk_ops.push_back(std::move(op));
  emit_disk_ops();
}

void Server::Impl::note(bool is_warning, std::string text) {
  out->log(is_warning ? Severity::kWarning : Severity::kInfo, std::move(text));
}

Zxid Server::Impl::last_logged() const {
  return outstanding.empty() ? tree.last_processed_zxid() : outstanding.back().prepared.zxid;
}

Zxid Server::Impl::durable() const {
  return store.durable();
}

Zxid Server::Impl::last_applied() const {
  return tree.last_processed_zxid();
}

void Server::Impl::append(Zxid zxid, std::string_view payload) {
  ZT_ASSERT(zxid > last_logged());
  ++stats.proposals;
  OutstandingTxn txn;
  txn.prepared.zxid = zxid;
  txn.prepared.payload = payload;
  txn.received = now.monotonic;
  outstanding.push_back(std::move(txn));
  store.append(zxid, payload);
}

void Server::Impl::commit(Zxid zxid) {
  ZT_ASSERT(zxid >= committed && zxid <= last_logged());
  committed = zxid;
  apply_committed();
}

const zab::CommittedWindow& Server::Impl::window() const {
  return committed_window;
}

void Server::Impl::visit_unapplied(Zxid after,
                                   const std::function<void(Zxid, std::string_view)>& visit) const {
  auto txn =
      std::upper_bound(outstanding.begin(), outstanding.end(), after,
                       [](Zxid zxid, const OutstandingTxn& t) { return zxid < t.prepared.zxid; });
  for (; txn != outstanding.end(); ++txn) visit(txn->prepared.zxid, txn->prepared.payload);
}

}  // namespace zoetrope::node
