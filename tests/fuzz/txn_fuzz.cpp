// First byte even: a whole transaction payload; odd: the body of a transaction whose type is the
// next byte, as a signed number.
#include <utility>

#include "core/jute/txn.hpp"
#include "tests/fuzz/fuzz.hpp"

using namespace zoetrope;
using namespace zoetrope::jute;

namespace {

std::string encode(const Txn& txn) {
  std::string bytes;
  Writer out(bytes);
  write(out, txn.header);
  write(out, txn.body);
  if (txn.digest) write(out, *txn.digest);
  return bytes;
}

std::string encode(const TxnBody& body) {
  std::string bytes;
  Writer out(bytes);
  write(out, body);
  return bytes;
}

// `decode` gives an expected value that encode() takes.
void require_stable(std::string_view bytes, auto&& decode) {
  const test::ExactCopy input(bytes);
  const auto decoded = decode(input.view());
  if (!decoded) {
    fuzz::require(decoded.error().offset <= bytes.size());
    fuzz::require(!decoded.error().what.empty());
    return;
  }
  const test::ExactCopy once(encode(*decoded));
  const auto again = decode(once.view());
  fuzz::require(again.has_value());
  fuzz::require(encode(*again) == once.view());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 2) return 0;
  const std::string_view input = fuzz::view_of(data, size);
  if ((data[0] & 1) == 0) {
    require_stable(input.substr(1), [](std::string_view bytes) { return decode_txn(bytes); });
  } else {
    const auto type = static_cast<OpCode>(static_cast<int8_t>(data[1]));
    require_stable(input.substr(2),
                   [&](std::string_view bytes) { return decode_txn_body(type, bytes); });
  }
  return 0;
}
