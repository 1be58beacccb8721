// Executes the requests that change nothing in the tree: reads, and the registration of watches.
// Works on the applied tree, so a read shows only what is durable. Upstream: FinalRequestProcessor.
#pragma once

#include <string_view>
#include <vector>

#include "core/base/error.hpp"
#include "core/base/ids.hpp"
#include "core/jute/archive.hpp"
#include "core/jute/event.hpp"
#include "core/jute/opcode.hpp"
#include "core/jute/records.hpp"
#include "core/tree/acl.hpp"
#include "core/tree/tree.hpp"
#include "core/watch/watch_table.hpp"
#include "core/wire/messages.hpp"

namespace zoetrope::pipeline {

// Who asks: the connection that gets the watches, its session and its identities.
struct Asker {
  ConnectionId connection;
  SessionId session;
  const std::vector<jute::Id>* ids = nullptr;
};

class Reads {
 public:
  // `compatible_with_3_8`: exists needs no permission and checkWatches answers for all connections.
  Reads(const tree::Tree& tree, watch::WatchTable& watches, const tree::AuthConfig& auth,
        bool compatible_with_3_8);

  // Appends the body of the reply; on an error nothing useful is in `out` and the caller drops it.
  // Accepts every client operation that is no write, save ping, auth, sasl, setWatches and
  // setWatches2.
  ErrorCode execute(jute::OpCode type, std::string_view body, const Asker& asker,
                    jute::Writer& out);

  // setWatches and setWatches2: re-arms the watches of a client that came back; `missed` gets the
  // events for what changed meanwhile, in the order in which they are to be sent. Views into
  // `body`.
  ErrorCode set_watches(jute::OpCode type, std::string_view body, ConnectionId connection,
                        std::vector<jute::Trigger>& missed);

 private:
  ErrorCode exists(jute::Reader& in, const Asker& asker, jute::Writer& out);
  ErrorCode get_data(const wire::PathWatchRequest& request, const Asker& asker, jute::Writer& out);
  ErrorCode get_children(const wire::PathWatchRequest& request, const Asker& asker, bool with_stat,
                         jute::Writer& out);
  ErrorCode get_acl(jute::Reader& in, const Asker& asker, jute::Writer& out);
  ErrorCode get_ephemerals(jute::Reader& in, const Asker& asker, jute::Writer& out);
  ErrorCode get_all_children_number(jute::Reader& in, const Asker& asker, jute::Writer& out);
  ErrorCode multi_read(jute::Reader& in, const Asker& asker, jute::Writer& out);
  ErrorCode add_watch(jute::Reader& in, const Asker& asker, jute::Writer& out);
  ErrorCode check_or_remove_watches(jute::Reader& in, jute::OpCode type, const Asker& asker);
  ErrorCode who_am_i(const Asker& asker, jute::Writer& out);
  bool permitted(tree::NodeId node, int32_t permissions, const Asker& asker) const;

  const tree::Tree& tree_;
  watch::WatchTable& watches_;
  const tree::AuthConfig& auth_;
  bool compatible_with_3_8_;
};

}  // namespace zoetrope::pipeline
