#include "health/verdict.h"

#include <doctest/doctest.h>

#include <array>

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
    Row{401, Health::unhealthy, Blame::resource}, Row{402, Health::unknown, Blame::client},
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
    const Verdict verdict = verdict_of_answer(row.status, {}, kNow, kOptions);
    CHECK(verdict.health == row.health);
    const bool bad = row.health == Health::degraded || row.health == Health::unhealthy;
    CHECK(verdict.error == bad);
    CHECK(verdict.cooldown == (bad ? kOptions.cooldown : Millis(0)));
    CHECK(verdict.blocked == Millis(0));
    CHECK(verdict.reason == (bad ? "HTTP " + std::to_string(row.status) : ""));
  }
}

TEST_CASE("a provider that asks for time is left alone that long, and cools down at least so") {
  Verdict verdict = verdict_of_answer(429, {{"retry-after", "5"}}, kNow, kOptions);
  CHECK(verdict.blocked == Millis(5'000));
  CHECK(verdict.cooldown == Millis(30'000));
  verdict = verdict_of_answer(503, {{"retry-after", "60"}}, kNow, kOptions);
  CHECK(verdict.blocked == Millis(60'000));
  CHECK(verdict.cooldown == Millis(60'000));
}

TEST_CASE("what the client caused, and success, block nothing whatever the headers say") {
  for (const int status : {200, 400, 404, 413}) {
    const Verdict verdict = verdict_of_answer(status, {{"retry-after", "60"}}, kNow, kOptions);
    CHECK(verdict.blocked == Millis(0));
    CHECK(verdict.cooldown == Millis(0));
  }
}

TEST_CASE("no answer is the provider's fault and degrades") {
  for (const UpstreamError error :
       {UpstreamError::connect, UpstreamError::connect_timeout, UpstreamError::first_byte_timeout,
        UpstreamError::idle_timeout, UpstreamError::total_timeout, UpstreamError::closed,
        UpstreamError::truncated, UpstreamError::protocol}) {
    const Verdict verdict = verdict_of_failure(error, kOptions);
    CHECK(verdict.health == Health::degraded);
    CHECK(verdict.cooldown == kOptions.cooldown);
    CHECK(verdict.error);
    CHECK(verdict.reason == to_string(error));
    CHECK(blame_of_failure(error) == Blame::provider);
  }
  CHECK(verdict_of_failure(UpstreamError::none, kOptions).health == Health::unknown);
  CHECK_FALSE(verdict_of_failure(UpstreamError::none, kOptions).error);
  CHECK(blame_of_failure(UpstreamError::none) == Blame::none);
}

TEST_CASE("the code of an error inside a 200 stands for a status") {
  for (const std::string_view code : {"rate_limit_exceeded", "insufficient_quota", "slow_down"}) {
    CHECK(status_of_error_code(code) == 429);
  }
  for (const std::string_view code : {"", "server_error", "server_is_overloaded"}) {
    CHECK(status_of_error_code(code) == 503);
  }
  for (const std::string_view code :
       {"invalid_prompt", "context_length_exceeded", "previous_response_not_found", "new_code"}) {
    CHECK(status_of_error_code(code) == 400);
  }
}

}  // namespace responses_proxy
