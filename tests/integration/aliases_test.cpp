// Aliases of models, and the table they stand in, replaced under the requests that use it.
#include <doctest/doctest.h>

#include "core/json.h"
#include "integration/post.h"
#include "integration/test_proxy.h"

using namespace responses_proxy;
using namespace responses_proxy::testing;

namespace {

Config config_with_aliases(const ScriptedUpstream& upstream) {
  Config config = config_for(upstream, {"sk-a", "sk-b", "sk-c"});
  config.aliases = {{"team/fast",
                     {{.resource_ids = {"openai-1"}, .model = "gpt-mini"},
                      {.resource_ids = {"openai-2"}, .model = "other-mini"}}}};
  return config;
}

std::string model_of(const RecordedRequest& request) {
  return Json::parse(request.body).at("model").get<std::string>();
}

}  // namespace

TEST_CASE("an alias goes to its targets only, each under its own name for the model") {
  ScriptedUpstream upstream;
  TestProxy proxy(config_with_aliases(upstream));
  const std::string large(600'000, 'x');  // named on a helper thread
  for (const std::string& input : {std::string("hi"), large}) {
    for (int i = 0; i < 8; ++i) {
      REQUIRE(post(proxy, R"({"input":")" + input + R"(", "model": "team/fast"})"));
    }
  }
  CHECK(upstream.requests_of("sk-c").empty());
  for (const RecordedRequest& request : upstream.requests_of("sk-a")) {
    const std::string input = Json::parse(request.body).at("input").get<std::string>();
    CHECK(request.body == R"({"input":")" + input + R"(", "model": "gpt-mini"})");
  }
  for (const RecordedRequest& request : upstream.requests_of("sk-b")) {
    CHECK(model_of(request) == "other-mini");
  }
  for (const RequestRecord& record : proxy.records().wait_for(16)) {
    CHECK(record.model_alias == "team/fast");
    const bool first = record.attempts.at(0).resource_id == "openai-1";
    CHECK(record.model == (first ? "gpt-mini" : "other-mini"));
  }
}

TEST_CASE("a continuation goes to its resource under that resource's name for the model") {
  ScriptedUpstream upstream;
  TestProxy proxy(config_with_aliases(upstream));
  std::string previous;
  for (int i = 0; i < 6; ++i) {
    const std::string link =
        previous.empty() ? "" : R"(,"previous_response_id":")" + previous + "\"";
    const auto result = post(proxy, R"({"model":"team/fast","input":"x")" + link + "}");
    REQUIRE(result);
    previous = Json::parse(result->body).at("id").get<std::string>();
  }
  const auto requests = upstream.requests();
  for (const RecordedRequest& request : requests) {
    CHECK(request.key == requests.front().key);
    CHECK(model_of(request) == model_of(requests.front()));
  }
}

TEST_CASE("a response of a key that the alias does not name is not continued under the alias") {
  ScriptedUpstream upstream;
  Config config = config_with_aliases(upstream);
  config.aliases[0].targets.pop_back();
  TestProxy proxy(config);
  const auto busy = proxy.keep_busy({"openai-1", "openai-2"});
  const auto first = post(proxy, R"({"model":"gpt-mini","input":"x"})");
  REQUIRE(first);
  REQUIRE(upstream.requests_of("sk-c").size() == 1);
  const std::string id = Json::parse(first->body).at("id").get<std::string>();
  const std::string more = R"(","input":"y","previous_response_id":")" + id + "\"}";
  // No name of the model there is known: the alias says nothing to that provider.
  const auto refused = post(proxy, R"({"model":"team/fast)" + more);
  REQUIRE(refused);
  CHECK(refused->status == 400);
  CHECK(Json::parse(refused->body)["error"]["code"] == "response_outside_alias");
  CHECK(upstream.counts().requests == 1);
  const auto named = post(proxy, R"({"model":"gpt-mini)" + more);
  REQUIRE(named);
  CHECK(named->status == 200);
  CHECK(upstream.requests_of("sk-c").size() == 2);
}

TEST_CASE("the list of models begins with the aliases") {
  ScriptedUpstream upstream;
  TestProxy proxy(config_with_aliases(upstream));
  httplib::Client client("127.0.0.1", proxy.port());
  const auto result = client.Get("/v1/models");
  REQUIRE(result);
  CHECK(result->status == 200);
  CHECK(Json::parse(result->body)["data"][0]["id"] == "team/fast");
}

TEST_CASE("a model that is no alias, and an alias that is taken away, pass as they come") {
  ScriptedUpstream upstream;
  TestProxy proxy(config_with_aliases(upstream));
  const std::string body = R"({ "model" : "team/fast" , "input":"x"})";
  REQUIRE(post(proxy, body));
  CHECK(upstream.requests().at(0).body != body);
  proxy.router().update(config_with_aliases(upstream).resources);
  REQUIRE(post(proxy, body));
  CHECK(upstream.requests().at(1).body == body);
  CHECK(proxy.records().wait_for(2).at(1).model_alias.empty());
}

TEST_CASE("a stream ends well on a resource that has been taken out meanwhile") {
  ScriptedUpstream upstream;
  RecordedRequest streamed;
  streamed.method = "POST";
  streamed.target = "/v1/responses";
  streamed.body = R"({"model":"m","stream":true})";
  Reply held = default_answer(streamed);
  upstream.on_key("sk-a", {held.insert(2, Step::gate("go on"))});
  TestProxy proxy(config_for(upstream, {"sk-a"}));
  const auto table = proxy.router().table();
  const std::string seen =
      post_reading(proxy, R"({"model":"m","stream":true})", [&](const std::string& so_far) {
        if (so_far.find("response.completed") != std::string::npos) return;
        proxy.router().update({});
        upstream.open_gate("go on");
      });
  CHECK(seen.find("response.completed") != std::string::npos);
  CHECK(post(proxy, R"({"model":"m"})")->status == 503);
  REQUIRE(proxy.wait_until_idle());
  const ResourceState& state = *table->find("openai-1")->state;
  CHECK(state.active() == 0);
  CHECK(state.health() == Health::healthy);
  CHECK(proxy.records().wait_for(1).at(0).completed);
}

TEST_CASE("a request without a model is for keys of the environment only") {
  ScriptedUpstream upstream;
  Config config = config_with_aliases(upstream);
  for (Resource& resource : config.resources) resource.registered = true;
  TestProxy proxy(config);
  const Given registered = given(post(proxy, R"({"input":"x"})"));
  CHECK(registered.status == 400);
  CHECK(registered.body["error"]["code"] == "missing_required_parameter");
  CHECK(upstream.requests().empty());
  config.resources[0].registered = false;
  proxy.router().update(config.resources, config.aliases);
  CHECK(given(post(proxy, R"({"input":"x"})")).status == 200);
  CHECK(upstream.requests_of("sk-a").size() == 1);
}
