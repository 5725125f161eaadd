// Sessions stick to what can serve them, and let go of what cannot.
#include <doctest/doctest.h>

#include <map>

#include "fakes/responses_bodies.h"
#include "integration/post.h"
#include "integration/test_proxy.h"

using namespace responses_proxy;
using namespace responses_proxy::testing;

namespace {

struct Seen {
  std::string resource;
  std::string decision;
  friend bool operator==(const Seen&, const Seen&) = default;
};

Seen turn(const TestProxy& proxy, const std::string& session) {
  const auto result = post(proxy, R"({"model":"m"})", {{"session-id", session}});
  REQUIRE(result);
  CHECK(result->status == 200);
  return {result->get_header_value("x-proxy-resource-id"),
          result->get_header_value("x-proxy-decision")};
}

Reply limited() {
  Reply reply = error_reply(429, "rate_limit_error", "rate_limit_exceeded", "slow down");
  reply.headers.add("Retry-After", "60");
  return reply;
}

}  // namespace

TEST_CASE("a session whose resource cannot serve it moves, and sticks to the next one") {
  struct {
    const char* what;
    Reply reply;  // to the session's second turn
  } const cases[] = {
      {"rate limited", limited()},
      {"key revoked", error_reply(401, "invalid_request_error", "invalid_api_key", "no")},
      {"broken", error_reply(500, "server_error", "", "oops")},
  };
  for (const auto& trouble : cases) {
    CAPTURE(trouble.what);
    ScriptedUpstream upstream;
    upstream.on_key("sk-a", {json_response("resp_1", "x"), trouble.reply});
    TestProxy proxy(config_for(upstream, {"sk-a", "sk-b"}));
    {
      const auto busy = proxy.keep_busy({"openai-2"});
      CHECK(turn(proxy, "s") == Seen{"openai-1", "weighted_least_connections"});
    }
    const auto second = post(proxy, R"({"model":"m"})", {{"session-id", "s"}});
    REQUIRE(second);
    CHECK(second->status == 200);
    const Seen third = turn(proxy, "s");
    CHECK(third.resource == "openai-2");
    CHECK(turn(proxy, "s") == Seen{"openai-2", "session_affinity"});
    CHECK(upstream.requests_of("sk-a").size() == 2);
    // It stays there when the first one is back: the cache is warm there now.
    proxy.wall_and_cooldowns().advance(std::chrono::minutes(2));
    CHECK(turn(proxy, "s") == Seen{"openai-2", "session_affinity"});
  }
}

TEST_CASE("a session whose resource was removed moves") {
  ScriptedUpstream upstream;
  TestProxy proxy(config_for(upstream, {"sk-a", "sk-b"}));
  const Seen first = turn(proxy, "s");
  auto rest = resources_at(upstream.base_url(), {"sk-a", "sk-b"});
  std::erase_if(rest, [&](const Resource& resource) { return resource.id == first.resource; });
  proxy.router().update(rest);
  CHECK(turn(proxy, "s") == Seen{rest[0].id, "weighted_least_connections"});
  CHECK(turn(proxy, "s") == Seen{rest[0].id, "session_affinity"});
}

TEST_CASE("a response remembered by the position of its key is one nobody remembers") {
  struct Index final : ResponseIndex {
    void find(EventLoop& loop, std::string response_id, Found found) override {
      loop.post([response_id, found] { found(response_id == "resp_old" ? "openai-7" : "gone-7"); });
    }
  } index;
  ScriptedUpstream upstream;
  TestProxy proxy(config_for(upstream, {"sk-a"}), 1, &index);
  const auto continued = [&](const std::string& id) {
    return post(proxy, R"({"model":"m","previous_response_id":")" + id + "\"}");
  };
  const auto old = continued("resp_old");
  REQUIRE(old);
  CHECK(old->status == 200);
  CHECK(old->get_header_value("x-proxy-decision") == "weighted_least_connections");
  CHECK(continued("resp_old")->get_header_value("x-proxy-decision") == "response_affinity");
  // Any other id is that of a resource, and it is gone.
  CHECK(continued("resp_gone")->status == 404);
  CHECK(upstream.counts().requests == 2);
}

TEST_CASE("what people read has the resource's name, what programs read its id") {
  ScriptedUpstream upstream;
  upstream.on_key("sk-a", {limited()});
  Config config = config_for(upstream, {"sk-a"});
  config.resources[0].name = "team-a";
  TestProxy proxy(config);
  const auto first = post(proxy, R"({"model":"m"})");
  REQUIRE(first);
  CHECK(first->get_header_value("x-proxy-resource-id") == "openai-1");
  proxy.state().remember_affinity({AffinityKind::response, "resp_1"}, "openai-1", {});
  const auto pinned = post(proxy, R"({"model":"m","previous_response_id":"resp_1"})");
  REQUIRE(pinned);
  CHECK(pinned->body.find("(team-a)") != std::string::npos);
  CHECK(pinned->body.find("openai-1") == std::string::npos);
  CHECK(proxy.records().wait_for(2)[0].attempts.at(0).resource_id == "openai-1");
}

TEST_CASE("a session is forgotten when it is idle for long enough") {
  ScriptedUpstream upstream;
  TestProxy proxy(config_for(upstream, {"sk-a", "sk-b"}));
  turn(proxy, "s");
  proxy.wall_and_cooldowns().advance(std::chrono::minutes(59));
  CHECK(turn(proxy, "s").decision == "session_affinity");
  proxy.wall_and_cooldowns().advance(std::chrono::minutes(59));
  CHECK(turn(proxy, "s").decision == "session_affinity");  // using it has renewed it
  proxy.wall_and_cooldowns().advance(std::chrono::minutes(61));
  CHECK(turn(proxy, "s").decision == "weighted_least_connections");
}

TEST_CASE("many sessions spread over all resources, and each stays") {
  ScriptedUpstream upstream;
  TestProxy proxy(config_for(upstream, {"sk-a", "sk-b", "sk-c", "sk-d"}));
  std::map<std::string, std::size_t> per_resource;
  for (int i = 0; i < 80; ++i) {
    const std::string session = "session-" + std::to_string(i);
    const Seen first = turn(proxy, session);
    ++per_resource[first.resource];
    CHECK(turn(proxy, session) == Seen{first.resource, "session_affinity"});
  }
  REQUIRE(per_resource.size() == 4);
  for (const auto& [resource, sessions] : per_resource) {
    CAPTURE(resource);
    CHECK(sessions > 5);  // of 20 in the mean; the seed is fixed
  }
}
