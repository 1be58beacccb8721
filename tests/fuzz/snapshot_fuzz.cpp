// First byte: how the file is compressed (0, 1, 2) and, by its high bit, whether the seals of an
// uncompressed one are put right; then the file. What decodes must encode and decode to the same
// tree.
#include "core/base/checksum.hpp"
#include "core/base/endian.hpp"
#include "core/storage/snapshot.hpp"
#include "tests/fuzz/fuzz.hpp"

using namespace zoetrope;

namespace {

// A seal is a checksum of all before it and the string "/"; the list of nodes ends with that
// string.
constexpr std::string_view kSlash("\0\0\0\1/", 5);
constexpr size_t kChecksumSize = 8;
// What stands before the second seal (zxid, digest version, digest) and before the third (zxid);
// either section may be absent.
constexpr size_t kGaps[] = {0, 20, 8};

// Puts the seals right, so that mutations get past the checksums.
std::string with_seals(std::string_view input) {
  std::string file(input);
  const auto slash_at = [&](size_t at) {
    return file.size() >= kSlash.size() && at <= file.size() - kSlash.size() &&
           std::string_view(file).substr(at, kSlash.size()) == kSlash;
  };
  size_t end = file.find(kSlash);
  while (end != std::string::npos && !slash_at(end + kSlash.size() + kChecksumSize)) {
    end = file.find(kSlash, end + 1);
  }
  if (end == std::string::npos) return file;
  size_t seal = end + kSlash.size();
  for (size_t gap : kGaps) {
    if (!slash_at(seal + gap + kChecksumSize)) continue;
    seal += gap;
    store_be64(file.data() + seal, adler32(std::string_view(file).substr(0, seal)));
    seal += kChecksumSize + kSlash.size();
  }
  return file;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  static constexpr const char* kNames[] = {"snapshot.1", "snapshot.1.gz", "snapshot.1.snappy"};
  const std::string_view name = kNames[(data[0] & 127) % 3];
  const std::string_view input = fuzz::view_of(data, size).substr(1);
  const test::ExactCopy file((data[0] & 128) == 0 ? std::string(input) : with_seals(input));
  const tree::TreeConfig config;
  auto snapshot = storage::decode_snapshot(name, file.view(), config);
  if (!snapshot) {
    fuzz::require(!snapshot.error().what.empty());
    return 0;
  }
  const std::string once = storage::encode_snapshot(snapshot->tree, snapshot->sessions, {});
  auto again = storage::decode_snapshot("snapshot.1", once, config);
  fuzz::require(again.has_value());
  fuzz::require(again->sessions == snapshot->sessions);
  fuzz::require(storage::encode_snapshot(again->tree, again->sessions, {}) == once);
  return 0;
}
