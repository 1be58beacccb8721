// A file of a recording: whatever it says, its entries are whole or refused, and what is read as an
// entry is written as the same bytes. An input that is no file is taken for one entry, which the
// checksums of files would never let through.
#include "record/entry.hpp"
#include "record/file.hpp"
#include "tests/fuzz/fuzz.hpp"

using namespace zoetrope;

namespace {

void take_entry(std::string_view bytes) {
  const test::ExactCopy copy(bytes);
  auto entry = record::read_entry(copy.view());
  if (!entry) return;
  const auto* input = std::get_if<node::Input>(&entry->what);
  if (input == nullptr) return;
  record::describe(*input);
  if (entry->reloaded) return;
  std::string once;
  record::append_input(once, entry->now, entry->previous_effects, *input);
  const auto again = record::read_entry(once);
  fuzz::require(again.has_value());
  std::string twice;
  record::append_input(twice, again->now, again->previous_effects,
                       std::get<node::Input>(again->what));
  fuzz::require(once == twice);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view bytes = fuzz::view_of(data, size);
  const test::ExactCopy copy(bytes);
  auto reader = record::FileReader::open(copy.view());
  if (!reader) {
    fuzz::require(reader.error().offset <= size);
    take_entry(bytes);
    return 0;
  }
  for (;;) {
    const auto entry = reader->next();
    fuzz::require(reader->offset() <= size);
    if (!entry) {
      fuzz::require(entry.error().offset <= size);
      return 0;
    }
    if (!*entry) return 0;
    take_entry(**entry);
  }
}
