#include "control/time_text.h"

#include <doctest/doctest.h>

namespace responses_proxy::testing {

namespace {
const WallTime kMidnight{std::chrono::seconds(1795219200)};  // 2026-11-21T00:00:00Z
}

TEST_CASE("times are written in UTC with milliseconds") {
  using control::format_time;
  CHECK(format_time(kMidnight) == "2026-11-21T00:00:00.000Z");
  CHECK(format_time(kMidnight + std::chrono::microseconds(3'723'004'999)) ==
        "2026-11-21T01:02:03.004Z");
  CHECK(format_time(WallTime{}) == "1970-01-01T00:00:00.000Z");
  CHECK(format_time(WallTime{} - Millis(1)) == "1969-12-31T23:59:59.999Z");
}

TEST_CASE("times are read as ISO 8601 or unix seconds") {
  using control::parse_time;
  const WallTime noon = kMidnight + std::chrono::hours(12);
  CHECK(parse_time("2026-11-21") == kMidnight);
  CHECK(parse_time("2026-11-21T12:00") == noon);
  CHECK(parse_time("2026-11-21T12:00:00Z") == noon);
  CHECK(parse_time("2026-11-21t12:00:00z") == noon);
  CHECK(parse_time("2026-11-21 12:00:00") == noon);
  CHECK(parse_time("2026-11-21T12:00:00.25Z") == noon + Millis(250));
  CHECK(parse_time("2026-11-21T12:00:00.123456789Z") == noon + std::chrono::microseconds(123'456));
  CHECK(parse_time("2026-11-21T14:00:00+02:00") == noon);
  CHECK(parse_time("2026-11-21T14:00:00 02:00") == noon);  // "+" as a query delivers it
  CHECK(parse_time("2026-11-21T06:30:00-0530") == noon);
  CHECK(parse_time("1795219200") == kMidnight);
  CHECK(parse_time("1795219200.5") == kMidnight + Millis(500));
  CHECK(parse_time("0") == WallTime{});
}

TEST_CASE("anything else is no time") {
  for (const std::string text : {"",
                                 ".",
                                 "1.",
                                 "1.2.3",
                                 "-1",
                                 "99999999999",
                                 "yesterday",

                                 "2026-11",
                                 "2026-11-31",
                                 "2026-02-29",
                                 "2026-13-01",
                                 "2026-11-21T",
                                 "2026-11-21T24:00",
                                 "2026-11-21T12",
                                 "26-11-21",
                                 "2026-11-21T12:60",
                                 "2026-11-21T12:00:60",
                                 "2026-11-21T12:00:00.",
                                 "2026-11-21T12:00:00X",
                                 "2026-11-21T12:00:00Zx",
                                 "2026-11-21T12:00:00+25:00",
                                 "2026-11-21T12:00:00+1",
                                 "2026-11-21Z",
                                 "1969-12-31",
                                 "9999-01-01",
                                 "2026-11-21T-1:00"}) {
    CAPTURE(text);
    CHECK_FALSE(control::parse_time(text));
  }
}

}  // namespace responses_proxy::testing
