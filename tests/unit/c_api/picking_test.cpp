#include <set>
#include <thread>
#include <vector>

#include "unit/c_api/c_host.h"

namespace responses_proxy::testing {

namespace {

constexpr std::string_view kTwo =
    R"({"resources":[)"
    R"({"id":"one","base_url":"http://a/v1/","api_key":"sk-one-secret-1111","pool_id":"p"},)"
    R"({"id":"two","base_url":"http://b/v1","api_key":"sk-two-secret-2222","auth_type":"query",)"
    R"("query":{"version":"1 2"},"headers":{"x-org":"o"}}]})";

}  // namespace

TEST_CASE("a key is picked, and how it does is learnt from what came back") {
  CHost host(kTwo);
  REQUIRE(host.created.result == RP_OK);
  const Said picked = host.pick(R"({"pool_id":"p","model":"m"})");
  REQUIRE(picked.result == RP_OK);
  CHECK(picked.json() == Json{{"resource_id", "one"},
                              {"base_url", "http://a/v1"},
                              {"wire_api", "responses"},
                              {"model", nullptr},
                              {"reason", "weighted_least_connections"}});
  CHECK(host.resource("one")["active"] == 1);
  const Said finished = host.finish(429, R"([["retry-after","20"]])");
  CHECK(finished.result == RP_OK);
  CHECK(finished.json()["health"] == "degraded");
  CHECK(finished.json()["retry_in_ms"] > 19'000);
  CHECK(host.resource("one")["active"] == 0);
  CHECK(host.resource("one")["total_errors"] == 1);
  CHECK(host.resource("two")["health"] == "unknown");

  const Said wait = host.pick(R"({"pool_id":"p"})");
  CHECK(wait.result == RP_WAIT);
  CHECK(host.lease == nullptr);
  CHECK(wait.json()["status"] == 429);
  CHECK(wait.json()["retry_in_ms"] > 19'000);
  CHECK(wait.json()["body"].get<std::string>().find("rate_limit") != std::string::npos);
}

TEST_CASE("a request that nothing serves is refused in the client's words") {
  CHost host(kTwo);
  const Said refused = host.pick(R"({"pool_id":"unheard-of"})");
  CHECK(refused.result == RP_REJECT);
  CHECK(refused.json()["status"] == 400);
  CHECK(Json::parse(refused.json()["body"].get<std::string>())["error"]["code"] == "unknown_pool");
}

TEST_CASE("sessions stay where they are, responses belong to who made them") {
  CHost host(kTwo);
  const auto id = host.pick(R"({"session_id":"s"})").json()["resource_id"];
  for (int i = 0; i < 8; ++i) {
    const Json again = host.pick(R"({"session_id":"s"})").json();
    CHECK(again["resource_id"] == id);
    CHECK(again["reason"] == "session_affinity");
  }
  CHECK(say(rp_remember, host.balancer, "resp_1", "two").result == RP_OK);
  CHECK(host.pick(R"({"response_id":"resp_1"})").json()["resource_id"] == "two");
  CHECK(host.finish(401).result == RP_OK);
  CHECK(host.pick(R"({"response_id":"resp_1"})").result == RP_WAIT);
  CHECK(host.pick(R"({"tried":["one"]})").result == RP_WAIT);
}

TEST_CASE("a host's own request has the credential where the provider looks for it") {
  CHost host(kTwo);
  host.pick(R"({"tried":["two"]})");
  CHECK(say(rp_authorize, host.lease, "/responses").json() ==
        Json{{"url", "http://a/v1/responses"},
             {"headers", Json::array({{"Authorization", "Bearer sk-one-secret-1111"}})}});
  host.pick(R"({"tried":["one"]})");
  CHECK(say(rp_authorize, host.lease, nullptr).json() ==
        Json{{"url", "http://b/v1?version=1%202&key=sk-two-secret-2222"},
             {"headers", Json::array({{"x-org", "o"}})}});
  CHECK(host.resource("two")["api_key"] == "...2222");
}

TEST_CASE("no answer, and what the host's health checks find") {
  CHost host(kTwo);
  host.pick(R"({"tried":["two"]})");
  CHECK(say(rp_finish_failed, host.lease, "no word", std::int64_t{1}).result == RP_INVALID);
  const Said failed = say(rp_finish_failed, host.lease, "connect_timeout", std::int64_t{1});
  CHECK(failed.json()["health"] == "degraded");
  CHECK(say(rp_report_health, host.balancer, "two", 401, nullptr, std::size_t{0}).result == RP_OK);
  CHECK(host.resource("two")["health"] == "unhealthy");
  CHECK(say(rp_report_health, host.balancer, "two", 200, nullptr, std::size_t{0}).result == RP_OK);
  CHECK(host.resource("two")["health"] != "unhealthy");
  CHECK(say(rp_report_health, host.balancer, "ten", 200, nullptr, std::size_t{0}).text ==
        "there is no resource ten");
}

TEST_CASE("what a key has learnt stays with it when the others are replaced") {
  CHost host(kTwo);
  host.pick(R"({"tried":["two"]})");
  host.finish(401);
  rp_lease* const old = nullptr;
  rp_lease_destroy(old);
  host.pick(R"({"tried":["one"]})");
  constexpr std::string_view kOthers =
      R"({"resources":[)"
      R"({"id":"one","base_url":"http://a/v1/","api_key":"sk-one-secret-1111","pool_id":"p"},)"
      R"({"id":"three","base_url":"http://c"}],)"
      R"("aliases":[{"name":"a","targets":[{"resource_ids":["three"],"model":"x"}]}]})";
  CHECK(say(rp_update, host.balancer, kOthers.data(), kOthers.size()).result == RP_OK);
  CHECK(host.finish(200).json()["health"] == "healthy");  // of one that is not there any more
  CHECK(host.resource("one")["health"] == "unhealthy");
  CHECK(host.resource("two") == nullptr);
  const Json picked = host.pick(R"({"model":"a"})").json();
  CHECK(picked["resource_id"] == "three");
  CHECK(picked["model"] == "x");
}

TEST_CASE("everything that is wrong with a setup is said at once, without its secrets") {
  CHost host(
      R"({"resources":[{"id":"one","base_url":"nowhere","api_key":"sk with blank","weight":0},)"
      R"({"id":"one","base_url":"http://a","more":1,"auth_type":"magic","headers":{"a":1}}, 3],)"
      R"("aliases":[{"name":"a"}],"policy":"none","cooldown_ms":-1})");
  CHECK(host.created.result == RP_INVALID);
  CHECK(host.balancer == nullptr);
  for (const char* problem :
       {"resources[0].base_url does not start with http:// or https://", "resources[0].api_key",
        "resources[0].weight must be", "resources has one twice", "resources[1].more is not known",
        "resources[1].auth_type must be one of bearer, api_key, query, none",
        "resources[1].headers.a must be a text", "resources[2] must be a JSON object",
        "aliases[0].targets must have at least one target", "policy must be one of",
        "cooldown_ms must be a whole number"}) {
    CAPTURE(problem);
    CHECK(host.created.text.find(problem) != std::string::npos);
  }
  CHECK(host.created.text.find("sk with") == std::string::npos);
  CHECK(CHost("[]").created.text == "the setup is no JSON object");
  CHECK(CHost("").created.result == RP_INVALID);
}

TEST_CASE("what is handed in wrong is refused, and changes nothing") {
  CHost host(kTwo);
  CHECK(host.pick("[]").result == RP_INVALID);
  CHECK(host.pick(R"({"tried":"one"})").text == "tried must be a list of texts");
  CHECK(host.pick(R"({"model":1})").text == "model must be a text");
  CHECK(say(rp_pick, host.balancer, static_cast<const char*>(nullptr), std::size_t{3}, &host.lease)
            .text == "request is NULL");
  CHECK(host.finish(200).text == "lease is NULL");
  host.pick();
  for (const char* headers : {"{}", R"([["a"]])", R"([["a b","c"]])", R"([["a","b\nc"]])", "["}) {
    CAPTURE(headers);
    CHECK(host.finish(200, headers).text == "headers must be a list of [name, value]");
  }
  CHECK(host.finish(99).result == RP_INVALID);
  CHECK(host.finish(200).result == RP_OK);
  CHECK(host.finish(200).text == "the lease is finished");
  CHECK(say(rp_authorize, host.lease, "/x").text == "the lease is finished");
  CHECK(say(rp_describe, static_cast<const rp_balancer*>(nullptr)).text == "balancer is NULL");
  CHECK(rp_describe(host.balancer, nullptr) == RP_OK);
  rp_text_free(nullptr);
  rp_destroy(nullptr);
  rp_lease_destroy(nullptr);
  rp_translation_destroy(nullptr);
}

TEST_CASE("leases outlive their balancer") {
  CHost host(kTwo);
  host.pick();
  rp_destroy(host.balancer);
  host.balancer = nullptr;
  CHECK(host.translate(R"({"model":"m","input":"hello"})").result == RP_OK);
  CHECK(host.finish(200).json()["health"] == "healthy");
}

TEST_CASE("one balancer serves several threads") {
  CHost host(kTwo);
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&host] {
      for (int n = 0; n < 200; ++n) {
        rp_lease* lease = nullptr;
        rp_pick(host.balancer, nullptr, 0, &lease, nullptr);
        rp_finish(lease, 200, nullptr, 0, 1, nullptr);
        rp_lease_destroy(lease);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(host.resource("one")["active"] == 0);
  const auto total = host.resource("one")["total_requests"].get<int>() +
                     host.resource("two")["total_requests"].get<int>();
  CHECK(total == 800);
}

}  // namespace responses_proxy::testing
