// A snapshot stream as a learner gets it: how it is cut into pieces must not matter, and what is
// taken for a tree must give the same tree when it is sent on. First byte: the size of the pieces.
#include "core/storage/snapshot_stream.hpp"
#include "tests/fuzz/fuzz.hpp"

using namespace zoetrope;

namespace {

struct Outcome {
  size_t consumed = 0;
  bool done = false;
  std::string error;
  uint64_t tree = 0;
};

Outcome receive(std::string_view bytes, size_t piece) {
  storage::SnapshotReceiver receiver({}, Zxid(7));
  Outcome outcome;
  for (size_t given = 0; given < bytes.size() && !outcome.done && outcome.error.empty();) {
    given = std::min(bytes.size(), given + piece);
    const test::ExactCopy input(bytes.substr(outcome.consumed, given - outcome.consumed));
    const auto progress = receiver.feed(input.view());
    outcome.consumed += progress.consumed;
    outcome.done = progress.done;
    outcome.error = progress.error.value_or("");
  }
  if (!outcome.done) return outcome;
  outcome.tree = receiver.tree().fingerprint();
  std::string again;
  storage::SnapshotSender sender(receiver.tree(), receiver.sessions());
  while (sender.next(again, 1 << 10)) {
  }
  storage::SnapshotReceiver other({}, Zxid(7));
  fuzz::require(other.feed(again).done);
  fuzz::require(other.tree().fingerprint() == outcome.tree);
  return outcome;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const std::string_view bytes = fuzz::view_of(data, size).substr(1);
  const Outcome whole = receive(bytes, bytes.size() + 1);
  const Outcome cut = receive(bytes, data[0] + size_t{1});
  fuzz::require(whole.done == cut.done && whole.error == cut.error && whole.tree == cut.tree);
  fuzz::require(!whole.done || whole.consumed == cut.consumed);
  return 0;
}
