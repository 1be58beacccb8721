// What comes in at the election port. First byte: 0 for a notification, 1 for the initial message
// of a connection; then its bytes.
#include "core/quorum/notification.hpp"
#include "tests/fuzz/fuzz.hpp"

using namespace zoetrope;

namespace {

void check_notification(std::string_view bytes) {
  const test::ExactCopy message(bytes);
  const auto read = quorum::read_notification(message.view());
  if (!read) {
    fuzz::require(!read.error().what.empty());
    fuzz::require(read.error().offset <= bytes.size());
    return;
  }
  std::string encoded;
  quorum::append_notification(encoded, *read);
  const auto again = quorum::read_notification(std::string_view(encoded).substr(4));
  fuzz::require(again.has_value());
  fuzz::require(again->state == read->state && again->leader == read->leader);
  fuzz::require(again->zxid == read->zxid && again->config == read->config);
  fuzz::require(again->election_epoch == read->election_epoch);
  fuzz::require(again->peer_epoch == read->peer_epoch);
}

void check_initial_message(std::string_view bytes) {
  const test::ExactCopy message(bytes);
  const auto read = quorum::read_initial_message(message.view());
  if (!read) return fuzz::require(!read.error().what.empty());
  if (!*read) return fuzz::require(bytes.size() < 20 + 2048);
  const size_t size = (*read)->size;
  fuzz::require(size <= bytes.size());
  // Neither less nor more than what was consumed decides.
  const auto short_read = quorum::read_initial_message(bytes.substr(0, size - 1));
  fuzz::require(short_read && !*short_read);
  if ((*read)->message.addresses.empty()) return;
  std::string encoded;
  quorum::append_initial_message(encoded, (*read)->message, true);
  // Printed in full, addresses may be longer than they came.
  const auto again = quorum::read_initial_message(encoded);
  if (!again) return fuzz::require(encoded.size() > 20 + 2048);
  fuzz::require(again->has_value() && (*again)->size == encoded.size());
  fuzz::require((*again)->message.addresses == (*read)->message.addresses);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const std::string_view bytes = fuzz::view_of(data, size).substr(1);
  if (data[0] % 2 == 0) {
    check_notification(bytes);
  } else {
    check_initial_message(bytes);
  }
  return 0;
}
