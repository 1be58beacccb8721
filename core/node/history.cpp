// The server's own log, read back for a learner while it goes on (zab::Host). One read is under way
// at a time; what comes for a walk that is over is dropped.
//
// The log is read twice. Records that stand before a gap may be none of the history: a tail that no
// quorum ever had, over which a leader's snapshot was laid. So nothing is shown before all that was
// durable at the beginning is known to hang together; what is logged later does.
#include <utility>

#include "core/base/assert.hpp"
#include "core/node/server_impl.hpp"

namespace zoetrope::node {

bool Server::Impl::begin_history(Zxid after, int32_t snapshot_percent) {
  ZT_ASSERT(!history);
  if (!storage::is_worth_reading(store.catalogue(), after, snapshot_percent)) return false;
  history.emplace(after);
  history_after = after;
  history_checked = false;
  return true;
}

void Server::Impl::ask_history() {
  ZT_ASSERT(history && !history_wanted);
  history_wanted = true;
}

void Server::Impl::end_history() {
  history.reset();
  history_wanted = false;
  history_read = 0;
}

// Called at the end of each step: what was asked for may have become durable just now.
void Server::Impl::read_history() {
  while (history_wanted && history_read == 0) {
    auto range = history->next(store.catalogue());
    if (!range) {
      history_wanted = false;
      peer->history({{}, std::move(range.error())}, now.monotonic);
      continue;
    }
    if (!*range && !history_checked) {
      history_checked = true;
      history.emplace(history_after);
      continue;
    }
    if (!*range) return;
    history_read = ++file_reads;
    storage::FileRange& piece = **range;
    out->add(ReadFile{history_read, std::move(piece.file), piece.offset, piece.length});
  }
}

void Server::Impl::file_read(const FileRead& input) {
  if (config_read != 0 && input.token == config_read) {
    config_read = 0;
    peer->static_config(input.error ? std::nullopt : std::optional(input.bytes), now.monotonic);
    return;
  }
  if (!history || input.token != history_read) return;
  history_read = 0;
  history_wanted = false;
  zab::HistoryPiece piece;
  if (input.error) {
    piece.gap = input.error->message;
  } else {
    const auto taken =
        history->take(input.bytes, store.catalogue(), [&](Zxid zxid, std::string_view payload) {
          if (history_checked) piece.records.push_back({zxid, payload});
        });
    if (!taken) piece.gap = taken.error();
  }
  peer->history(piece, now.monotonic);
}

}  // namespace zoetrope::node
