// Turns of a client's socket, over WebSocket and HTTP upstreams and from one to the other.
#include <doctest/doctest.h>

#include "fakes/responses_bodies.h"
#include "fakes/scripted_socket_upstream.h"
#include "integration/session_client.h"
#include "integration/socket_turns.h"

using namespace responses_proxy;
using namespace responses_proxy::testing;

namespace {

const std::vector<std::string> kWholeTurn{
    "response.created",           "response.in_progress",
    "response.output_item.added", "response.content_part.added",
    "response.output_text.delta", "response.output_text.delta",
    "response.output_text.delta", "response.output_text.done",
    "response.content_part.done", "response.output_item.done",
    "response.completed"};

}  // namespace

TEST_CASE("a turn goes to a WebSocket upstream and comes back as it is") {
  ScriptedSocketUpstream upstream;
  TestProxy proxy(socket_config(upstream));
  SessionClient client(proxy, {{"Authorization", "Bearer sk-client"},
                               {"Cookie", "c=1"},
                               {"openai-beta", "responses_websockets=2026-02-06"},
                               {"session-id", "s-1"},
                               {"X-Proxy-Session-Name", "nightly"}});
  const std::string message =
      R"({ "type":"response.create", "model":"m","input":[{"role":"user","content":"hi"}],)"
      R"("unknown":{"kept":[ 1, 2.50 ]}})";
  client.say(message);
  const auto events = client.turn();
  CHECK(types_of(events) == kWholeTurn);
  CHECK(text_of(events) == "Hello from connection 1, turn 1.");

  const auto messages = upstream.messages();
  REQUIRE(messages.size() == 1);
  CHECK(messages[0].text == message);
  const auto handshakes = upstream.handshakes();
  REQUIRE(handshakes.size() == 1);
  CHECK(handshakes[0].target == "/v1/responses");
  CHECK(handshakes[0].key == "sk-a");
  CHECK(handshakes[0].headers.get("openai-beta") == "responses_websockets=2026-02-06");
  CHECK(handshakes[0].headers.get("session-id") == "s-1");
  CHECK_FALSE(handshakes[0].headers.find("cookie"));
  CHECK_FALSE(handshakes[0].headers.find("x-proxy-session-name"));

  const auto records = proxy.records().wait_for(1);
  REQUIRE(records.size() == 1);
  CHECK(records[0].method == "WEBSOCKET");
  CHECK(records[0].path == "/v1/responses");
  CHECK(records[0].status_code == 200);
  CHECK(records[0].completed);
  CHECK(records[0].stream);
  CHECK(records[0].session_id == "s-1");
  CHECK(records[0].session_name == "nightly");
  CHECK(records[0].response_id == response_id_of(events));
  CHECK(records[0].usage.input == 11);
  CHECK(records[0].usage.output == 7);
  REQUIRE(records[0].attempts.size() == 1);
  CHECK(records[0].attempts[0].resource_id == "openai-1");
  CHECK(client.wait_until_idle());
  CHECK(proxy.resource("openai-1")->active() == 0);
}

TEST_CASE("five turns on one socket are five records, and their usage adds up") {
  ScriptedSocketUpstream upstream;
  TestProxy proxy(socket_config(upstream));
  SessionClient client(proxy);
  auto before = client.ask(create("first"));
  for (int turn = 2; turn <= 5; ++turn) {
    before = client.ask(continuing("next", before));
    CHECK(type_of(before.back()) == "response.completed");
  }
  const auto records = proxy.records().wait_for(5);
  REQUIRE(records.size() == 5);
  std::int64_t total = 0;
  for (const RequestRecord& record : records) total += record.usage.total.value_or(0);
  CHECK(total == 5 * 18);
  CHECK(upstream.counts().handshakes == 1);
  CHECK(upstream.messages()[4].json()["input"].size() == 1);  // increments stay increments
}

TEST_CASE("a warm-up passes to an upstream that knows it, and the first turn builds on it") {
  ScriptedSocketUpstream upstream;
  TestProxy proxy(socket_config(upstream));
  SessionClient client(proxy);
  const auto warm = client.ask(create("base", {{"generate", false}}));
  CHECK(response_id_of(warm) == "resp_1_1");
  const auto turn = client.ask(continuing("go", warm));
  CHECK(response_id_of(turn) == "resp_1_2");
  CHECK(upstream.messages()[1].json()["previous_response_id"] == "resp_1_1");
}

TEST_CASE("an upstream without WebSocket serves the same turns over HTTP, asked only once") {
  for (const int status : {400, 404, 405, 426, 501}) {
    CAPTURE(status);
    ScriptedSocketUpstream upstream;
    upstream.refuse_all(status);
    TestProxy proxy(socket_config(upstream));
    SessionClient client(proxy);
    const auto warm = client.ask(create("base", {{"generate", false}}));
    REQUIRE(type_of(warm.back()) == "response.completed");
    CHECK(types_of(warm) == std::vector<std::string>{"response.created", "response.in_progress",
                                                     "response.completed"});
    CHECK(upstream.http().counts().requests == 0);

    const auto first = client.ask(continuing("one", warm));
    CHECK(text_of(first) == "Hello from sk-a.");
    const auto second = client.ask(continuing("two", first));
    CHECK(type_of(second.back()) == "response.completed");
    CHECK(input_said(http_body_of(upstream, 0)) == "base | one");
    CHECK(input_said(http_body_of(upstream, 1)) == "base | one | =Hello from sk-a. | two");
    const Json body = Json::parse(http_body_of(upstream, 1));
    CHECK(body["stream"] == true);
    CHECK_FALSE(body.contains("previous_response_id"));
    CHECK_FALSE(body.contains("type"));
    CHECK_FALSE(body.contains("generate"));
    CHECK(upstream.counts().handshakes == 1);

    const auto records = proxy.records().wait_for(3);
    REQUIRE(records.size() == 3);
    for (const RequestRecord& record : records) {
      CHECK(record.attempts.size() == 1);
      CHECK(record.status_code == 200);
    }
    CHECK(records[0].usage.total == 0);
    CHECK(proxy.resource("openai-1")->health() != Health::degraded);
  }
}

TEST_CASE("WebSocket upstreams can be switched off") {
  ScriptedSocketUpstream upstream;
  Config config = socket_config(upstream);
  config.resources[0].websocket = false;
  TestProxy proxy(config);
  SessionClient client(proxy);
  const auto turn = client.ask(create("hi"));
  CHECK(text_of(turn) == "Hello from sk-a.");
  CHECK(upstream.counts().handshakes == 0);
}

TEST_CASE("what sockets carry in the message and HTTP in headers is carried over") {
  ScriptedSocketUpstream upstream;
  upstream.refuse_all(426);
  Reply reply = sse_stream("resp_1", {"x"});
  reply.headers.add("x-codex-turn-state", "state-1");
  upstream.http().on_key("sk-a", {reply});
  TestProxy proxy(socket_config(upstream));
  SessionClient client(proxy);
  client.say(create("hi", {{"client_metadata",
                            {{"ws_request_header_x_openai_internal_codex_responses_lite", "true"},
                             {"x-codex-turn-state", "state-0"}}}}));
  const Json metadata = client.next();
  CHECK(type_of(metadata) == "response.metadata");
  CHECK(metadata["headers"]["x-codex-turn-state"] == "state-1");
  CHECK(type_of(client.turn().back()) == "response.completed");
  const auto requests = upstream.http().requests();
  REQUIRE(requests.size() == 1);
  CHECK(requests[0].headers.get("x-openai-internal-codex-responses-lite") == "true");
  CHECK(requests[0].headers.get("x-codex-turn-state") == "state-0");
  CHECK(requests[0].headers.get("accept") == "text/event-stream");
  CHECK_FALSE(requests[0].headers.find("sec-websocket-key"));
}

TEST_CASE("over HTTP an unknown response is not found, in the words of the API") {
  ScriptedSocketUpstream upstream;
  upstream.refuse_all(426);
  TestProxy proxy(socket_config(upstream));
  SessionClient client(proxy);
  const auto answer = client.ask(create("hi", {{"previous_response_id", "resp_unknown"}}));
  REQUIRE(answer.size() == 1);
  CHECK(answer[0]["type"] == "error");
  CHECK(answer[0]["status"] == 400);
  CHECK(answer[0]["error"]["type"] == "invalid_request_error");
  CHECK(answer[0]["error"]["code"] == "previous_response_not_found");
  CHECK(answer[0]["error"]["param"] == "previous_response_id");
  CHECK(upstream.http().counts().requests == 0);
  // The proxy has said so, and no upstream.
  const RequestRecord record = proxy.records().wait_for(1)[0];
  CHECK(record.error == "previous_response_not_found");
  CHECK(record.status_code == 400);
  CHECK(record.blame == Blame::client);
  REQUIRE(record.attempts.size() == 1);
  CHECK(record.attempts[0].status_code == 0);
  CHECK(record.attempts[0].error == "previous_response_not_found");

  // A stored response may be known there.
  const auto stored =
      client.ask(create("hi", {{"previous_response_id", "resp_unknown"}, {"store", true}}));
  CHECK(type_of(stored.back()) == "response.completed");
  CHECK(Json::parse(http_body_of(upstream, 0))["previous_response_id"] == "resp_unknown");
}

TEST_CASE("a continuation that fails takes what it continued with it") {
  ScriptedSocketUpstream upstream;
  upstream.refuse_all(426);
  upstream.http().on_key("sk-a", {sse_stream("resp_1", {"x"}),
                                  error_reply(400, "invalid_request_error", "bad", "no")});
  TestProxy proxy(socket_config(upstream));
  SessionClient client(proxy);
  const auto first = client.ask(create("hi"));
  CHECK(client.ask(continuing("again", first))[0]["error"]["code"] == "bad");
  CHECK(client.ask(continuing("again", first))[0]["error"]["code"] ==
        "previous_response_not_found");
  CHECK(type_of(client.ask(create("hi, again")).back()) == "response.completed");
}

TEST_CASE("what the new account cannot decrypt is left out once, and the record says so") {
  ScriptedSocketUpstream upstream;
  upstream.on_key("sk-a", {error_reply(400, "invalid_request_error", "invalid_encrypted_content",
                                       "cannot decrypt")});
  TestProxy proxy(socket_config(upstream, {"sk-a"}));
  SessionClient client(proxy);
  Json message = create("one");
  message["input"].push_back({{"type", "reasoning"}, {"encrypted_content", "gAAAA"}});
  const auto turn = client.ask(message);
  CHECK(type_of(turn.back()) == "response.completed");
  const auto messages = upstream.messages();
  REQUIRE(messages.size() == 2);
  CHECK(messages[1].text.find("gAAAA") == std::string::npos);
  CHECK(proxy.records().wait_for(1)[0].adjusted == "encrypted_items_dropped");
}

TEST_CASE("conversations beyond the bound are forgotten, not kept") {
  ScriptedSocketUpstream upstream;
  upstream.refuse_all(426);
  Config config = socket_config(upstream);
  config.websocket_state_bytes = 200;
  TestProxy proxy(config);
  SessionClient client(proxy);
  const auto first = client.ask(create(std::string(300, 'x')));
  CHECK(type_of(first.back()) == "response.completed");
  CHECK(client.ask(continuing("next", first))[0]["error"]["code"] == "previous_response_not_found");
}
