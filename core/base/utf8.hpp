// UTF-8 as far as whoever shows bytes to a person needs it.
#pragma once

#include <cstddef>
#include <string_view>

namespace zoetrope {

// Length of the well-formed UTF-8 sequence at the front of `text`, which is not empty, or 0.
size_t utf8_length(std::string_view text);

}  // namespace zoetrope
