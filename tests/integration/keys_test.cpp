// Bad keys, empty accounts and models that a key may not use: what moves, what the client is told,
// and what is remembered.
#include <doctest/doctest.h>

#include "core/json.h"
#include "fakes/responses_bodies.h"
#include "fakes/wait_until.h"
#include "integration/post.h"
#include "integration/test_proxy.h"

using namespace responses_proxy;
using namespace responses_proxy::testing;

namespace {

constexpr const char* kAsk = R"({"model":"gpt-6"})";
constexpr const char* kAskStream = R"({"model":"gpt-6","stream":true})";

Reply bad_key(int status = 401) {
  return error_reply(status, "invalid_request_error", "invalid_api_key",
                     "Incorrect API key provided");
}

// What the key answers to requests of clients, again and again; its models can be listed.
void always(ScriptedUpstream& upstream, const std::string& key, Reply reply) {
  upstream.add({key, "POST", "", {std::move(reply)}, true});
}
void check_answers(ScriptedUpstream& upstream, const std::string& key, Reply reply) {
  upstream.add({key, "GET", "/v1/models", {std::move(reply)}, true});
}

std::string message_of(const httplib::Result& result) {
  return Json::parse(result->body).at("error").at("message");
}

}  // namespace

TEST_CASE("a key that is refused, or has no money left: another one serves the request") {
  const Reply refusals[] = {
      bad_key(401),
      error_reply(402, "", "", "Insufficient Balance"),
      bad_key(403),
      error_reply(429, "insufficient_quota", "insufficient_quota", "You exceeded your quota"),
      error_reply(400, "invalid_request_error", "billing_hard_limit_reached", "Limit reached"),
  };
  for (const Reply& refusal : refusals) {
    for (const char* body : {kAsk, kAskStream}) {
      CAPTURE(refusal.status);
      CAPTURE(body);
      ScriptedUpstream upstream;
      upstream.on_key("sk-a", {refusal});
      TestProxy proxy(config_for(upstream, {"sk-a", "sk-b"}));
      const auto busy = proxy.keep_busy({"openai-2"});
      const auto result = post(proxy, body);
      REQUIRE(result);
      CHECK(result->status == 200);
      CHECK(result->get_header_value("x-proxy-resource-id") == "openai-2");
      CHECK(proxy.resource("openai-1")->health() == Health::unhealthy);
      const auto records = proxy.records().wait_for(1);
      REQUIRE(records.size() == 1);
      REQUIRE(records[0].attempts.size() == 2);
      CHECK(records[0].attempts[0].blame == Blame::resource);
      CHECK(records[0].attempts[0].error == "http_" + std::to_string(refusal.status));
    }
  }
}

TEST_CASE("with nobody left the client gets the last key's own answer, then the reason of each") {
  ScriptedUpstream upstream;
  always(upstream, "sk-a", bad_key());
  always(upstream, "sk-b", bad_key());
  TestProxy proxy(config_for(upstream, {"sk-a", "sk-b"}));
  const auto first = post(proxy, kAsk);
  REQUIRE(first);
  CHECK(first->status == 401);
  CHECK(first->body == bad_key().body);
  CHECK_FALSE(first->has_header("retry-after"));
  CHECK(upstream.counts().requests == 2);

  const auto second = post(proxy, kAsk);
  REQUIRE(second);
  CHECK(second->status == 503);
  CHECK(message_of(second) ==
        "No available resources are registered: openai-1 unhealthy (HTTP 401: Incorrect API key "
        "provided), openai-2 unhealthy (HTTP 401: Incorrect API key provided)");
  CHECK_FALSE(second->has_header("retry-after"));  // no waiting mends it
  CHECK(upstream.counts().requests == 2);

  // After the cooldown one request at a time tries them out.
  proxy.wall_and_cooldowns().advance(std::chrono::seconds(30));
  const auto third = post(proxy, kAsk);
  REQUIRE(third);
  CHECK(third->status == 401);
}

TEST_CASE("an empty account stays out until a trial succeeds") {
  ScriptedUpstream upstream;
  const Reply empty =
      error_reply(429, "insufficient_quota", "insufficient_quota", "You exceeded your quota");
  upstream.add({"sk-a", "POST", "", {empty, empty}, false});
  TestProxy proxy(config_for(upstream, {"sk-a"}));
  REQUIRE(post(proxy, kAsk)->status == 429);
  const auto out = post(proxy, kAsk);
  CHECK(out->status == 503);
  CHECK(message_of(out).ends_with(": openai-1 unhealthy (HTTP 429: You exceeded your quota)"));
  CHECK_FALSE(out->has_header("retry-after"));
  proxy.wall_and_cooldowns().advance(std::chrono::seconds(30));
  CHECK(post(proxy, kAsk)->status == 429);  // the trial
  CHECK(post(proxy, kAsk)->status == 503);
  proxy.wall_and_cooldowns().advance(std::chrono::seconds(30));
  CHECK(post(proxy, kAsk)->status == 200);
  const auto state = proxy.resource("openai-1");
  CHECK(wait_until([&] { return state->health() == Health::healthy; }));
}

TEST_CASE("a refused key is checked at once: the key is good, only this request was not allowed") {
  ScriptedUpstream upstream;
  upstream.add({"sk-a", "POST", "", {bad_key(403)}, false});
  TestProxy proxy(config_for(upstream, {"sk-a"}), 1, nullptr, {}, true);
  const auto refused = post(proxy, kAsk);
  REQUIRE(refused);
  CHECK(refused->status == 403);
  const auto state = proxy.resource("openai-1");
  REQUIRE(wait_until([&] { return state->on_trial(); }));
  CHECK(state->health() == Health::degraded);
  CHECK(state->reason_at(proxy.wall_and_cooldowns().steady()) ==
        "on trial after HTTP 403: Incorrect API key provided");
  CHECK(upstream.counts().requests == 2);
  // Nobody is shut out: it is the last resort, and there is no other.
  const auto next = post(proxy, kAsk);
  REQUIRE(next);
  CHECK(next->status == 200);
  CHECK(wait_until([&] { return state->health() == Health::healthy; }));
}

TEST_CASE("a refused key is checked at once: it is bad") {
  ScriptedUpstream upstream;
  always(upstream, "sk-a", bad_key());
  check_answers(upstream, "sk-a", bad_key());
  TestProxy proxy(config_for(upstream, {"sk-a"}), 1, nullptr, {}, true);
  REQUIRE(post(proxy, kAsk)->status == 401);
  const auto state = proxy.resource("openai-1");
  REQUIRE(wait_until([&] { return state->health() == Health::unhealthy; }));
  const auto out = post(proxy, kAsk);
  CHECK(out->status == 503);
  CHECK(message_of(out).find("Incorrect API key provided") != std::string::npos);
}

TEST_CASE("a refused key inside a stream is checked, too") {
  ScriptedUpstream upstream;
  upstream.add(
      {"sk-a", "POST", "", {sse_failed("resp_1", "invalid_api_key", "No such key")}, false});
  check_answers(upstream, "sk-a", bad_key());
  TestProxy proxy(config_for(upstream, {"sk-a"}), 1, nullptr, {}, true);
  const auto result = post(proxy, kAskStream);
  REQUIRE(result);
  CHECK(result->body.find("No such key") != std::string::npos);
  CHECK(wait_until([&] { return proxy.resource("openai-1")->health() == Health::unhealthy; }));
}

TEST_CASE("a model that one key may not use: the next one is tried, and asked first from then on") {
  const Reply refusals[] = {
      error_reply(404, "invalid_request_error", "model_not_found",
                  "The model `gpt-6` does not exist or you do not have access to it."),
      error_reply(403, "", "", "Project `proj_1` does not have access to model `gpt-6`"),
  };
  const Reply in_stream = sse_failed("resp_1", "model_not_found", "No such model");
  struct {
    const char* ask;
    Reply refusal;
  } const rows[] = {{kAsk, refusals[0]},
                    {kAsk, refusals[1]},
                    {kAskStream, refusals[0]},
                    {kAskStream, refusals[1]},
                    {kAskStream, in_stream}};
  for (const auto& [ask, refusal] : rows) {
    CAPTURE(ask);
    CAPTURE(refusal.status);
    ScriptedUpstream upstream;
    always(upstream, "sk-a", refusal);
    TestProxy proxy(config_for(upstream, {"sk-a", "sk-b"}), 1, nullptr, {}, true);
    const auto busy = proxy.keep_busy({"openai-2"});
    const auto served_by = [&, body = ask] {
      const auto result = post(proxy, body);
      REQUIRE(result);
      CHECK(result->body.find("Hello from sk-b.") != std::string::npos);
      return std::to_string(result->status) + " " + result->get_header_value("x-proxy-resource-id");
    };
    CHECK(served_by() == "200 openai-2");
    CHECK(upstream.counts().requests == 2);
    const auto state = proxy.resource("openai-1");
    CHECK(state->health() == Health::unknown);  // the key is as good as it was
    CHECK(served_by() == "200 openai-2");
    CHECK(upstream.counts().requests == 3);  // not asked again
    proxy.wall_and_cooldowns().advance(std::chrono::minutes(5));
    CHECK(served_by() == "200 openai-2");
    CHECK(upstream.counts().requests == 5);
  }
}

TEST_CASE("a model that no key may use: the upstream's own answer") {
  ScriptedUpstream upstream;
  const Reply refusal =
      error_reply(404, "invalid_request_error", "model_not_found", "No such model");
  always(upstream, "sk-a", refusal);
  always(upstream, "sk-b", refusal);
  TestProxy proxy(config_for(upstream, {"sk-a", "sk-b"}));
  for (const char* body : {kAsk, kAskStream, kAsk}) {
    const auto result = post(proxy, body);
    REQUIRE(result);
    CHECK(result->status == 404);
    CHECK(result->body == refusal.body);
  }
}

TEST_CASE("how long to stay away stands in the body, too") {
  struct {
    const char* error;
    int seconds;
  } const errors[] = {
      {R"({"code":"rate_limit_exceeded","message":"Rate limit reached. Please try again in 1m1.5s."})",
       62},
      {R"({"type":"usage_limit_reached","message":"The limit","resets_in_seconds":90})", 90},
      {R"({"type":"usage_limit_reached","message":"The limit","resets_at":1795219242})", 42},
      {R"({"code":429,"message":"x","metadata":{"headers":{"X-RateLimit-Remaining":"0","X-RateLimit-Reset":"1795219242000"}}})",
       42},
  };
  for (const auto& [error, seconds] : errors) {
    CAPTURE(error);
    ScriptedUpstream upstream;
    upstream.on_key("sk-a", {json_reply({{"error", Json::parse(error)}}, 429)});
    TestProxy proxy(config_for(upstream));
    REQUIRE(post(proxy, kAsk)->status == 429);
    const auto out = post(proxy, kAsk);
    REQUIRE(out);
    CHECK(out->status == 429);
    CHECK(out->get_header_value("retry-after") == std::to_string(seconds));
    CHECK(upstream.counts().requests == 1);
  }
}

TEST_CASE("a key that the provider echoes is in no state and no message") {
  ScriptedUpstream upstream;
  always(upstream, "sk-a-secret",
         error_reply(401, "", "invalid_api_key", "sk-a-secret is no key.\nReally."));
  TestProxy proxy(config_for(upstream, {"sk-a-secret"}));
  REQUIRE(post(proxy, kAsk));
  CHECK(proxy.resource("openai-1")->last_error() == "HTTP 401: *** is no key. Really.");
  const auto out = post(proxy, kAsk);
  CHECK(out->body.find("sk-a-secret") == std::string::npos);
}

TEST_CASE("an error whose body does not come is not waited for") {
  ScriptedUpstream upstream;
  Reply slow = error_reply(503, "server_error", "", "never comes");
  slow.insert(0, Step::gate("never"));
  upstream.on_key("sk-a", {slow});
  TestProxy proxy(config_for(upstream, {"sk-a", "sk-b"}));
  const auto busy = proxy.keep_busy({"openai-2"});
  const auto result = post(proxy, kAsk);
  REQUIRE(result);
  CHECK(result->status == 200);
  CHECK(result->get_header_value("x-proxy-resource-id") == "openai-2");
  CHECK(proxy.resource("openai-1")->last_error() == "HTTP 503");
}
