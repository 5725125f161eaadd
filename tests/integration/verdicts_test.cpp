// What an answer teaches about its resource, and what the client is told to wait.
#include <doctest/doctest.h>

#include <optional>

#include "core/json.h"
#include "fakes/responses_bodies.h"
#include "integration/post.h"
#include "integration/test_proxy.h"

using namespace responses_proxy;
using namespace responses_proxy::testing;

TEST_CASE("an error the client caused is passed on and held against nobody") {
  for (const int status : {400, 404, 409, 413, 415, 422}) {
    for (const std::string path : {"/v1/responses", "/v1/responses/compact"}) {
      CAPTURE(status);
      CAPTURE(path);
      ScriptedUpstream upstream;
      Reply refused = error_reply(status, "invalid_request_error", "some_code", "your fault");
      refused.headers.add("Retry-After", "60");
      upstream.on_key("sk-a", {refused});
      TestProxy proxy(config_for(upstream, {"sk-a", "sk-b"}));
      const auto busy = proxy.keep_busy({"openai-2"});
      httplib::Client client("127.0.0.1", proxy.port());
      client.set_read_timeout(30);
      const auto result = client.Post(path, R"({"model":"m"})", "application/json");
      REQUIRE(result);
      CHECK(result->status == status);
      CHECK(result->body == refused.body);
      CHECK(upstream.counts().requests == 1);
      const auto resource = proxy.resource("openai-1");
      CHECK(resource->health() == Health::unknown);
      CHECK(resource->total_errors() == 0);
      CHECK(resource->active() == 0);
      const auto records = proxy.records().wait_for(1);
      REQUIRE(records.size() == 1);
      CHECK(records[0].blame == Blame::client);
      CHECK(records[0].attempts.at(0).error == "http_" + std::to_string(status));
      const auto next = post(proxy, R"({"model":"m"})");
      REQUIRE(next);
      CHECK(next->get_header_value("x-proxy-resource-id") == "openai-1");
    }
  }
}

TEST_CASE("a provider's wish to be left alone, in all its forms") {
  struct {
    const char* name;
    const char* value;
    std::optional<int> seconds;  // that the client is told; nothing: it may come back at once
  } const wishes[] = {
      {"Retry-After", "7", 7},
      {"Retry-After", "6.2", 7},
      {"Retry-After", "999999999999", 3600},
      {"Retry-After", "0", std::nullopt},
      {"Retry-After", "-5", std::nullopt},
      {"Retry-After", "soon", std::nullopt},
      {"Retry-After", "Thu, 01 Jan 1970 00:00:00 GMT", std::nullopt},
      {"Retry-After", "Fri, 31 Dec 9999 23:59:59 GMT", 3600},
      {"retry-after-ms", "2500", 3},
      {"x-ratelimit-reset-requests", "1m30s", 90},
  };
  for (const auto& wish : wishes) {
    CAPTURE(wish.name);
    CAPTURE(wish.value);
    ScriptedUpstream upstream;
    Reply limited = error_reply(429, "rate_limit_error", "rate_limit_exceeded", "slow down");
    limited.headers.add(wish.name, wish.value);
    limited.headers.add("x-ratelimit-remaining-requests", "0");
    upstream.on_key("sk-a", {limited});
    TestProxy proxy(config_for(upstream));
    const auto first = post(proxy, R"({"model":"m"})");
    REQUIRE(first);
    CHECK(first->status == 429);
    const auto second = post(proxy, R"({"model":"m"})");
    REQUIRE(second);
    if (!wish.seconds) {
      CHECK(second->status == 200);
      continue;
    }
    // Both say when: the answer that brought the news, and the next one, for which nothing is sent.
    CHECK(first->get_header_value("retry-after") == std::to_string(*wish.seconds));
    CHECK(second->status == 429);
    CHECK(second->get_header_value("retry-after") == std::to_string(*wish.seconds));
    CHECK(upstream.counts().requests == 1);
    proxy.wall_and_cooldowns().advance(std::chrono::seconds(*wish.seconds));
    const auto third = post(proxy, R"({"model":"m"})");
    REQUIRE(third);
    CHECK(third->status == 200);
  }
}

TEST_CASE("the last answer of a pool that is out says when the first resource is back") {
  for (const int status : {429, 503}) {
    CAPTURE(status);
    ScriptedUpstream upstream;
    const auto out = [status](const std::string& seconds) {
      Reply reply = error_reply(status, "some_error", "some_code", "out");
      reply.headers.add("Retry-After", seconds);
      return reply;
    };
    upstream.on_key("sk-a", {out("30")});
    upstream.on_key("sk-b", {out("900")});
    TestProxy proxy(config_for(upstream, {"sk-a", "sk-b"}));
    const auto busy = proxy.keep_busy({"openai-2"});  // openai-1 first
    const auto result = post(proxy, R"({"model":"m"})");
    REQUIRE(result);
    CHECK(result->status == status);
    CHECK(result->body == out("").body);
    CHECK(result->get_header_value("retry-after") == "30");
    CHECK(result->get_header_value_count("retry-after") == 1);
    const auto records = proxy.records().wait_for(1);
    REQUIRE(records.size() == 1);
    CHECK(records[0].attempts.size() == 2);
  }
}

TEST_CASE("as long as one resource of the pool can be asked, the answer stays as it came") {
  ScriptedUpstream upstream;
  Reply limited = error_reply(429, "rate_limit_error", "rate_limit_exceeded", "slow down");
  upstream.on_key("sk-b", {limited});
  limited.headers.add("Retry-After", "30");
  upstream.on_key("sk-a", {limited});
  TestProxy proxy(config_for(upstream, {"sk-a", "sk-b"}));
  const auto busy = proxy.keep_busy({"openai-2"});
  const auto result = post(proxy, R"({"model":"m"})");
  REQUIRE(result);
  CHECK(result->status == 429);
  CHECK_FALSE(result->has_header("retry-after"));
}
