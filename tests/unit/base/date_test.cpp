#include "core/base/date.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <chrono>
#include <cstdio>
#include <limits>
#include <string>

namespace zoetrope {
namespace {

TEST(Date, KnownTimes) {
  EXPECT_EQ(java_date(WallTime{0}), "Thu Jan 01 00:00:00 UTC 1970");
  EXPECT_EQ(iso_date(WallTime{0}), "1970-01-01T00:00:00.000Z");
  EXPECT_EQ(iso_date(WallTime{-1}), "1969-12-31T23:59:59.999Z");
  EXPECT_EQ(java_date(WallTime{-1}), "Wed Dec 31 23:59:59 UTC 1969");
  EXPECT_EQ(java_date(WallTime{951782400000}), "Tue Feb 29 00:00:00 UTC 2000");
  EXPECT_EQ(iso_date(WallTime{4107542399999}), "2100-02-28T23:59:59.999Z");
  EXPECT_EQ(iso_date(WallTime{4107542400000}), "2100-03-01T00:00:00.000Z");
}

TEST(Date, ExtremesArePrinted) {
  EXPECT_EQ(iso_date(WallTime{std::numeric_limits<int64_t>::max()}),
            "292278994-08-17T07:12:55.807Z");
  EXPECT_EQ(iso_date(WallTime{std::numeric_limits<int64_t>::min()}),
            "-292275055-05-16T16:47:04.192Z");
}

// The standard library's calendar as the other opinion, over the years that it holds.
RC_GTEST_PROP(Date, AgreesWithTheStandardCalendar, ()) {
  const int64_t ms = *rc::gen::inRange<int64_t>(-60'000'000'000'000, 250'000'000'000'000);
  using std::chrono::floor;
  const std::chrono::sys_time<std::chrono::milliseconds> time{std::chrono::milliseconds(ms)};
  const auto day = floor<std::chrono::days>(time);
  const std::chrono::year_month_day date{day};
  const std::chrono::hh_mm_ss clock{time - day};
  char text[64];
  std::snprintf(text, sizeof text, "%04d-%02u-%02uT%02d:%02d:%02d.%03dZ", int{date.year()},
                unsigned{date.month()}, unsigned{date.day()},
                static_cast<int>(clock.hours().count()), static_cast<int>(clock.minutes().count()),
                static_cast<int>(clock.seconds().count()),
                static_cast<int>(clock.subseconds().count()));
  RC_ASSERT(iso_date(WallTime{ms}) == text);
  static constexpr const char* kDays[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  RC_ASSERT(java_date(WallTime{ms}).substr(0, 3) == kDays[std::chrono::weekday{day}.c_encoding()]);
}

}  // namespace
}  // namespace zoetrope
