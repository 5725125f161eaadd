// What a provider that speaks Chat Completions is sent, beside what translated_turns_test shows of
// all that are translated for.
#include <doctest/doctest.h>

#include "integration/post.h"
#include "integration/session_client.h"
#include "integration/translating_providers.h"

using namespace responses_proxy;
using namespace responses_proxy::testing;

TEST_CASE("chat completions: what was thought and called goes back as it came") {
  ScriptedUpstream upstream;
  answer_chat(upstream, {chat::calls("call_1", R"({"at":"x"})"), says("Done")});
  TestProxy proxy(chat_config(upstream));
  SessionClient client(proxy);
  const Json more{{"tools", kLook}, {"store", false}};
  const auto first = client.ask(create("go", more));
  Json next = create("", more);
  next["previous_response_id"] = response_id_of(first);
  next["input"] = {{{"type", "function_call_output"}, {"call_id", "call_1"}, {"output", "seen"}}};
  client.ask(next);
  const Json messages = messages_of(upstream.requests().at(1));
  REQUIRE(messages.size() == 3);
  CHECK(messages[1]["reasoning_content"] == "Hm");
  CHECK(messages[1]["tool_calls"][0]["id"] == "call_1");
  CHECK(dump(messages[2]) == R"({"role":"tool","tool_call_id":"call_1","content":"seen"})");
}

TEST_CASE("chat completions: an alias whose targets speak differently moves between them") {
  ScriptedUpstream upstream;
  upstream.add({"", "POST", "/v1/responses", {error_reply(500, "server_error", "", "x")}, true});
  answer_chat(upstream, {document("Hi")});
  Config config = config_for(upstream, {"sk-a", "sk-b"});
  config.resources[1].wire_api = "chat_completions";
  config.aliases = {{"team/fast",
                     {{.resource_ids = {"openai-1"}, .model = "gpt-mini"},
                      {.resource_ids = {"openai-2"}, .model = "kimi-k2.6"}}}};
  TestProxy proxy(config);
  const auto busy = proxy.keep_busy({"openai-2"});
  const auto result = post(proxy, R"({"model":"team/fast","input":"x"})");
  REQUIRE(result);
  CHECK(result->status == 200);
  CHECK(Json::parse(result->body)["model"] == "team/fast");
  CHECK(Json::parse(upstream.requests_of("sk-b").at(0).body)["model"] == "kimi-k2.6");
}

TEST_CASE("chat completions: what a provider does not count is zero") {
  for (const bool stream : {false, true}) {
    CAPTURE(stream);
    ScriptedUpstream upstream;
    answer_chat(upstream, {chunks({chunk({{"content", "Hi"}}), chunk(Json::object(), "stop")})});
    TestProxy proxy(chat_config(upstream));
    const auto result = post(proxy, dump({{"model", "m"}, {"input", "x"}, {"stream", stream}}));
    REQUIRE(result);
    const Json response =
        stream ? events_in(result->body).back()["response"] : Json::parse(result->body);
    CHECK(response["usage"]["total_tokens"] == 0);
    CHECK(response["usage"]["input_tokens_details"]["cached_tokens"] == 0);
    CHECK(proxy.records().wait_for(1).at(0).usage.empty());
  }
}
