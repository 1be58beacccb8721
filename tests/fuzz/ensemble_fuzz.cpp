// The text of a configuration of the ensemble. It is refused in one line, or it is written in a
// form that is read as the same and written as the same again.
#include "core/quorum/ensemble.hpp"
#include "tests/fuzz/fuzz.hpp"

using namespace zoetrope;
using quorum::Ensemble;

namespace {

bool one_line(std::string_view text) {
  return !text.empty() && text.find('\n') == std::string_view::npos;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const test::ExactCopy text(fuzz::view_of(data, size));
  const auto ensemble = Ensemble::parse(text.view());
  if (!ensemble) {
    fuzz::require(one_line(ensemble.error()));
    return 0;
  }
  const std::string written = ensemble->to_string();
  const auto again = Ensemble::parse(written);
  fuzz::require(again.has_value());
  fuzz::require(again->same_members(*ensemble));
  fuzz::require(again->version == ensemble->version);
  fuzz::require(again->to_string() == written);
  const auto defect = ensemble->defect();
  fuzz::require(!defect || one_line(*defect));
  fuzz::require(defect == again->defect());
  fuzz::require(!ensemble->is_quorum([](ServerId) { return false; }));
  const bool all = ensemble->is_quorum([](ServerId) { return true; });
  fuzz::require(all || defect.has_value());
  return 0;
}
