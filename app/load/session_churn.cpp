#include "app/load/session_churn.hpp"

namespace zoetrope::load {

void SessionChurn::begin(Connection& connection, int64_t) {
  connection.close_session();
}

void SessionChurn::on_closed(Connection& connection, std::string_view why, int64_t now_ns) {
  const bool churns = started_ && !stopping_ && connection.closed_well();
  if (!churns) return Workload::on_closed(connection, why, now_ns);
  int64_t& begun_ns = begun_ns_[connection.index()];
  if (begun_ns != 0) measurement_.count(now_ns - begun_ns);
  begun_ns = now_ns;
  reactor_.reopen(connection);
}

}  // namespace zoetrope::load
