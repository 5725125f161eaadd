// Clients of the Responses API before a provider that speaks Chat Completions: over HTTP, as a
// stream, and over a socket.
#include <doctest/doctest.h>

#include "fakes/responses_stream_rules.h"
#include "integration/chat_provider.h"
#include "integration/post.h"
#include "integration/session_client.h"

using namespace responses_proxy;
using namespace responses_proxy::testing;

namespace {

Reply calls(const std::string& id, const std::string& arguments) {
  const Json call{
      {"index", 0}, {"id", id}, {"function", {{"name", "ns__look"}, {"arguments", arguments}}}};
  return chunks({chunk({{"reasoning_content", "Hm"}}), chunk({{"tool_calls", {call}}}),
                 chunk(Json::object(), "tool_calls")});
}

const Json kTools = Json::parse(R"([{"type":"namespace","name":"ns","tools":[
  {"type":"function","name":"look","parameters":{"type":"object"}}]}])");

}  // namespace

TEST_CASE("chat completions: a document") {
  ScriptedUpstream upstream;
  answer_chat(upstream, {document("Hi there")});
  TestProxy proxy(chat_config(upstream));
  const std::string body = R"({"model":"m","instructions":"be kind","input":"hello"})";
  const auto result = post(proxy, body);
  REQUIRE(result);
  CHECK(result->status == 200);
  CHECK(result->get_header_value("content-type") == "application/json");
  const Json response = Json::parse(result->body);
  check_response_members(response, Json::parse(body));
  CHECK(response["output"][0]["content"][0]["text"] == "Hi there");
  CHECK(response["created_at"] == 1795219200);
  const RecordedRequest sent = upstream.requests().at(0);
  CHECK(sent.key == "sk-a");
  CHECK(dump(messages_of(sent)) ==
        R"([{"role":"system","content":"be kind"},{"role":"user","content":"hello"}])");
  const RequestRecord record = proxy.records().wait_for(1).at(0);
  CHECK(record.response_id == response["id"]);
  CHECK(record.usage.total == 13);
  CHECK(record.completed);
}

TEST_CASE("chat completions: a stream, and every answer has an id of its own") {
  ScriptedUpstream upstream;
  answer_chat(upstream, {says("Hi there")});
  TestProxy proxy(chat_config(upstream));
  const std::string body = R"({"model":"m","stream":true,"input":"hello"})";
  std::string before;
  for (int i = 0; i < 2; ++i) {
    const auto result = post(proxy, body);
    REQUIRE(result);
    CHECK(result->get_header_value("content-type") == "text/event-stream");
    const std::vector<Json> events = events_in(result->body);
    check_stream_rules(events, Json::parse(body));
    CHECK(text_of(events) == "Hi there");
    CHECK(response_id_of(events) != before);
    before = response_id_of(events);
  }
  for (const RequestRecord& record : proxy.records().wait_for(2)) {
    CHECK(record.completed);
    CHECK(record.usage.total == 13);
  }
}

TEST_CASE("chat completions: a conversation over a socket, with a tool, each turn an increment") {
  ScriptedUpstream upstream;
  answer_chat(upstream, {calls("call_1", R"({"at":"x"})"), says("Done")});
  TestProxy proxy(chat_config(upstream));
  SessionClient client(proxy);
  const Json more{{"tools", kTools}, {"store", false}};
  const auto first = client.ask(create("go", more));
  check_stream_rules(first, more);
  const Json& output = first.back()["response"]["output"];
  REQUIRE(output.size() == 2);
  CHECK(output[1]["name"] == "look");
  CHECK(output[1]["namespace"] == "ns");
  Json next = more;
  next["type"] = "response.create";
  next["model"] = "m";
  next["previous_response_id"] = response_id_of(first);
  next["input"] = {{{"type", "function_call_output"}, {"call_id", "call_1"}, {"output", "seen"}}};
  const auto second = client.ask(next);
  CHECK(text_of(second) == "Done");
  const Json messages = messages_of(upstream.requests().at(1));
  REQUIRE(messages.size() == 3);
  CHECK(messages[0]["content"] == "go");
  CHECK(messages[1]["reasoning_content"] == "Hm");
  CHECK(messages[1]["tool_calls"][0]["function"]["name"] == "ns__look");
  CHECK(messages[1]["tool_calls"][0]["function"]["arguments"] == R"({"at":"x"})");
  CHECK(dump(messages[2]) == R"({"role":"tool","tool_call_id":"call_1","content":"seen"})");
}

TEST_CASE("chat completions: a warm-up is answered here, and the first turn builds on it") {
  ScriptedUpstream upstream;
  answer_chat(upstream, {says("Hi")});
  TestProxy proxy(chat_config(upstream));
  SessionClient client(proxy);
  const auto warm = client.ask(create("base", {{"generate", false}}));
  REQUIRE(type_of(warm.back()) == "response.completed");
  CHECK(upstream.requests().empty());
  const auto turn = client.ask(create("go", {{"previous_response_id", response_id_of(warm)}}));
  CHECK(text_of(turn) == "Hi");
  const Json messages = messages_of(upstream.requests().at(0));
  REQUIRE(messages.size() == 2);
  CHECK(messages[0]["content"] == "base");
  CHECK(messages[1]["content"] == "go");
}

TEST_CASE("chat completions: what nobody remembers is refused, over HTTP and over a socket") {
  ScriptedUpstream upstream;
  TestProxy proxy(chat_config(upstream));
  const auto result =
      post(proxy, R"({"model":"m","input":"x","previous_response_id":"resp_unknown"})");
  REQUIRE(result);
  CHECK(result->status == 400);
  CHECK(Json::parse(result->body)["error"]["code"] == "previous_response_not_found");
  SessionClient client(proxy);
  const auto events = client.ask(create("x", {{"previous_response_id", "resp_unknown"}}));
  REQUIRE(events.size() == 1);
  CHECK(events[0]["error"]["code"] == "previous_response_not_found");
  CHECK(upstream.requests().empty());
}

TEST_CASE("chat completions: errors move a request, in the head and inside a 200") {
  const Json trouble{{"error", {{"code", 502}, {"message", "Provider returned error"}}}};
  for (const bool in_band : {false, true}) {
    for (const bool stream : {false, true}) {
      CAPTURE(in_band);
      CAPTURE(stream);
      Reply bad = json_reply(trouble, in_band ? 200 : 502);
      if (in_band && stream) bad = chunks({trouble}, false);
      ScriptedUpstream upstream;
      answer_chat(upstream, {bad, stream ? says("Hi") : document("Hi")});
      TestProxy proxy(chat_config(upstream, {"sk-a", "sk-b"}));
      const auto busy = proxy.keep_busy({"openai-2"});
      const auto result =
          post(proxy, dump({{"model", "m"}, {"input", "hello"}, {"stream", stream}}));
      REQUIRE(result);
      CHECK(result->status == 200);
      CHECK(result->get_header_value("x-proxy-decision") == "failover");
      CHECK(proxy.resource("openai-1")->health() == Health::degraded);
    }
  }
}

TEST_CASE(
    "chat completions: a context that is too long is the client's affair, whatever it is called") {
  ScriptedUpstream upstream;
  answer_chat(upstream,
              {json_reply({{"error",
                            {{"code", 500},
                             {"type", "exceed_context_size_error"},
                             {"message", "the request exceeds the available context size"}}}},
                          500)});
  TestProxy proxy(chat_config(upstream, {"sk-a", "sk-b"}));
  for (const bool stream : {false, true}) {
    const auto result = post(proxy, dump({{"model", "m"}, {"input", "hello"}, {"stream", stream}}));
    REQUIRE(result);
    CHECK(result->status == 400);
    CHECK(Json::parse(result->body)["error"]["code"] == "context_length_exceeded");
  }
  CHECK(upstream.requests().size() == 2);
  for (const char* key : {"openai-1", "openai-2"}) {
    CHECK(proxy.resource(key)->health() != Health::degraded);
  }
}

TEST_CASE("chat completions: a stream that breaks off, and one that ends without saying so") {
  for (const bool broken : {true, false}) {
    Reply cut = chunks({chunk({{"content", "Hi"}})}, false);
    if (broken) cut.steps.push_back(Step::reset());
    ScriptedUpstream upstream;
    answer_chat(upstream, {cut});
    TestProxy proxy(chat_config(upstream));
    const std::string body = post_reading(proxy, R"({"model":"m","stream":true,"input":"hello"})",
                                          [](const std::string&) {});
    const auto events = events_in(body);
    CHECK(type_of(events.back()) == "response.failed");
    CHECK(proxy.records().wait_for(1).at(0).error == "truncated");
  }
}

TEST_CASE("chat completions: what is left out is told, what is not known is refused") {
  ScriptedUpstream upstream;
  answer_chat(upstream, {document("Hi")});
  TestProxy proxy(chat_config(upstream));
  const auto result = post(proxy, R"({"model":"m","input":"x","tools":[{"type":"web_search"}]})");
  REQUIRE(result);
  CHECK(result->get_header_value("x-proxy-omitted-tools") == "web_search");
  CHECK(Json::parse(result->body)["tools"][0]["type"] == "web_search");
  CHECK(proxy.records().wait_for(1).at(0).adjusted == "omitted_tools: web_search");
  const auto refused =
      post(proxy, R"({"model":"m","input":"x","tools":[{"type":"image_generation"}]})");
  REQUIRE(refused);
  CHECK(refused->status == 400);
  CHECK(Json::parse(refused->body)["error"]["param"] == "image_generation");
  CHECK(upstream.requests().size() == 1);
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
