#include "health/retry_after.h"

#include <doctest/doctest.h>

#include <array>

#include "fakes/manual_clock.h"

namespace responses_proxy {

namespace {

using Asked = std::optional<Millis>;
constexpr Millis kHour = std::chrono::hours(1);

const WallTime kNow = testing::ManualClock().wall();  // Sat, 21 Nov 2026 00:00:00 GMT

Asked asked(const Headers& headers, WallTime now = kNow, Millis cap = kHour) {
  return asked_to_wait(headers, now, cap);
}

Asked retry_after(const std::string& value) {
  return asked({{"Retry-After", value}});
}

Asked reset(const std::string& value, const std::string& remaining = "0") {
  return asked(
      {{"x-ratelimit-remaining-requests", remaining}, {"x-ratelimit-reset-requests", value}});
}

}  // namespace

TEST_CASE("seconds, whole or not") {
  CHECK(retry_after("5") == Millis(5'000));
  CHECK(retry_after("0.25") == Millis(250));
  CHECK(retry_after("1e1") == Millis(10'000));
}

TEST_CASE("an HTTP date in the future") {
  CHECK(retry_after("Sat, 21 Nov 2026 00:00:42 GMT") == Millis(42'000));
  CHECK(asked({{"retry-after", "Sat, 21 Nov 2026 00:00:42 GMT"}}, kNow + Millis(500)) ==
        Millis(41'500));
}

TEST_CASE("what asks for nothing") {
  for (const std::string value :
       {"", "0", "-5", "-0.1", "soon", "5 seconds", "5s", "nan", "0x10", "1,000", "--5",
        "Sat, 21 Nov 2026 00:00:00 GMT", "Fri, 20 Nov 2026 23:59:59 GMT",
        "Thu, 01 Jan 1970 00:00:00 GMT", "Mon, 01 Jan 0001 00:00:00 GMT", "Sat, 21 Nov 2026",
        "Sat, 21 Nov 2026 00:00:42 CET", "Sat, 99 Nov 2026 00:00:42 GMT"}) {
    CAPTURE(value);
    CHECK(retry_after(value) == std::nullopt);
  }
  CHECK(asked({}) == std::nullopt);
}

TEST_CASE("the absurd is capped") {
  for (const std::string value :
       {"3601", "1e300", "inf", "99999999999999999999", "Fri, 31 Dec 9999 23:59:59 GMT",
        "Sun, 22 Nov 2026 00:00:00 GMT"}) {
    CAPTURE(value);
    CHECK(retry_after(value) == kHour);
  }
  CHECK(asked({{"retry-after", "100"}}, kNow, Millis(7)) == Millis(7));
  CHECK(asked({{"retry-after-ms", "1e300"}}) == kHour);
}

TEST_CASE("milliseconds of the SDKs") {
  CHECK(asked({{"Retry-After-Ms", "1500"}}) == Millis(1'500));
  CHECK(asked({{"retry-after-ms", "-1"}}) == std::nullopt);
  CHECK(asked({{"retry-after-ms", "x"}, {"retry-after", "2"}}) == Millis(2'000));
}

TEST_CASE("rate limits: when nothing remains, until the reset") {
  CHECK(reset("1s") == Millis(1'000));
  CHECK(reset("6m0s") == Millis(360'000));
  CHECK(reset("20ms") == Millis(20));
  CHECK(reset("1m30.5s") == Millis(90'500));
  CHECK(reset("1h") == kHour);
  CHECK(reset("1d2h3m4s5ms") == kHour);
  CHECK(reset("30") == Millis(30'000));
  for (const std::string value : {"", "s", "5x", "5 s", "-5s", "1s ", "0s", "soon", "1m-60s"}) {
    CAPTURE(value);
    CHECK(reset(value) == std::nullopt);
  }
  for (const std::string remaining : {"1", "", "-1", "none"}) {
    CHECK(reset("5s", remaining) == std::nullopt);
  }
  CHECK(asked({{"x-ratelimit-reset-requests", "5s"}}) == std::nullopt);
  CHECK(asked({{"x-ratelimit-remaining-tokens", "0"}, {"x-ratelimit-reset-tokens", "5s"}}) ==
        Millis(5'000));
  CHECK(asked({{"x-ratelimit-remaining-tokens", "0"}, {"x-ratelimit-reset-requests", "5s"}}) ==
        std::nullopt);
}

TEST_CASE("of several the longest counts") {
  CHECK(asked({{"retry-after", "2"},
               {"retry-after-ms", "2500"},
               {"x-ratelimit-remaining-requests", "0"},
               {"x-ratelimit-reset-requests", "1s"},
               {"x-ratelimit-remaining-tokens", "0"},
               {"x-ratelimit-reset-tokens", "3s"}}) == Millis(3'000));
}

}  // namespace responses_proxy
