#include "core/zab/reconfiguration.hpp"

#include "core/base/endian.hpp"
#include "core/jute/txn.hpp"

namespace zoetrope::zab {

std::optional<quorum::Ensemble> reconfiguration_in(std::string_view payload) {
  constexpr size_t kTypeAt = jute::kTxnHeaderSize - 4;
  if (payload.size() < jute::kTxnHeaderSize) return std::nullopt;
  const auto type = static_cast<jute::OpCode>(load_be32(payload.data() + kTypeAt));
  if (type != jute::OpCode::kReconfig) return std::nullopt;
  const auto txn = jute::decode_txn(payload);
  if (!txn) return std::nullopt;
  const auto* change = std::get_if<jute::SetDataTxn>(&txn->body);
  if (change == nullptr || !change->data) return std::nullopt;
  auto ensemble = quorum::Ensemble::parse(*change->data);
  if (!ensemble) return std::nullopt;
  return std::move(*ensemble);
}

}  // namespace zoetrope::zab
