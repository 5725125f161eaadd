// What a provider that speaks Anthropic's Messages API is sent and says, beside what
// translated_turns_test shows of all that are translated for.
#include <doctest/doctest.h>

#include "integration/post.h"
#include "integration/session_client.h"
#include "integration/translating_providers.h"

using namespace responses_proxy;
using namespace responses_proxy::testing;

TEST_CASE("anthropic messages: key, version and cached tokens") {
  ScriptedUpstream upstream;
  answer_anthropic(upstream, {anthropic_says("Hi there")});
  TestProxy proxy(anthropic_config(upstream));
  const auto result = post(proxy, R"({"model":"m","input":"hello","stream":true})");
  REQUIRE(result);
  const RecordedRequest sent = upstream.requests().at(0);
  CHECK(sent.headers.get("x-api-key") == "sk-a");
  CHECK(sent.headers.get("anthropic-version") == "2023-06-01");
  CHECK_FALSE(sent.headers.find("authorization"));
  const Json usage = events_in(result->body).back()["response"]["usage"];
  CHECK(usage["input_tokens"] == 10);
  CHECK(usage["input_tokens_details"]["cached_tokens"] == 4);
}

TEST_CASE("anthropic messages: what was thought and called goes back as it came") {
  ScriptedUpstream upstream;
  answer_anthropic(upstream, {anthropic_calls("toolu_1", R"({"at":"x"})"), anthropic_says("Done")});
  TestProxy proxy(anthropic_config(upstream));
  SessionClient client(proxy);
  const Json more{{"tools", kLook}, {"store", false}};
  const auto first = client.ask(create("go", more));
  Json next = create("", more);
  next["previous_response_id"] = response_id_of(first);
  next["input"] = {{{"type", "function_call_output"}, {"call_id", "toolu_1"}, {"output", "seen"}}};
  client.ask(next);
  const Json messages = Json::parse(upstream.requests().at(1).body)["messages"];
  REQUIRE(messages.size() == 3);
  CHECK(messages[1]["content"][0]["type"] == "thinking");
  CHECK(messages[1]["content"][0]["signature"] == "signed");
  CHECK(messages[1]["content"][1]["id"] == "toolu_1");
  CHECK(messages[2]["content"][0]["tool_use_id"] == "toolu_1");
}

TEST_CASE("anthropic messages: with one key an overload is 503, and says when to come back") {
  ScriptedUpstream upstream;
  answer_anthropic(upstream, {anthropic::overload(false, false)});
  TestProxy proxy(anthropic_config(upstream));
  const auto result = post(proxy, R"({"model":"m","input":"hello"})");
  REQUIRE(result);
  CHECK(result->status == 503);
  CHECK(Json::parse(result->body)["error"]["code"] == "server_is_overloaded");
  CHECK(result->get_header_value("retry-after") == "5");
}

TEST_CASE("anthropic messages: sampling that a model refuses is left out, and told") {
  ScriptedUpstream upstream;
  answer_anthropic(upstream, {anthropic_document("Hi")});
  TestProxy proxy(anthropic_config(upstream));
  const auto result = post(proxy, R"({"model":"m","input":"x","temperature":0.5})");
  REQUIRE(result);
  CHECK(result->status == 200);
  CHECK_FALSE(Json::parse(upstream.requests().at(0).body).contains("temperature"));
  CHECK(proxy.records().wait_for(1).at(0).adjusted == "dropped: temperature");
}
