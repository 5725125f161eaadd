#include "responses_proxy/verdict.h"

#include <doctest/doctest.h>

#include <array>
#include <string>
#include <utility>

#include "fakes/manual_clock.h"

namespace responses_proxy {

namespace {

const WallTime kNow = testing::ManualClock().wall();
const VerdictOptions kOptions{Millis(30'000)};

struct Row {
  int status;
  Health health;
  Blame blame;
};

constexpr std::array kRows = {
    Row{200, Health::healthy, Blame::none},       Row{201, Health::healthy, Blame::none},
    Row{204, Health::healthy, Blame::none},       Row{299, Health::healthy, Blame::none},
    Row{100, Health::unknown, Blame::none},       Row{301, Health::unknown, Blame::none},
    Row{304, Health::unknown, Blame::none},       Row{400, Health::unknown, Blame::client},
    Row{401, Health::unhealthy, Blame::resource}, Row{402, Health::unhealthy, Blame::resource},
    Row{403, Health::unhealthy, Blame::resource}, Row{404, Health::unknown, Blame::client},
    Row{409, Health::unknown, Blame::client},     Row{413, Health::unknown, Blame::client},
    Row{415, Health::unknown, Blame::client},     Row{422, Health::unknown, Blame::client},
    Row{428, Health::unknown, Blame::client},     Row{429, Health::degraded, Blame::resource},
    Row{499, Health::unknown, Blame::client},     Row{500, Health::degraded, Blame::provider},
    Row{502, Health::degraded, Blame::provider},  Row{503, Health::degraded, Blame::provider},
    Row{529, Health::degraded, Blame::provider},  Row{599, Health::degraded, Blame::provider},
};

}  // namespace

TEST_CASE("what an answer's status says about the resource, and whose fault it is") {
  for (const Row& row : kRows) {
    CAPTURE(row.status);
    CHECK(health_of_status(row.status) == row.health);
    CHECK(blame_of_status(row.status) == row.blame);
    const Verdict verdict = verdict_of(row.status, {}, kNow, kOptions);
    CHECK(verdict.health == row.health);
    const bool bad = row.health == Health::degraded || row.health == Health::unhealthy;
    CHECK(verdict.blame == row.blame);
    CHECK_FALSE(verdict.doubtful);
    CHECK(verdict.error == bad);
    CHECK(verdict.cooldown == (bad ? kOptions.cooldown : Millis(0)));
    CHECK(verdict.blocked == Millis(0));
    CHECK(verdict.reason == (bad ? "HTTP " + std::to_string(row.status) : ""));
  }
}

TEST_CASE("a provider that asks for time is left alone that long, and cools down at least so") {
  Verdict verdict = verdict_of(429, {{"retry-after", "5"}}, kNow, kOptions);
  CHECK(verdict.blocked == Millis(5'000));
  CHECK(verdict.cooldown == Millis(30'000));
  verdict = verdict_of(503, {{"retry-after", "60"}}, kNow, kOptions);
  CHECK(verdict.blocked == Millis(60'000));
  CHECK(verdict.cooldown == Millis(60'000));
}

TEST_CASE("what the client caused, and success, block nothing whatever the headers say") {
  for (const int status : {200, 400, 404, 413}) {
    const Verdict verdict = verdict_of(status, {{"retry-after", "60"}}, kNow, kOptions);
    CHECK(verdict.blocked == Millis(0));
    CHECK(verdict.cooldown == Millis(0));
  }
}

TEST_CASE("no answer is the provider's fault and degrades") {
  for (const UpstreamError error :
       {UpstreamError::connect, UpstreamError::connect_name_not_found,
        UpstreamError::connect_refused, UpstreamError::connect_unreachable,
        UpstreamError::connect_tls, UpstreamError::connect_certificate,
        UpstreamError::connect_timeout, UpstreamError::first_byte_timeout,
        UpstreamError::idle_timeout, UpstreamError::write_timeout, UpstreamError::total_timeout,
        UpstreamError::closed, UpstreamError::truncated, UpstreamError::protocol}) {
    const Verdict verdict = verdict_of_failure(error, kOptions);
    CHECK(verdict.health == Health::degraded);
    CHECK(verdict.cooldown == kOptions.cooldown);
    CHECK(verdict.error);
    CHECK(verdict.reason == to_string(error));
    CHECK(verdict_of_failure(error, kOptions, "why").reason ==
          std::string(to_string(error)) + ": why");
    CHECK(blame_of_failure(error) == Blame::provider);
  }
  CHECK(verdict_of_failure(UpstreamError::none, kOptions).health == Health::unknown);
  CHECK_FALSE(verdict_of_failure(UpstreamError::none, kOptions).error);
  CHECK(blame_of_failure(UpstreamError::none) == Blame::none);
}

TEST_CASE("a shortage of our own says nothing about the resource") {
  const Verdict verdict = verdict_of_failure(UpstreamError::out_of_descriptors, kOptions);
  CHECK(verdict.health == Health::unknown);
  CHECK_FALSE(verdict.error);
  CHECK(blame_of_failure(UpstreamError::out_of_descriptors) == Blame::proxy);
}

TEST_CASE("a 429 that says not to come back, and not when, is none that passes") {
  const auto health = [](const Headers& headers) {
    return verdict_of(429, headers, kNow, kOptions).health;
  };
  CHECK(health({{"x-should-retry", "false"}}) == Health::unhealthy);
  CHECK(health({{"x-should-retry", "true"}}) == Health::degraded);
  CHECK(health({{"x-should-retry", "false"}, {"retry-after", "5"}}) == Health::degraded);
  CHECK(verdict_of(503, {{"x-should-retry", "false"}}, kNow, kOptions).health == Health::degraded);
}

TEST_CASE("a refused key is doubtful where a check follows") {
  VerdictOptions checked = kOptions;
  checked.checked = true;
  for (const int status : {401, 403}) {
    const Verdict verdict = verdict_of(status, {}, kNow, checked);
    CHECK(verdict.health == Health::unhealthy);
    CHECK(verdict.doubtful);
  }
  for (const int status : {200, 400, 402, 429, 500}) {
    CHECK_FALSE(verdict_of(status, {}, kNow, checked).doubtful);
  }
}

TEST_CASE("a model that is refused says nothing about the key") {
  UpstreamFault fault;
  fault.status = fault.meaning = 403;
  CHECK(verdict_of(fault, kOptions).health == Health::unhealthy);
  fault.model_refused = true;
  CHECK(verdict_of(fault, kOptions).health == Health::unknown);
}

TEST_CASE("what is meant decides, what was said is the reason") {
  UpstreamFault fault;
  fault.status = 429;
  fault.meaning = 402;
  fault.code = "insufficient_quota";
  const Verdict verdict = verdict_of(fault, kOptions);
  CHECK(verdict.health == Health::unhealthy);
  CHECK(verdict.blame == Blame::resource);
  CHECK(verdict.error);
  CHECK(verdict.reason == "HTTP 429: insufficient_quota");
}

TEST_CASE("a wait is as long as asked for, at most as long as allowed") {
  UpstreamFault fault;
  fault.status = fault.meaning = 429;
  VerdictOptions options = kOptions;
  options.max_retry_after = Millis(100'000);
  for (const auto& [asked, blocked] :
       {std::pair{Millis(5'000), Millis(5'000)}, std::pair{Millis(100'001), Millis(100'000)}}) {
    fault.wait = asked;
    CHECK(verdict_of(fault, options).blocked == blocked);
  }
}

TEST_CASE("the reason is what the provider says, in one short line") {
  const auto reason = [](int status, std::string code, std::string type, std::string message,
                         bool in_band = false) {
    UpstreamFault fault;
    fault.status = fault.meaning = status;
    fault.code = std::move(code);
    fault.type = std::move(type);
    fault.message = std::move(message);
    fault.in_band = in_band;
    return error_reason(fault);
  };
  CHECK(reason(401, "invalid_api_key", "invalid_request_error", "Incorrect API key provided") ==
        "HTTP 401: Incorrect API key provided");
  CHECK(reason(429, "rate_limit_exceeded", "requests", "") == "HTTP 429: rate_limit_exceeded");
  CHECK(reason(429, "", "requests", "") == "HTTP 429: requests");
  CHECK(reason(503, "", "", "") == "HTTP 503");
  CHECK(reason(429, "slow_down", "", "Too fast", true) == "slow_down: Too fast");
  CHECK(reason(503, "", "", "", true).empty());
  CHECK(reason(500, "", "", std::string("a\r\nb\0c\x1b[31m\x7f", 13))
            .find_first_of(std::string_view("\r\n\0\x1b\x7f", 5)) == std::string::npos);
  CHECK(reason(500, "", "", std::string(5'000, 'x')).size() <= 240);
}

}  // namespace responses_proxy
