// Preparation of a reconfiguration; the order of the checks is upstream's, because it decides which
// error a client sees (PrepRequestProcessor; facts/client-protocol.md section 6).
#include <algorithm>
#include <expected>

#include "core/pipeline/preparer.hpp"
#include "core/pipeline/preparer_context.hpp"
#include "core/quorum/address_text.hpp"
#include "core/tree/tree.hpp"

namespace zoetrope::pipeline {

namespace {

using quorum::Ensemble;

using Made = std::expected<Ensemble, ErrorCode>;

// Upstream StringUtils.split: trimmed parts, without empty ones.
std::vector<std::string_view> split(std::string_view text, char at) {
  std::vector<std::string_view> parts;
  while (true) {
    const size_t end = text.find(at);
    const std::string_view part = quorum::trim_blanks(text.substr(0, end));
    if (!part.empty()) parts.push_back(part);
    if (end == std::string_view::npos) return parts;
    text.remove_prefix(end + 1);
  }
}

// Stock servers answer a bad number as if the request could not be read.
std::expected<ServerId, ErrorCode> read_id(std::string_view text) {
  const auto id = quorum::parse_long(text);
  if (!id) return std::unexpected(ErrorCode::kMarshallingError);
  return ServerId(*id);
}

// "server.N=host:port:port[:role];clientPort": all three ports have to be there.
std::expected<quorum::Member, ErrorCode> read_joiner(std::string_view text) {
  const auto parts = split(text, '=');
  if (parts.size() != 2) return std::unexpected(ErrorCode::kBadArguments);
  const size_t dot = parts[0].rfind('.');
  const auto id = read_id(dot == std::string_view::npos ? parts[0] : parts[0].substr(dot + 1));
  if (!id) return std::unexpected(id.error());
  auto member = quorum::Member::parse(*id, parts[1]);
  if (!member || !member->client) return std::unexpected(ErrorCode::kBadArguments);
  return *std::move(member);
}

// Only where majority rules: a list of steps says nothing of groups and weights.
Made changed(const Ensemble& from, const wire::ReconfigRequest& request) {
  if (from.is_hierarchical()) return std::unexpected(ErrorCode::kBadArguments);
  Ensemble next = from;
  for (const std::string_view leaving : split(request.leaving.value_or(""), ',')) {
    const auto id = read_id(leaving);
    if (!id) return std::unexpected(id.error());
    next.members.erase(*id);
  }
  for (const std::string_view joining : split(request.joining.value_or(""), ',')) {
    auto member = read_joiner(joining);
    if (!member) return std::unexpected(member.error());
    next.members.insert_or_assign(member->id, *member);
  }
  return next;
}

Made replaced(std::string_view members) {
  std::string text(members);
  std::ranges::replace(text, ',', '\n');
  auto next = Ensemble::parse(text);
  if (!next) return std::unexpected(ErrorCode::kBadArguments);
  return *std::move(next);
}

}  // namespace

ErrorCode Preparer::prepare_reconfig(Context& op, const wire::ReconfigRequest& request,
                                     jute::Writer& out) {
  if (!config_.reconfig_enabled) return ErrorCode::kReconfigDisabled;
  if (op.session != ErrorCode::kOk) return op.session;
  // A standalone server has no configuration to change.
  if (op.request.membership == nullptr) return ErrorCode::kUnimplemented;
  const Membership& ensemble = *op.request.membership;
  if (ensemble.is_changing) return ErrorCode::kReconfigInProgress;
  if (request.config_id != -1 && request.config_id != ensemble.last_seen->version) {
    return ErrorCode::kBadVersion;
  }
  Made next =
      request.new_members ? replaced(*request.new_members) : changed(*ensemble.last_seen, request);
  if (!next) return next.error();
  next->version = op.zxid.value;
  const size_t participants = next->participants().size();
  if (participants < (ensemble.standalone_enabled ? 2U : 1U) || next->defect()) {
    return ErrorCode::kBadArguments;
  }
  if (!ensemble.has_synced_quorum(*next)) return ErrorCode::kNewConfigNoQuorum;
  const ChangeTable::Key key(tree::kConfigPath);
  NodeRecord node;
  if (!changes_.load(key, node)) return ErrorCode::kNoNode;
  if (!permitted(op, node, jute::kWrite)) return ErrorCode::kNoAuth;
  const std::string text = next->to_string();
  node.stat.version = -1;
  node.stat.mtime = op.time_ms;
  node.stat.mzxid = op.zxid.value;
  const size_t start = out.size();
  jute::write(out, jute::SetDataTxn{tree::kConfigPath, text, node.stat.version});
  node.data = text;
  // Behind the path and the length of the data.
  changes_.store(key, std::move(node), op.zxid, start + 4 + tree::kConfigPath.size() + 4);
  return ErrorCode::kOk;
}

}  // namespace zoetrope::pipeline
