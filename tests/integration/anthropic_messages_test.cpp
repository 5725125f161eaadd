// Clients of the Responses API before a provider that speaks Anthropic's Messages API: over HTTP,
// as a stream, and over a socket.
#include <doctest/doctest.h>

#include "fakes/responses_bodies.h"
#include "fakes/responses_stream_rules.h"
#include "integration/anthropic_provider.h"
#include "integration/post.h"
#include "integration/session_client.h"

using namespace responses_proxy;
using namespace responses_proxy::testing;

namespace {

Json body_of(const RecordedRequest& request) {
  return Json::parse(request.body);
}

// Role and the types of its blocks, message by message.
std::vector<std::string> shape_of(const RecordedRequest& request) {
  std::vector<std::string> shape;
  const Json body = body_of(request);
  for (const Json& message : body.at("messages")) {
    std::string line = message["role"];
    for (const Json& one : message["content"]) line += " " + one["type"].get<std::string>();
    shape.push_back(line);
  }
  return shape;
}

const Json kLook = Json::parse(R"([{"type":"namespace","name":"ns","tools":[
  {"type":"function","name":"look","parameters":{"type":"object"}}]}])");

}  // namespace

TEST_CASE("anthropic messages: a document") {
  ScriptedUpstream upstream;
  answer_anthropic(upstream, {anthropic_document("Hi there")});
  TestProxy proxy(anthropic_config(upstream));
  const std::string body = R"({"model":"m","instructions":"be kind","input":"hello"})";
  const auto result = post(proxy, body);
  REQUIRE(result);
  CHECK(result->status == 200);
  CHECK(result->get_header_value("content-type") == "application/json");
  const Json response = Json::parse(result->body);
  check_response_members(response, Json::parse(body));
  CHECK(response["output"][0]["content"][0]["text"] == "Hi there");
  const RecordedRequest sent = upstream.requests().at(0);
  CHECK(sent.headers.get("x-api-key") == "sk-a");
  CHECK(sent.headers.get("anthropic-version") == "2023-06-01");
  CHECK_FALSE(sent.headers.find("authorization"));
  CHECK(body_of(sent)["system"][0]["text"] == "be kind");
  CHECK(shape_of(sent) == std::vector<std::string>{"user text"});
  const RequestRecord record = proxy.records().wait_for(1).at(0);
  CHECK(record.response_id == response["id"]);
  CHECK(record.usage.total == 13);
  CHECK(record.completed);
}

TEST_CASE("anthropic messages: a stream, and every answer has an id of its own") {
  ScriptedUpstream upstream;
  answer_anthropic(upstream, {anthropic_says("Hi there")});
  TestProxy proxy(anthropic_config(upstream));
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
    const Json& usage = events.back()["response"]["usage"];
    CHECK(usage["input_tokens"] == 10);
    CHECK(usage["input_tokens_details"]["cached_tokens"] == 4);
  }
  for (const RequestRecord& record : proxy.records().wait_for(2)) {
    CHECK(record.completed);
    CHECK(record.usage.total == 13);
  }
}

TEST_CASE("anthropic messages: a conversation over a socket, with a tool, each turn an increment") {
  ScriptedUpstream upstream;
  answer_anthropic(upstream, {anthropic_calls("toolu_1", R"({"at":"x"})"), anthropic_says("Done")});
  TestProxy proxy(anthropic_config(upstream));
  SessionClient client(proxy);
  const Json more{{"tools", kLook}, {"store", false}};
  const auto first = client.ask(create("go", more));
  check_stream_rules(first, more);
  const Json& output = first.back()["response"]["output"];
  REQUIRE(output.size() == 2);
  CHECK(output[0]["summary"][0]["text"] == "Hm");
  CHECK(output[1]["name"] == "look");
  CHECK(output[1]["namespace"] == "ns");
  Json next = more;
  next["type"] = "response.create";
  next["model"] = "m";
  next["previous_response_id"] = response_id_of(first);
  next["input"] = {{{"type", "function_call_output"}, {"call_id", "toolu_1"}, {"output", "seen"}}};
  CHECK(text_of(client.ask(next)) == "Done");
  const RecordedRequest sent = upstream.requests().at(1);
  CHECK(shape_of(sent) ==
        std::vector<std::string>{"user text", "assistant thinking tool_use", "user tool_result"});
  const Json messages = body_of(sent)["messages"];
  CHECK(messages[1]["content"][0]["signature"] == "signed");
  CHECK(messages[1]["content"][1]["name"] == "ns__look");
  CHECK(dump(messages[1]["content"][1]["input"]) == R"({"at":"x"})");
  CHECK(messages[2]["content"][0]["tool_use_id"] == "toolu_1");
}

TEST_CASE("anthropic messages: a warm-up is answered here, and the first turn builds on it") {
  ScriptedUpstream upstream;
  answer_anthropic(upstream, {anthropic_says("Hi")});
  TestProxy proxy(anthropic_config(upstream));
  SessionClient client(proxy);
  const auto warm = client.ask(create("base", {{"generate", false}}));
  REQUIRE(type_of(warm.back()) == "response.completed");
  CHECK(upstream.requests().empty());
  const auto turn = client.ask(create("go", {{"previous_response_id", response_id_of(warm)}}));
  CHECK(text_of(turn) == "Hi");
  CHECK(shape_of(upstream.requests().at(0)) == std::vector<std::string>{"user text text"});
}

TEST_CASE("anthropic messages: what a response said is continued over HTTP, on any key") {
  for (const bool store : {true, false}) {
    CAPTURE(store);
    ScriptedUpstream upstream;
    answer_anthropic(upstream, {anthropic_calls("toolu_1", "{}"), anthropic_says("Done"),
                                anthropic_says("Yes")});
    TestProxy proxy(anthropic_config(upstream, {"sk-a", "sk-b"}));
    const Json ask{{"model", "m"}, {"stream", true}, {"store", store}, {"tools", kLook}};
    std::string previous;
    const auto turn = [&](const Json& input, const char* out_of_the_way) {
      Json body = ask;
      body["input"] = input;
      if (!previous.empty()) body["previous_response_id"] = previous;
      const auto busy = proxy.keep_busy({out_of_the_way});
      const auto result = post(proxy, dump(body));
      REQUIRE(result);
      CHECK(result->status == 200);
      previous = response_id_of(events_in(result->body));
    };
    turn("go", "openai-2");
    turn({{{"type", "function_call_output"}, {"call_id", "toolu_1"}, {"output", "seen"}}},
         "openai-2");
    take_out(proxy, "openai-1");
    turn("sure?", "openai-1");
    const auto requests = upstream.requests();
    REQUIRE(requests.size() == 3);
    CHECK(requests[2].headers.get("x-api-key") == "sk-b");
    CHECK(shape_of(requests[2]) ==
          std::vector<std::string>{"user text", "assistant thinking tool_use", "user tool_result",
                                   "assistant text", "user text"});
  }
}

TEST_CASE("anthropic messages: what nobody remembers is refused, over HTTP and over a socket") {
  ScriptedUpstream upstream;
  TestProxy proxy(anthropic_config(upstream));
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

TEST_CASE("anthropic messages: an overload moves a request, in the head and inside a 200") {
  const Json trouble = anthropic_error_body("overloaded_error", "Overloaded");
  for (const bool in_band : {false, true}) {
    for (const bool stream : {false, true}) {
      CAPTURE(in_band);
      CAPTURE(stream);
      Reply bad = json_reply(trouble, in_band ? 200 : 529);
      if (in_band && stream) bad = anthropic_events({begin_of_message(), trouble});
      ScriptedUpstream upstream;
      answer_anthropic(upstream, {bad, stream ? anthropic_says("Hi") : anthropic_document("Hi")});
      TestProxy proxy(anthropic_config(upstream, {"sk-a", "sk-b"}));
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

TEST_CASE("anthropic messages: with one key an overload is 503, and says when to come back") {
  ScriptedUpstream upstream;
  answer_anthropic(upstream,
                   {json_reply(anthropic_error_body("overloaded_error", "Overloaded"), 529)});
  TestProxy proxy(anthropic_config(upstream));
  const auto result = post(proxy, R"({"model":"m","input":"hello"})");
  REQUIRE(result);
  CHECK(result->status == 503);
  CHECK(Json::parse(result->body)["error"]["code"] == "server_is_overloaded");
  CHECK(result->get_header_value("retry-after") == "5");
}

TEST_CASE("anthropic messages: a prompt that is too long is the client's affair") {
  ScriptedUpstream upstream;
  answer_anthropic(upstream, {json_reply(anthropic_error_body("invalid_request_error",
                                                              "prompt is too long: 210000 tokens > "
                                                              "200000 maximum"),
                                         400)});
  TestProxy proxy(anthropic_config(upstream, {"sk-a", "sk-b"}));
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

TEST_CASE("anthropic messages: a stream that breaks off, and one that ends without saying so") {
  for (const bool broken : {true, false}) {
    CAPTURE(broken);
    std::vector<Json> events{begin_of_message()};
    const auto text = text_block(0, "Hi");
    events.insert(events.end(), text.begin(), text.end());
    events.push_back(end_of_message("end_turn").front());  // but no message_stop
    Reply cut = anthropic_events(events);
    if (broken) cut.steps.push_back(Step::reset());
    ScriptedUpstream upstream;
    answer_anthropic(upstream, {cut});
    TestProxy proxy(anthropic_config(upstream));
    const std::string body = post_reading(proxy, R"({"model":"m","stream":true,"input":"hello"})",
                                          [](const std::string&) {});
    CHECK(type_of(events_in(body).back()) == "response.failed");
    CHECK(proxy.records().wait_for(1).at(0).error == "truncated");
  }
}

TEST_CASE("anthropic messages: what is left out is told, what is not known is refused") {
  ScriptedUpstream upstream;
  answer_anthropic(upstream, {anthropic_document("Hi")});
  TestProxy proxy(anthropic_config(upstream));
  const auto result =
      post(proxy, R"({"model":"m","input":"x","temperature":0.5,"tools":[{"type":"web_search"}]})");
  REQUIRE(result);
  CHECK(result->get_header_value("x-proxy-omitted-tools") == "web_search");
  CHECK(Json::parse(result->body)["tools"][0]["type"] == "web_search");
  CHECK(proxy.records().wait_for(1).at(0).adjusted ==
        "omitted_tools: web_search; dropped: temperature");
  const auto refused =
      post(proxy, R"({"model":"m","input":"x","tools":[{"type":"image_generation"}]})");
  REQUIRE(refused);
  CHECK(refused->status == 400);
  CHECK(Json::parse(refused->body)["error"]["param"] == "image_generation");
  CHECK(upstream.requests().size() == 1);
}

TEST_CASE("anthropic messages: items that an input names are put in their places") {
  ScriptedUpstream upstream;
  answer_anthropic(upstream, {anthropic_calls("toolu_1", R"({"at":"x"})"), anthropic_says("Done"),
                              anthropic_says("Yes")});
  TestProxy proxy(anthropic_config(upstream, {"sk-a", "sk-b"}));
  Json input = Json::array({{{"role", "user"}, {"content", "go"}}});
  const auto turn = [&] {
    const auto result =
        post(proxy, dump({{"model", "m"}, {"stream", true}, {"tools", kLook}, {"input", input}}));
    REQUIRE(result);
    CHECK(result->status == 200);
    const auto events = events_in(result->body);
    for (const Json& item : events.back()["response"]["output"]) {
      input.push_back({{"type", "item_reference"}, {"id", item["id"]}});
    }
  };
  {
    const auto busy = proxy.keep_busy({"openai-2"});
    turn();
  }
  input.push_back({{"type", "function_call_output"}, {"call_id", "toolu_1"}, {"output", "seen"}});
  turn();
  take_out(proxy, "openai-1");  // the items are known here: another key serves as well
  input.push_back({{"role", "user"}, {"content", "sure?"}});
  turn();
  const auto requests = upstream.requests();
  REQUIRE(requests.size() == 3);
  CHECK(requests[1].headers.get("x-api-key") == "sk-a");
  CHECK(requests[2].headers.get("x-api-key") == "sk-b");
  CHECK(shape_of(requests[2]) ==
        std::vector<std::string>{"user text", "assistant thinking tool_use", "user tool_result",
                                 "assistant text", "user text"});
  CHECK(body_of(requests[2])["messages"][1]["content"][0]["signature"] == "signed");
}

TEST_CASE("anthropic messages: an item that is not stored, or that nobody has made, is unknown") {
  ScriptedUpstream upstream;
  answer_anthropic(upstream, {anthropic_document("Hi")});
  TestProxy proxy(anthropic_config(upstream));
  const auto made = [&](bool store) {
    const auto result = post(proxy, dump({{"model", "m"}, {"input", "x"}, {"store", store}}));
    REQUIRE(result);
    return Json::parse(result->body)["output"][0]["id"].get<std::string>();
  };
  const std::string known = made(true);
  for (const std::string& unknown : {made(false), std::string("msg_1"), known + "0"}) {
    CAPTURE(unknown);
    const Json input = {{{"type", "item_reference"}, {"id", known}},
                        {{"type", "item_reference"}, {"id", unknown}}};
    const auto result = post(proxy, dump({{"model", "m"}, {"input", input}}));
    REQUIRE(result);
    CHECK(result->status == 400);
    const Json error = Json::parse(result->body)["error"];
    CHECK(error["code"] == "item_not_found");
    CHECK(error["param"] == "input[1].id");
  }
  CHECK(upstream.requests().size() == 2);
}
