#include "dialects/limit_meters.h"

#include <doctest/doctest.h>

#include <algorithm>

#include "fakes/manual_clock.h"

namespace responses_proxy {

namespace {

const WallTime kNow = testing::ManualClock().wall();  // 2026-11-21T00:00:00Z

std::vector<LimitMeter> meters(const Headers& headers) {
  auto found = limit_meters(headers, "gpt-5", kNow);
  std::sort(found.begin(), found.end(),
            [](const auto& a, const auto& b) { return a.name < b.name; });
  return found;
}

Millis until_full(const LimitMeter& meter) {
  return std::chrono::duration_cast<Millis>(meter.full_at.value_or(kNow) - kNow);
}

}  // namespace

TEST_CASE("OpenAI: requests, tokens, and the project's own cap") {
  const auto found = meters({{"X-RateLimit-Limit-Requests", "5000"},
                             {"x-ratelimit-remaining-requests", "4999"},
                             {"x-ratelimit-reset-requests", "12ms"},
                             {"x-ratelimit-limit-tokens", "160000"},
                             {"x-ratelimit-remaining-tokens", "40000"},
                             {"x-ratelimit-reset-tokens", "6m0s"},
                             {"x-ratelimit-limit-project-tokens", "60000"},
                             {"x-ratelimit-remaining-project-tokens", "57000"}});
  REQUIRE(found.size() == 3);
  CHECK(found[0].name == "project-tokens");
  CHECK_FALSE(found[0].full_at);
  CHECK(found[1].name == "requests");
  CHECK(until_full(found[1]) == Millis(12));
  CHECK(found[2].name == "tokens");
  CHECK(found[2].model == "gpt-5");
  CHECK(found[2].limit == 160'000);
  CHECK(found[2].remaining == 40'000);
  CHECK(found[2].headroom == 0.25);
  CHECK(until_full(found[2]) == std::chrono::minutes(6));
  CHECK(found[2].source == "x-ratelimit");
  CHECK(found[2].seen_at == kNow);
}

TEST_CASE("what fills up bit by bit has more left later") {
  auto tokens = meters({{"x-ratelimit-limit-tokens", "100"},
                        {"x-ratelimit-remaining-tokens", "0"},
                        {"x-ratelimit-reset-tokens", "100s"}})
                    .at(0);
  CHECK(tokens.headroom_at(kNow) == 0);
  CHECK(tokens.headroom_at(kNow + Millis(25'000)) == 0.25);
  CHECK(tokens.headroom_at(kNow + Millis(100'000)) == 1);
  tokens.window = true;
  CHECK(tokens.headroom_at(kNow + Millis(99'000)) == 0);
  CHECK(tokens.headroom_at(kNow + Millis(100'000)) == 1);
}

TEST_CASE("Anthropic: buckets per model, and the windows of a plan") {
  const auto found = meters({{"anthropic-ratelimit-input-tokens-limit", "2000"},
                             {"anthropic-ratelimit-input-tokens-remaining", "1000"},
                             {"anthropic-ratelimit-input-tokens-reset", "2026-11-21T00:00:30Z"},
                             {"anthropic-ratelimit-unified-5h-utilization", "0.05"},
                             {"anthropic-ratelimit-unified-5h-reset", "1795219260"},
                             {"anthropic-ratelimit-unified-5h-status", "allowed"},
                             {"anthropic-ratelimit-unified-reset", "1795219260"},
                             {"anthropic-ratelimit-unified-fallback-percentage", "0.5"}});
  REQUIRE(found.size() == 2);
  CHECK(found[0].name == "5h");
  CHECK(found[0].model.empty());
  CHECK(found[0].window);
  CHECK(found[0].headroom == doctest::Approx(0.95));
  CHECK_FALSE(found[0].limit);
  CHECK(until_full(found[0]) == Millis(60'000));
  CHECK(found[1].name == "input-tokens");
  CHECK(found[1].source == "anthropic-ratelimit");
  CHECK(until_full(found[1]) == Millis(30'000));
}

TEST_CASE("Anthropic: the buckets of the priority tier, and a fast mode that is not enabled") {
  const auto found = meters({{"anthropic-priority-output-tokens-limit", "100"},
                             {"anthropic-priority-output-tokens-remaining", "25"},
                             {"anthropic-fast-input-tokens-limit", "0"},
                             {"anthropic-fast-input-tokens-remaining", "0"},
                             {"anthropic-ratelimit-input-tokens-limit", "0"},
                             {"anthropic-ratelimit-input-tokens-remaining", "0"},
                             {"anthropic-organization-id", "org"}});
  REQUIRE(found.size() == 2);
  CHECK(found[0].name == "fast-input-tokens");
  CHECK(found[0].headroom == 0);
  CHECK(found[0].limit == 0);
  CHECK(found[0].source == "anthropic");
  CHECK(found[1].name == "priority-output-tokens");
  CHECK(found[1].headroom == 0.25);
  CHECK(found[1].model == "gpt-5");
}

TEST_CASE("ChatGPT plans: percent used, windows, other meters, and a family without data") {
  const auto found = meters({{"x-codex-primary-used-percent", "12.5"},
                             {"x-codex-primary-window-minutes", "300"},
                             {"x-codex-primary-reset-at", "1795219500"},
                             {"x-codex-secondary-used-percent", "100"},
                             {"x-codex-secondary-window-minutes", "10080"},
                             {"x-codex-secondary-reset-after-seconds", "60"},
                             {"x-codex-bengalfox-primary-used-percent", "0"},
                             {"x-codex-bengalfox-primary-window-minutes", "0"},
                             {"x-codex-bengalfox-limit-name", "gpt-5.2-codex-sonic"},
                             {"x-codex-credits-balance", "10"},
                             {"x-codex-active-limit", "codex_bengalfox"}});
  REQUIRE(found.size() == 2);
  CHECK(found[0].name == "primary");
  CHECK(found[0].headroom == 0.875);
  CHECK(until_full(found[0]) == Millis(300'000));
  CHECK(found[1].name == "secondary");
  CHECK(found[1].headroom == 0);
  CHECK(until_full(found[1]) == Millis(60'000));
}

TEST_CASE("Azure, Mistral, Cerebras, OpenRouter: their names and units") {
  const auto found = meters({{"x-ratelimit-limit-req-minute", "100"},
                             {"x-ratelimit-remaining-req-minute", "50"},
                             {"x-ratelimit-limit-tokens-minute", "8"},
                             {"x-ratelimit-remaining-tokens-minute", "2"},
                             {"x-ratelimit-reset-tokens-minute", "33.0"},
                             {"x-ratelimitbysize-limit-month", "10"},
                             {"x-ratelimitbysize-remaining-month", "1"},
                             {"X-RateLimit-Limit", "20"},
                             {"X-RateLimit-Remaining", "5"},
                             {"X-RateLimit-Reset", "1795219210000"}});
  REQUIRE(found.size() == 4);
  CHECK(found[0].name == "month");
  CHECK(found[0].source == "x-ratelimitbysize");
  CHECK(found[1].name == "req-minute");
  CHECK(found[2].name == "requests");
  CHECK(until_full(found[2]) == Millis(10'000));
  CHECK(found[3].name == "tokens-minute");
  CHECK(until_full(found[3]) == Millis(33'000));
}

TEST_CASE("what is negative, zero or no number is not known") {
  CHECK(
      meters({{"x-ratelimit-limit-tokens", "-1"}, {"x-ratelimit-remaining-tokens", "-1"}}).empty());
  CHECK(meters({{"x-ratelimit-limit-tokens", "0"}, {"x-ratelimit-remaining-tokens", "0"}}).empty());
  CHECK(meters({{"x-ratelimit-limit-tokens", "10"}, {"x-ratelimit-remaining-tokens", "nan"}})
            .empty());
  CHECK(meters({{"x-ratelimit-limit-tokens", "10"}}).empty());
  CHECK(meters({{"x-ratelimit-", "10"}, {"x-ratelimit", "1"}, {"content-type", "a"}}).empty());
  const auto over =
      meters({{"x-ratelimit-limit-tokens", "10"}, {"x-ratelimit-remaining-tokens", "20"}});
  CHECK(over.at(0).headroom == 1);
}

TEST_CASE("the event of a ChatGPT plan says what its headers say") {
  auto found = limit_meters(
      R"({"type":"codex.rate_limits","plan_type":"plus","rate_limits":{"allowed":true,
          "primary":{"used_percent":25,"window_minutes":300,"reset_at":1795219260},
          "secondary":{"used_percent":12.5,"window_minutes":10080,"reset_at":"soon"}}})",
      kNow);
  REQUIRE(found.size() == 2);
  CHECK(found[0].name == "primary");
  CHECK(found[0].model.empty());
  CHECK(found[0].headroom == 0.75);
  CHECK(until_full(found[0]) == Millis(60'000));
  CHECK(found[1].headroom == 0.875);
  CHECK_FALSE(found[1].full_at);
  found = limit_meters(
      R"({"metered_limit_name":"codex_bengalfox","rate_limits":{"primary":{"used_percent":1}}})",
      kNow);
  REQUIRE(found.size() == 1);
  CHECK(found[0].name == "codex_bengalfox-primary");
  for (const char* event :
       {"", "{", "[]", "{}", R"({"rate_limits":5})",
        R"({"rate_limits":{"primary":null,"secondary":{"used_percent":"1"}}})"}) {
    CAPTURE(event);
    CHECK(limit_meters(event, kNow).empty());
  }
}

}  // namespace responses_proxy
