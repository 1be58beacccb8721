// The text of a zoo.cfg. It is obeyed or refused in one line that names the file; every warning is
// one line too, and the same text gives the same answer again.
#include <expected>

#include "net/zoo_config.hpp"
#include "tests/fuzz/fuzz.hpp"

using namespace zoetrope;

namespace {

// Every file that the configuration names holds the same text: an id when asked for myid.
std::expected<std::string, std::string> read_file(const std::string& path) {
  if (path.ends_with("myid")) return "1\n";
  return std::unexpected("no file " + path);
}

bool one_line(std::string_view text) {
  return !text.empty() && text.find('\n') == std::string_view::npos;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const test::ExactCopy text(fuzz::view_of(data, size));
  const auto config = net::parse_zoo_config(text.view(), "zoo.cfg", {}, read_file);
  const auto again = net::parse_zoo_config(text.view(), "zoo.cfg", {}, read_file);
  fuzz::require(config.has_value() == again.has_value());
  if (!config) {
    fuzz::require(config.error() == again.error());
    fuzz::require(one_line(config.error()));
    return 0;
  }
  fuzz::require(config->warnings == again->warnings);
  for (const std::string& warning : config->warnings) fuzz::require(one_line(warning));
  return 0;
}
