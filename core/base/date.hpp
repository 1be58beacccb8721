// Wall-clock times as text, in UTC: pure calendar arithmetic, without locale or time zone files.
#pragma once

#include <string>

#include "core/base/time.hpp"

namespace zoetrope {

// "Sun Nov 22 04:56:58 UTC 2026", the form of Java's Date.toString.
std::string java_date(WallTime time);
// "2026-11-22T04:56:58.123Z".
std::string iso_date(WallTime time);

}  // namespace zoetrope
