#include "responses_proxy/load_balancer.h"

#include <doctest/doctest.h>

#include <map>

#include "unit/balance/pool_of.h"

namespace responses_proxy {

namespace {

using testing::picked;
using testing::PoolOf;

constexpr auto kSeconds = [](int n) { return Millis(n * 1000); };

SelectionReason reason_of(const PickResult& result) {
  return std::get<Picked>(result).reason();
}

std::size_t dropped(const Wait& wait, DropReason reason) {
  return wait.dropped[static_cast<std::size_t>(reason)];
}

}  // namespace

TEST_CASE("the pick is inside the pool, and without one among all") {
  PoolOf pool({{"a", 1}, {"b", 1}});
  std::map<std::string, int> seen;
  const std::vector<std::string> tried;
  std::vector<PickResult> held;
  for (int i = 0; i < 3; ++i) {
    held.push_back(pool.balancer.pick({.route = pool.route(""), .tried = tried}));
    ++seen[picked(held.back())];
  }
  CHECK(seen.size() == 3);  // least connections: each once
  held.clear();
  for (int i = 0; i < 50; ++i) {
    held.push_back(pool.pick());
    CHECK(picked(held.back()) != "elsewhere");
  }
}

TEST_CASE("the smallest (active + 1) / weight wins, remote requests included") {
  PoolOf pool({{"a", 1}, {"b", 2}});
  pool.state("a").set_remote_active(1);
  pool.state("b").set_remote_active(2);  // 2/1 against 3/2
  CHECK(picked(pool.pick()) == "b");
  pool.state("b").set_remote_active(4);  // 2/1 against 5/2
  CHECK(picked(pool.pick()) == "a");
}

TEST_CASE("a degraded resource in its cooldown only when no better one is left") {
  PoolOf pool({{"a", 100}, {"b", 1}});
  pool.degrade("a", kSeconds(10));
  pool.state("b").set_remote_active(1000);
  CHECK(picked(pool.pick()) == "b");
  pool.block("b", kSeconds(5));
  CHECK(picked(pool.pick()) == "a");
  CHECK(reason_of(pool.pick()) == SelectionReason::policy);
  pool.clock.advance(kSeconds(10));
  CHECK(picked(pool.pick()) == "a");
}

TEST_CASE("an unhealthy resource only after its cooldown and as the last resort") {
  PoolOf pool({{"a", 100}, {"b", 1}});
  pool.break_down("a", kSeconds(10));
  CHECK(picked(pool.pick()) == "b");
  pool.block("b", kSeconds(60));
  CHECK(picked(pool.pick()).empty());
  pool.clock.advance(kSeconds(10));
  CHECK(picked(pool.pick()) == "a");
  pool.give("b", {Health::healthy, {}, {}, false, ""});
  pool.clock.advance(kSeconds(50));
  CHECK(picked(pool.pick()) == "b");
}

TEST_CASE("a blocked resource never") {
  PoolOf pool({{"a", 1}});
  pool.block("a", kSeconds(10));
  for (int i = 0; i < 10; ++i) {
    CHECK(picked(pool.pick()).empty());
    CHECK(picked(pool.prefer("a")).empty());
    CHECK(picked(pool.require("a")).empty());
    pool.clock.advance(Millis(999));
  }
  pool.clock.advance(Millis(10));
  CHECK(picked(pool.pick()) == "a");
}

TEST_CASE("the preferred resource while it is available, however busy it is") {
  PoolOf pool({{"a", 1}, {"b", 1}});
  pool.state("a").set_remote_active(1000);
  CHECK(picked(pool.prefer("a")) == "a");
  CHECK(reason_of(pool.prefer("a")) == SelectionReason::session_affinity);
  pool.degrade("a", kSeconds(10));
  CHECK(picked(pool.prefer("a")) == "b");
  CHECK(reason_of(pool.prefer("a")) == SelectionReason::policy);
  pool.clock.advance(kSeconds(10));
  CHECK(picked(pool.prefer("a")) == "a");
  CHECK(picked(pool.prefer("a", {"a"})) == "b");
}

TEST_CASE("a preference counts inside the pool only, and may have a reason of its own") {
  PoolOf pool({{"a", 1}});
  CHECK(picked(pool.prefer("elsewhere")) == "a");
  CHECK(picked(pool.prefer("never configured")) == "a");
  const std::vector<std::string> tried;
  const Route all = pool.route("");
  const PickResult result =
      pool.balancer.pick({.route = all,
                          .preferred_resource = "elsewhere",
                          .preferred_reason = SelectionReason::response_affinity,
                          .tried = tried});
  CHECK(picked(result) == "elsewhere");
  CHECK(reason_of(result) == SelectionReason::response_affinity);
}

TEST_CASE("after a failed attempt the reason is failover, and nobody is tried twice") {
  PoolOf pool({{"a", 1}, {"b", 1}, {"c", 1}});
  const PickResult second = pool.pick({"a"});
  CHECK(picked(second) != "a");
  CHECK(reason_of(second) == SelectionReason::failover);
  CHECK(picked(pool.pick({"a", "b"})) == "c");
  CHECK(reason_of(pool.prefer("b", {"a"})) == SelectionReason::session_affinity);

  const PickResult none = pool.pick({"a", "b", "c"});
  REQUIRE(std::holds_alternative<Wait>(none));
  CHECK(dropped(std::get<Wait>(none), DropReason::tried) == 3);
  CHECK(std::get<Wait>(none).error.status == 503);
  CHECK(std::get<Wait>(none).retry_in == kSeconds(30));  // nothing better is known
}

TEST_CASE("a resource that was tried and asked for time is back when that has passed") {
  PoolOf pool({{"a", 1}, {"b", 1}});
  pool.give("a", {Health::degraded, kSeconds(30), kSeconds(2), true, "HTTP 429"});
  const PickResult result = pool.pick({"a", "b"});
  REQUIRE(std::holds_alternative<Wait>(result));
  CHECK(std::get<Wait>(result).retry_in == kSeconds(2));
  CHECK(std::get<Wait>(result).error.retry_after == kSeconds(2));
  const PickResult required = pool.require("a", {"a"});
  REQUIRE(std::holds_alternative<Wait>(required));
  CHECK(std::get<Wait>(required).retry_in == kSeconds(2));
}

TEST_CASE("all rate limited: 429 with the soonest return") {
  PoolOf pool({{"a", 1}, {"b", 1}});
  pool.block("a", kSeconds(20));
  pool.block("b", kSeconds(7));
  const PickResult result = pool.pick();
  REQUIRE(std::holds_alternative<Wait>(result));
  const Wait& wait = std::get<Wait>(result);
  CHECK(wait.retry_in == kSeconds(7));
  CHECK(dropped(wait, DropReason::blocked) == 2);
  CHECK(wait.error.status == 429);
  CHECK(wait.error.type == "rate_limit_error");
  CHECK(wait.error.code == "rate_limit_exceeded");
  CHECK(wait.error.message ==
        "No available resources are registered: a degraded (HTTP 429; back in 20 s), "
        "b degraded (HTTP 429; back in 7 s)");
  CHECK(wait.error.retry_after == kSeconds(7));
}

TEST_CASE("bad keys only: 503 with their reasons, and no time to wait for") {
  PoolOf pool({{"a", 1}, {"b", 1}, {"c", 1}, {"d", 1}, {"e", 1}});
  for (const char* id : {"a", "b", "c", "d", "e"}) pool.break_down(id, kSeconds(30));
  pool.give("a",
            {Health::unhealthy, kSeconds(9), {}, true, "HTTP 401: Incorrect API key provided"});
  const PickResult result = pool.pick();
  REQUIRE(std::holds_alternative<Wait>(result));
  const Wait& wait = std::get<Wait>(result);
  CHECK(wait.error.status == 503);
  CHECK(wait.error.code == "no_available_resources");
  CHECK(wait.error.message ==
        "No available resources are registered: a unhealthy (HTTP 401: Incorrect API key "
        "provided), b unhealthy (HTTP 401), c unhealthy (HTTP 401), and 2 more");
  CHECK(wait.error.retry_after == Millis(0));
  CHECK(wait.retry_in == kSeconds(30));  // then one of them is tried out
}

TEST_CASE("while an unhealthy resource is tried out, the others wait for nothing that is known") {
  PoolOf pool({{"a", 1}});
  pool.break_down("a", kSeconds(5));
  pool.clock.advance(kSeconds(5));
  {
    const PickResult trial = pool.pick();
    REQUIRE(picked(trial) == "a");
    const PickResult second = pool.pick();
    REQUIRE(std::holds_alternative<Wait>(second));
    CHECK(std::get<Wait>(second).retry_in == kSeconds(30));  // the next check
    CHECK(std::get<Wait>(second).error.retry_after == Millis(0));
  }
  CHECK(picked(pool.pick()) == "a");
}

TEST_CASE("a resource on trial gets one request at a time") {
  PoolOf pool({{"a", 1}, {"b", 1}});
  pool.degrade("a", kSeconds(1));
  pool.state("a").apply_check({Health::healthy, {}, {}, false, ""}, pool.clock.steady());
  pool.clock.advance(kSeconds(1));
  pool.state("b").set_remote_active(5);
  PickResult trial = pool.pick();
  CHECK(picked(trial) == "a");
  CHECK(picked(pool.pick()) == "b");
  CHECK(picked(pool.prefer("a")) == "b");
  CHECK(picked(pool.pick({"b"})) == "a");  // nobody else is left
  trial = Wait{};
  CHECK(picked(pool.pick()) == "a");
}

TEST_CASE("a resource that has refused the model serves it only if no other is left") {
  PoolOf pool({{"a", 1}, {"b", 1}});
  pool.state("a").refuse_model("m", pool.clock.steady());
  const std::vector<std::string> none;
  const Route route = pool.route();
  const auto pick = [&](std::string_view model, std::string_view preferred = "") {
    return picked(pool.balancer.pick(
        {.route = route, .preferred_resource = preferred, .tried = none, .model = model}));
  };
  pool.state("b").set_remote_active(9);
  CHECK(pick("m") == "b");
  CHECK(pick("m", "a") == "b");
  CHECK(pick("n") == "a");
  pool.degrade("b", kSeconds(60));
  CHECK(pick("m") == "b");
  pool.block("b", kSeconds(60));
  CHECK(pick("m") == "a");
}

TEST_CASE("somebody is out of order: 503 with the soonest return") {
  PoolOf pool({{"a", 1}, {"b", 1}});
  pool.block("a", kSeconds(20));
  pool.break_down("b", kSeconds(7));
  const PickResult result = pool.pick();
  REQUIRE(std::holds_alternative<Wait>(result));
  const Wait& wait = std::get<Wait>(result);
  CHECK(wait.retry_in == kSeconds(7));
  CHECK(dropped(wait, DropReason::blocked) == 1);
  CHECK(dropped(wait, DropReason::unhealthy) == 1);
  CHECK(wait.error.status == 503);
  CHECK(wait.error.type == "server_error");
  CHECK(wait.error.message ==
        "No available resources are registered: a degraded (HTTP 429; back in 20 s), "
        "b unhealthy (HTTP 401)");
  CHECK(wait.error.retry_after == kSeconds(20));  // the other one is not a matter of time
}

TEST_CASE("the tried ones do not shorten the wait for the others") {
  PoolOf pool({{"a", 1}, {"b", 1}});
  pool.block("b", kSeconds(20));
  const PickResult result = pool.pick({"a"});
  REQUIRE(std::holds_alternative<Wait>(result));
  CHECK(std::get<Wait>(result).retry_in == kSeconds(20));
  CHECK(std::get<Wait>(result).error.status == 429);
}

TEST_CASE("a required resource serves the request even degraded, and outside the pool") {
  PoolOf pool({{"a", 1}, {"b", 1}});
  CHECK(picked(pool.require("a")) == "a");
  CHECK(reason_of(pool.require("a")) == SelectionReason::response_affinity);
  pool.state("a").set_remote_active(1000);
  pool.degrade("a", kSeconds(10));
  CHECK(picked(pool.require("a")) == "a");
  CHECK(picked(pool.require("elsewhere")) == "elsewhere");
}

TEST_CASE("a required resource that is gone, blocked, unhealthy or tried is an error") {
  PoolOf pool({{"a", 1}, {"b", 1}});
  const PickResult gone = pool.require("openai-9");
  REQUIRE(std::holds_alternative<Reject>(gone));
  CHECK(std::get<Reject>(gone).error.status == 404);
  CHECK(std::get<Reject>(gone).error.code == "response_resource_gone");
  CHECK(std::get<Reject>(gone).error.message.find("openai-9") != std::string::npos);

  pool.block("a", kSeconds(9));
  const PickResult blocked = pool.require("a");
  REQUIRE(std::holds_alternative<Wait>(blocked));
  CHECK(std::get<Wait>(blocked).error.status == 429);
  CHECK(std::get<Wait>(blocked).retry_in == kSeconds(9));
  CHECK(dropped(std::get<Wait>(blocked), DropReason::blocked) == 1);

  pool.break_down("b", kSeconds(4));
  const PickResult unhealthy = pool.require("b");
  REQUIRE(std::holds_alternative<Wait>(unhealthy));
  CHECK(std::get<Wait>(unhealthy).error.status == 503);
  CHECK(std::get<Wait>(unhealthy).error.code == "response_resource_unavailable");
  CHECK(std::get<Wait>(unhealthy).retry_in == kSeconds(4));
  CHECK(std::get<Wait>(unhealthy).error.retry_after == Millis(0));
  CHECK(std::get<Wait>(unhealthy).error.message.find("b unhealthy (HTTP 401)") !=
        std::string::npos);
  pool.clock.advance(kSeconds(4));
  CHECK(picked(pool.require("b")) == "b");

  const PickResult tried = pool.require("b", {"b"});
  REQUIRE(std::holds_alternative<Wait>(tried));
  CHECK(std::get<Wait>(tried).error.status == 503);
  CHECK(std::get<Wait>(tried).retry_in > Millis(0));
}

}  // namespace responses_proxy
