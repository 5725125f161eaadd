// Clients of the Responses API before an upstream that speaks something else altogether: nothing
// but its dialect knows.
#include <doctest/doctest.h>

#include "fakes/responses_bodies.h"
#include "integration/post.h"
#include "integration/session_client.h"

using namespace responses_proxy;
using namespace responses_proxy::testing;

namespace {

Reply shout(const std::string& body, int status = 200) {
  Reply reply;
  reply.status = status;
  reply.headers.add("Content-Type", "application/json");
  reply.body = body;
  return reply;
}

Reply shouts(std::vector<std::string> events) {
  Reply reply;
  reply.headers.add("Content-Type", "text/event-stream");
  for (std::string& event : events) {
    reply.steps.push_back(Step::write("data: " + std::move(event) + "\n\n"));
  }
  return reply;
}

const Reply kAnswer = shout(R"({"id":"7","shout":"WHO IS THERE","breath":3})");
const Reply kStream = shouts({R"({"id":"7"})", R"({"part":"WHO IS "})", R"({"part":"THERE"})",
                              R"({"over":true,"breath":3})"});
const Reply kBusy = shout(R"({"problem":"busy","why":"too many voices","wait":5})", 429);

Config shouting_config(const ScriptedUpstream& upstream, const std::vector<std::string>& keys) {
  Config config = config_for(upstream, keys);
  for (Resource& resource : config.resources) resource.wire_api = "shout";
  return config;
}

void answer_with(ScriptedUpstream& upstream, std::vector<Reply> replies) {
  upstream.add({"", "POST", "/v1/shout", std::move(replies), true});
}

}  // namespace

TEST_CASE("another dialect: a document, with the credential and the words of its own") {
  ScriptedUpstream upstream;
  answer_with(upstream, {kAnswer});
  TestProxy proxy(shouting_config(upstream, {"sk-a"}));
  const auto result = post(proxy, R"({"model":"m","input":"hello"})");
  REQUIRE(result);
  CHECK(result->status == 200);
  const Json response = Json::parse(result->body);
  CHECK(response["output"][0]["content"][0]["text"] == "WHO IS THERE");
  const auto requests = upstream.requests();
  REQUIRE(requests.size() == 1);
  CHECK(requests[0].headers.get("x-shout-key") == "sk-a");
  CHECK_FALSE(requests[0].headers.find("authorization"));
  CHECK(Json::parse(requests[0].body)["say"] == "HELLO");
  const RequestRecord record = proxy.records().wait_for(1).at(0);
  CHECK(record.response_id == "resp_7");
  CHECK(record.usage.total == 4);
  CHECK(record.completed);
}

TEST_CASE("another dialect: a stream is one of the Responses API, over HTTP and over a socket") {
  const std::vector<std::string> types{"response.created", "response.output_text.delta",
                                       "response.output_text.delta", "response.completed"};
  ScriptedUpstream upstream;
  answer_with(upstream, {kStream});
  TestProxy proxy(shouting_config(upstream, {"sk-a"}));
  const auto result = post(proxy, R"({"model":"m","stream":true,"input":"hello"})");
  REQUIRE(result);
  CHECK(result->get_header_value("content-type") == "text/event-stream");
  std::vector<std::string> seen;
  for (std::size_t at = 0; (at = result->body.find("event: ", at)) != std::string::npos;) {
    at += std::string("event: ").size();
    seen.push_back(result->body.substr(at, result->body.find('\n', at) - at));
  }
  CHECK(seen == types);
  CHECK(result->body.ends_with("\n\n"));

  SessionClient client(proxy);
  const auto events = client.ask(create("hello"));
  CHECK(types_of(events) == types);
  CHECK(text_of(events) == "WHO IS THERE");
  const auto next = client.ask(create("again", {{"previous_response_id", "resp_7"}}));
  CHECK(types_of(next) == types);
  // The conversation stands behind the id: this wire format knows no ids.
  CHECK(Json::parse(upstream.requests().back().body)["say"] == "HELLOAGAIN");
  CHECK(proxy.records().wait_for(3).size() == 3);
}

TEST_CASE("another dialect: what a request continues is known here, and to nobody else") {
  ScriptedUpstream upstream;
  answer_with(upstream, {kAnswer, shout(R"({"id":"8","shout":"I SEE"})"), kStream});
  TestProxy proxy(shouting_config(upstream, {"sk-a"}));
  REQUIRE(post(proxy, R"({"model":"m","input":"hello"})"));
  const auto next = [&](const std::string& text, const std::string& previous, bool stream = false) {
    return post(proxy, dump({{"model", "m"},
                             {"input", text},
                             {"previous_response_id", previous},
                             {"stream", stream}}));
  };
  CHECK(next("again", "resp_7")->status == 200);
  CHECK(Json::parse(upstream.requests().back().body)["say"] == "HELLOAGAIN");
  CHECK(next("and again", "resp_8", true)->status == 200);
  CHECK(Json::parse(upstream.requests().back().body)["say"] == "HELLOAGAINAND AGAIN");

  const auto unknown = next("again", "resp_x");
  CHECK(unknown->status == 400);
  const Json error = Json::parse(unknown->body)["error"];
  CHECK(error["code"] == "previous_response_not_found");
  CHECK(error["param"] == "previous_response_id");
  CHECK(upstream.requests().size() == 3);  // nothing was sent for it
}

TEST_CASE("another dialect: a conversation moves to an upstream that has never heard of it") {
  ScriptedUpstream upstream;
  answer_with(upstream, {kAnswer, kBusy});
  upstream.add({"", "POST", "/v1/responses", {json_response("resp_9", "hi")}, true});
  Config config = config_for(upstream, {"sk-a", "sk-b"});
  config.resources[0].wire_api = "shout";
  TestProxy proxy(config);
  {
    const auto busy = proxy.keep_busy({"openai-2"});
    REQUIRE(post(proxy, R"({"model":"m","input":"hello"})"));
  }
  const auto moved =
      post(proxy, R"({"model":"m","input":[{"b":2}],"previous_response_id":"resp_7","x":1})");
  REQUIRE(moved);
  CHECK(moved->status == 200);
  CHECK(upstream.requests().back().headers.get("authorization") == "Bearer sk-b");
  const std::string body = upstream.requests().back().body;
  CHECK(body.starts_with(
      R"({"model":"m","input":[{"type":"message","role":"user","content":"hello"},{)"));
  CHECK(body.find("WHO IS THERE") != std::string::npos);
  CHECK(body.ends_with(R"(,{"b":2}],"x":1})"));
}

TEST_CASE("another dialect: a warm-up is answered here, and can be continued") {
  ScriptedUpstream upstream;
  answer_with(upstream, {kStream});
  TestProxy proxy(shouting_config(upstream, {"sk-a"}));
  SessionClient client(proxy);
  const auto warmed = client.ask(create("hello", {{"generate", false}}));
  CHECK(upstream.requests().empty());
  const auto events =
      client.ask(create("again", {{"previous_response_id", response_id_of(warmed)}}));
  CHECK(type_of(events.back()) == "response.completed");
  CHECK(Json::parse(upstream.requests().back().body)["say"] == "HELLOAGAIN");
}

TEST_CASE("another dialect: its errors move a request, and keep its key out for as long as asked") {
  for (const bool stream : {false, true}) {
    CAPTURE(stream);
    ScriptedUpstream upstream;
    answer_with(upstream, {kBusy, stream ? kStream : kAnswer});
    TestProxy proxy(shouting_config(upstream, {"sk-a", "sk-b"}));
    const auto busy = proxy.keep_busy({"openai-2"});
    const auto result = post(proxy, dump({{"model", "m"}, {"input", "hello"}, {"stream", stream}}));
    REQUIRE(result);
    CHECK(result->status == 200);
    CHECK(result->get_header_value("x-proxy-decision") == "failover");
    const auto state = proxy.resource("openai-1");
    CHECK(state->health() == Health::degraded);
    CHECK(state->blocked_until() == proxy.wall_and_cooldowns().steady() + std::chrono::seconds(5));
    CHECK(state->last_error().find("too many voices") != std::string::npos);
  }
}

TEST_CASE("another dialect: what nobody can serve is an error of the Responses API, everywhere") {
  ScriptedUpstream upstream;
  answer_with(upstream, {kBusy});
  TestProxy proxy(shouting_config(upstream, {"sk-a"}));
  const auto result = post(proxy, R"({"model":"m","input":"hello"})");
  REQUIRE(result);
  CHECK(result->status == 429);
  CHECK(Json::parse(result->body)["error"]["code"] == "busy");
  proxy.wall_and_cooldowns().advance(std::chrono::minutes(2));
  SessionClient client(proxy);
  const auto events = client.ask(create("hello"));
  REQUIRE(events.size() == 1);
  CHECK(events[0]["type"] == "error");
  CHECK(events[0]["error"]["code"] == "busy");
  CHECK(events[0]["status"] == 429);
}

TEST_CASE("another dialect: what it cannot say is refused before anything is sent") {
  ScriptedUpstream upstream;
  TestProxy proxy(shouting_config(upstream, {"sk-a"}));
  const auto result = post(proxy, R"({"model":"m","prompt":"hello"})");
  REQUIRE(result);
  CHECK(result->status == 400);
  CHECK(Json::parse(result->body)["error"]["code"] == "unsupported_request");
  CHECK(upstream.requests().empty());
}

TEST_CASE("another dialect: a stream that breaks off, and an error in its middle") {
  for (const bool with_error : {false, true}) {
    CAPTURE(with_error);
    ScriptedUpstream upstream;
    Reply cut = shouts({R"({"id":"7"})", R"({"part":"WHO"})"});
    cut.steps.push_back(with_error ? Step::write("data: {\"problem\":\"hoarse\",\"why\":\"x\"}\n\n")
                                   : Step::reset());
    answer_with(upstream, {cut});
    TestProxy proxy(shouting_config(upstream, {"sk-a"}));
    const auto body = post_reading(proxy, R"({"model":"m","stream":true,"input":"hello"})",
                                   [](const std::string&) {});
    CHECK(body.find("event: response.failed") != std::string::npos);
    const RequestRecord record = proxy.records().wait_for(1).at(0);
    CHECK(record.error == (with_error ? "hoarse" : "truncated"));
    SessionClient client(proxy);
    proxy.wall_and_cooldowns().advance(std::chrono::minutes(2));
    const auto events = client.ask(create("hello"));
    CHECK(type_of(events.back()) == "response.failed");
  }
}
