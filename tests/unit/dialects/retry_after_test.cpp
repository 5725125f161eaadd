#include "dialects/retry_after.h"

#include <doctest/doctest.h>

#include <array>

#include "fakes/manual_clock.h"

namespace responses_proxy {

namespace {

using Asked = std::optional<Millis>;
constexpr Millis kHour = std::chrono::hours(1);

const WallTime kNow = testing::ManualClock().wall();  // Sat, 21 Nov 2026 00:00:00 GMT

Asked asked(const Headers& headers, WallTime now = kNow) {
  const auto wait = asked_to_wait(headers, now);
  return wait ? std::min(*wait, kHour) : wait;  // longer ones are all the same here
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
       {"", "0", "-5", "-0.1", "soon", "5 seconds", "nan", "0x10", "1,000", "--5",
        "Sat, 21 Nov 2026 00:00:00 GMT", "Fri, 20 Nov 2026 23:59:59 GMT",
        "Thu, 01 Jan 1970 00:00:00 GMT", "Mon, 01 Jan 0001 00:00:00 GMT", "Sat, 21 Nov 2026",
        "Sat, 21 Nov 2026 00:00:42 CET", "Sat, 99 Nov 2026 00:00:42 GMT"}) {
    CAPTURE(value);
    CHECK(retry_after(value) == std::nullopt);
  }
  CHECK(asked({}) == std::nullopt);
}

TEST_CASE("the absurd is a long time, and no overflow") {
  for (const std::string value :
       {"3601", "1e300", "inf", "99999999999999999999", "Fri, 31 Dec 9999 23:59:59 GMT",
        "Sun, 22 Nov 2026 00:00:00 GMT"}) {
    CAPTURE(value);
    CHECK(retry_after(value) == kHour);
  }
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
  CHECK(reset("2m59.56s") == Millis(179'560));
  CHECK(reset("1h") == kHour);
  CHECK(reset("1h2m3s") == kHour);
  CHECK(reset("1d2h3m4s5ms") == kHour);
  CHECK(reset("30") == Millis(30'000));
  CHECK(reset("33.0") == Millis(33'000));
  CHECK(reset("5s", "0.0") == Millis(5'000));
  for (const std::string value :
       {"", "s", "5x", "5 s", "-5s", "1s ", "0s", "soon", "1m-60s", "-1"}) {
    CAPTURE(value);
    CHECK(reset(value) == std::nullopt);
  }
  for (const std::string remaining : {"1", "", "-1", "none"}) {
    CHECK(reset("5s", remaining) == std::nullopt);
  }
  CHECK(asked({{"x-ratelimit-reset-requests", "5s"}}) == std::nullopt);
  CHECK(asked({{"x-ratelimit-remaining-tokens", "0"}, {"x-ratelimit-reset-requests", "5s"}}) ==
        std::nullopt);
}

TEST_CASE("the limits of every provider: which field says that it is used up, and until when") {
  const std::string in_42_s = std::to_string(
      std::chrono::duration_cast<std::chrono::seconds>(kNow.time_since_epoch()).count() + 42);
  struct Limit {
    const char* used_name;
    const char* used;
    const char* reset_name;
    std::string reset;
    Asked wait;
  };
  const Limit limits[] = {
      {"X-RateLimit-Remaining-Tokens", "0", "X-RateLimit-Reset-Tokens", "5s", Millis(5'000)},
      {"x-ratelimit-remaining-project-tokens", "0", "x-ratelimit-reset-project-tokens", "3s",
       Millis(3'000)},
      {"x-ratelimit-remaining-tokens_usage_based", "0", "x-ratelimit-reset-tokens_usage_based",
       "1s", Millis(1'000)},
      // Azure: plain seconds, and -1 for what it does not know.
      {"x-ratelimit-remaining-tokens", "0", "x-ratelimit-reset-tokens", "37", Millis(37'000)},
      {"x-ratelimit-remaining-tokens", "-1", "x-ratelimit-reset-tokens", "37", std::nullopt},
      {"x-ratelimit-remaining-tokens", "0", "x-ratelimit-reset-tokens", "-1", std::nullopt},
      {"x-ratelimit-remaining-tokens", "0", "x-ratelimit-reset-tokens", "0", std::nullopt},
      // OpenRouter: the time in milliseconds; others in seconds.
      {"X-RateLimit-Remaining", "0", "X-RateLimit-Reset", in_42_s + "000", Millis(42'000)},
      {"x-ratelimit-remaining", "0", "x-ratelimit-reset", in_42_s, Millis(42'000)},
      {"ratelimit-remaining", "0", "ratelimit-reset", "12", Millis(12'000)},
      {"ratelimitbysize-remaining", "0", "ratelimitbysize-reset", "9", Millis(9'000)},
      {"x-ratelimit-remaining-requests-day", "0", "x-ratelimit-reset-requests-day", "33.0",
       Millis(33'000)},
      {"anthropic-ratelimit-requests-remaining", "0", "anthropic-ratelimit-requests-reset",
       "2026-11-21T00:00:07Z", Millis(7'000)},
      {"anthropic-ratelimit-tokens-remaining", "0", "anthropic-ratelimit-tokens-reset",
       "2026-11-21T02:00:07.5+02:00", Millis(7'500)},
      {"anthropic-ratelimit-tokens-remaining", "0", "anthropic-ratelimit-tokens-reset",
       "2026-11-20T19:00:07-0500", Millis(7'000)},
      {"anthropic-ratelimit-tokens-remaining", "0", "anthropic-ratelimit-tokens-reset",
       "2026-11-20T23:00:00Z", std::nullopt},
      {"anthropic-ratelimit-tokens-remaining", "0", "anthropic-ratelimit-tokens-reset",
       "2026-11-21T00:00:07", std::nullopt},
      {"anthropic-ratelimit-tokens-remaining", "1000", "anthropic-ratelimit-tokens-reset",
       "2026-11-21T00:00:07Z", std::nullopt},
      {"anthropic-ratelimit-unified-5h-status", "rejected", "anthropic-ratelimit-unified-5h-reset",
       in_42_s, Millis(42'000)},
      {"anthropic-ratelimit-unified-7d-status", "allowed", "anthropic-ratelimit-unified-7d-reset",
       in_42_s, std::nullopt},
      {"x-codex-primary-used-percent", "100", "x-codex-primary-reset-at", in_42_s, Millis(42'000)},
      {"x-codex-secondary-used-percent", "100.0", "x-codex-secondary-reset-after-seconds", "5",
       Millis(5'000)},
      {"x-codex-bengalfox-primary-used-percent", "100", "x-codex-bengalfox-primary-reset-at",
       in_42_s, Millis(42'000)},
      {"x-codex-primary-used-percent", "99.5", "x-codex-primary-reset-at", in_42_s, std::nullopt},
      {"x-codex-primary-used-percent", "0", "x-codex-primary-reset-at", "0", std::nullopt},
      {"x-other-remaining", "0", "x-other-reset", "5", std::nullopt},
  };
  for (const Limit& limit : limits) {
    CAPTURE(limit.reset_name);
    CAPTURE(limit.used);
    CAPTURE(limit.reset);
    CHECK(asked({{limit.used_name, limit.used}, {limit.reset_name, limit.reset}}) == limit.wait);
  }
  // A limit of 0 is none that is known.
  CHECK(asked({{"x-ratelimit-limit-tokens", "0"},
               {"x-ratelimit-remaining-tokens", "0"},
               {"x-ratelimit-reset-tokens", "5s"}}) == std::nullopt);
}

TEST_CASE("every form of time counts under every name") {
  CHECK(retry_after("6m0s") == Millis(360'000));
  CHECK(retry_after("12ms") == Millis(12));
  CHECK(retry_after("2026-11-21T00:00:42Z") == Millis(42'000));
  CHECK(retry_after(std::to_string(
            std::chrono::duration_cast<Millis>(kNow.time_since_epoch()).count() + 1'500)) ==
        Millis(1'500));
  CHECK(reset("Sat, 21 Nov 2026 00:00:42 GMT") == Millis(42'000));
}

TEST_CASE("the families of fields that tell limits") {
  for (const char* name : {"x-ratelimit-reset-tokens", "ratelimit-reset",
                           "anthropic-ratelimit-tokens-reset", "x-codex-primary-reset-at"}) {
    CHECK(tells_limits(name));
  }
  for (const char* name : {"retry-after", "x-should-retry", "anthropic-version", "x-rate"}) {
    CHECK_FALSE(tells_limits(name));
  }
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
