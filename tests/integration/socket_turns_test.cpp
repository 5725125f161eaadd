// Turns of a client's socket, over WebSocket and HTTP upstreams and from one to the other.
#include <doctest/doctest.h>

#include <algorithm>

#include "fakes/responses_bodies.h"
#include "fakes/scripted_socket_upstream.h"
#include "integration/session_client.h"

using namespace responses_proxy;
using namespace responses_proxy::testing;

namespace {

Config config_at(const ScriptedSocketUpstream& upstream, std::vector<std::string> keys = {"sk-a"}) {
  Config config;
  config.resources = resources_at(upstream.base_url(), keys);
  return config;
}

Json continuing(const std::string& text, const std::vector<Json>& before,
                const Json& more = Json::object()) {
  Json message = create(text, more);
  message["previous_response_id"] = response_id_of(before);
  return message;
}

// What an upstream got as input, in short: the texts of user messages, "=" before the model's.
std::string said(const std::string& body) {
  const Json request = Json::parse(body, nullptr, false);
  std::string all;
  for (const Json& item : request["input"]) {
    if (!all.empty()) all += " | ";
    if (item["content"].is_string()) {
      all += item["content"];
    } else {
      all += "=" + item["content"][0].value("text", "");
    }
  }
  return all;
}

std::string http_body_of(ScriptedSocketUpstream& upstream, std::size_t request) {
  const auto requests = upstream.http().requests();
  REQUIRE(requests.size() > request);
  return requests[request].body;
}

// Says all, and does not end.
Reply lingering_stream(const std::string& id) {
  Reply reply = sse_stream(id, {"hi"});
  reply.steps.push_back(Step::stall());
  return reply;
}

// The first of that many turns has been answered whole.
void check_whole_answer(TestProxy& proxy, std::size_t turns) {
  const auto records = proxy.records().wait_for(turns);
  REQUIRE(records.size() == turns);
  const RequestRecord& record = records.front();
  CHECK(record.status_code == 200);
  CHECK(record.completed);
  CHECK(record.blame == Blame::none);
  CHECK(record.error.empty());
  CHECK(record.usage.total == 18);
}

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
  TestProxy proxy(config_at(upstream));
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
  TestProxy proxy(config_at(upstream));
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
  TestProxy proxy(config_at(upstream));
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
    TestProxy proxy(config_at(upstream));
    SessionClient client(proxy);
    const auto warm = client.ask(create("base", {{"generate", false}}));
    REQUIRE(type_of(warm.back()) == "response.completed");
    CHECK(types_of(warm) == std::vector<std::string>{"response.created", "response.completed"});
    CHECK(upstream.http().counts().requests == 0);

    const auto first = client.ask(continuing("one", warm));
    CHECK(text_of(first) == "Hello from sk-a.");
    const auto second = client.ask(continuing("two", first));
    CHECK(type_of(second.back()) == "response.completed");
    CHECK(said(http_body_of(upstream, 0)) == "base | one");
    CHECK(said(http_body_of(upstream, 1)) == "base | one | =Hello from sk-a. | two");
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
  Config config = config_at(upstream);
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
  TestProxy proxy(config_at(upstream));
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
  TestProxy proxy(config_at(upstream));
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
  TestProxy proxy(config_at(upstream));
  SessionClient client(proxy);
  const auto first = client.ask(create("hi"));
  CHECK(client.ask(continuing("again", first))[0]["error"]["code"] == "bad");
  CHECK(client.ask(continuing("again", first))[0]["error"]["code"] ==
        "previous_response_not_found");
  CHECK(type_of(client.ask(create("hi, again")).back()) == "response.completed");
}

TEST_CASE("an upstream connection that ended between two turns is opened anew unseen") {
  for (const SocketStep& end : {SocketStep::close(1011), SocketStep::close(1012),
                                SocketStep::close(1000), SocketStep::reset()}) {
    CAPTURE(end.code);
    ScriptedSocketUpstream upstream;
    SocketScript ends;
    SocketSteps turn = socket_steps(sse_stream("resp_1", {"first"}));
    turn.push_back(end);
    ends.answers = {turn};
    upstream.on_connection({ends});
    TestProxy proxy(config_at(upstream));
    SessionClient client(proxy);
    const auto first = client.ask(create("one"));
    REQUIRE(upstream.wait_for_ends(1));
    const auto second = client.ask(continuing("two", first));
    CHECK(text_of(second) == "Hello from connection 2, turn 1.");
    CHECK(said(upstream.messages()[1].text) == "one | =first | two");
    CHECK(proxy.records().wait_for(2)[1].attempts.size() == 1);
  }
}

TEST_CASE("a connection that ends under a turn that has not begun is opened anew, once") {
  for (const SocketStep& end :
       {SocketStep::close(1011), SocketStep::close(1012), SocketStep::reset()}) {
    CAPTURE(end.code);
    ScriptedSocketUpstream upstream;
    SocketScript ends_second;
    ends_second.answers = {std::nullopt, SocketSteps{end}};
    upstream.on_connection({ends_second});
    TestProxy proxy(config_at(upstream));
    SessionClient client(proxy);
    const auto first = client.ask(create("one"));
    const auto second = client.ask(continuing("two", first));
    CHECK(text_of(second) == "Hello from connection 2, turn 1.");
    const auto messages = upstream.messages();
    REQUIRE(messages.size() == 3);
    CHECK(said(messages[2].text) == "one | =Hello from connection 1, turn 1. | two");
    CHECK_FALSE(messages[2].json().contains("previous_response_id"));
    const auto records = proxy.records().wait_for(2);
    REQUIRE(records.size() == 2);
    CHECK(records[1].attempts.size() == 1);
    CHECK(proxy.resource("openai-1")->health() != Health::degraded);
  }
}

TEST_CASE("a connection limit of the upstream is never the client's") {
  ScriptedSocketUpstream upstream;
  SocketScript limited;
  limited.answers = {
      std::nullopt,
      SocketSteps{SocketStep::event({{"type", "error"},
                                     {"status", 400},
                                     {"error",
                                      {{"type", "invalid_request_error"},
                                       {"code", "websocket_connection_limit_reached"},
                                       {"message", "Responses websocket connection limit reached"},
                                       {"param", nullptr}}}})}};
  upstream.on_connection({limited});
  TestProxy proxy(config_at(upstream));
  SessionClient client(proxy);
  const auto first = client.ask(create("one"));
  const auto second = client.ask(continuing("two", first));
  CHECK(type_of(second.back()) == "response.completed");
  CHECK(said(upstream.messages()[2].text) == "one | =Hello from connection 1, turn 1. | two");
}

TEST_CASE("a response that the upstream has forgotten, but the proxy has not, is continued") {
  ScriptedSocketUpstream upstream;
  const Reply not_found =
      error_reply(400, "invalid_request_error", "previous_response_not_found",
                  "Previous response with id 'resp_1' not found.", "previous_response_id");
  upstream.on_key("sk-a", {sse_stream("resp_1", {"first"}), not_found});
  TestProxy proxy(config_at(upstream, {"sk-a", "sk-b"}));
  SessionClient client(proxy);
  const auto busy = proxy.keep_busy({"openai-2"});
  const auto first = client.ask(create("one"));
  const auto second = client.ask(continuing("two", first));
  CHECK(type_of(second.back()) == "response.completed");
  CHECK(said(upstream.messages()[2].text) == "one | =first | two");
  CHECK(upstream.counts().handshakes == 1);  // its prompt cache may still be warm
  CHECK(proxy.records().wait_for(2)[1].attempts.size() == 1);

  // What nobody knows is the client's to hear.
  const auto unknown = client.ask(create("x", {{"previous_response_id", "resp_unknown"}}));
  CHECK(unknown[0]["error"]["code"] == "previous_response_not_found");
  CHECK(unknown[0]["error"]["param"] == "previous_response_id");
  CHECK(unknown[0]["status"] == 400);
}

TEST_CASE("an upstream connection too old for a long turn takes none") {
  ScriptedSocketUpstream upstream;
  TestProxy proxy(config_at(upstream));
  SessionClient client(proxy);
  const auto first = client.ask(create("one"));
  proxy.wall_and_cooldowns().advance(std::chrono::minutes(56));
  const auto second = client.ask(continuing("two", first));
  CHECK(text_of(second) == "Hello from connection 2, turn 1.");
  CHECK(upstream.wait_until([](const SocketCounts& counts) { return counts.open == 1; }));
}

TEST_CASE("a turn cut in the middle ends in response.failed, and the socket stays usable") {
  ScriptedSocketUpstream upstream;
  Reply cut = sse_stream("resp_cut", {"half", "more"});
  cut.insert(5, Step::close());
  upstream.on_key("sk-a", {cut});
  TestProxy proxy(config_at(upstream));
  SessionClient client(proxy);
  const auto broken = client.ask(create("one"));
  CHECK(type_of(broken.back()) == "response.failed");
  CHECK(text_of(broken) == "half");
  CHECK(broken.back()["response"]["id"] == "resp_cut");
  const auto whole = client.ask(create("one"));
  CHECK(type_of(whole.back()) == "response.completed");
  const auto records = proxy.records().wait_for(2);
  REQUIRE(records.size() == 2);
  CHECK(records[0].error == "truncated");
  CHECK_FALSE(records[0].completed);
  CHECK(records[0].text_bytes == 4);
  CHECK(records[0].attempts[0].blame == Blame::provider);
  CHECK(records[1].completed);
}

TEST_CASE("a turn that one key refuses moves to another before it has begun") {
  for (const auto& [status, code] :
       {std::pair{429, "rate_limit_exceeded"}, std::pair{503, "server_is_overloaded"}}) {
    CAPTURE(status);
    ScriptedSocketUpstream upstream;
    Reply refusal = error_reply(status, "server_error", code, "later");
    refusal.headers.add("retry-after", "7");
    upstream.on_key("sk-a", {sse_stream("resp_a", {"from a"}), refusal});
    TestProxy proxy(config_at(upstream, {"sk-a", "sk-b"}));
    SessionClient client(proxy);
    auto busy = proxy.keep_busy({"openai-2"});
    const auto first = client.ask(create("one"));
    CHECK(text_of(first) == "from a");
    const auto second = client.ask(continuing("two", first));
    CHECK(type_of(second.back()) == "response.completed");
    const auto messages = upstream.messages();
    REQUIRE(messages.size() == 3);
    CHECK(said(messages[2].text) == "one | =from a | two");
    const auto records = proxy.records().wait_for(2);
    REQUIRE(records.size() == 2);
    REQUIRE(records[1].attempts.size() == 2);
    CHECK(records[1].attempts[0].resource_id == "openai-1");
    CHECK(records[1].attempts[0].status_code == status);
    CHECK(records[1].attempts[1].resource_id == "openai-2");
    CHECK(proxy.resource("openai-1")->health() == Health::degraded);
    CHECK(proxy.resource("openai-1")->active() == 0);
  }
}

TEST_CASE("an overload after the response was announced moves unseen") {
  ScriptedSocketUpstream upstream;
  upstream.on_key("sk-a", {sse_failed("resp_bad", "server_is_overloaded", "later")});
  upstream.on_key("sk-b", {sse_stream("resp_good", {"fine"})});
  TestProxy proxy(config_at(upstream, {"sk-a", "sk-b"}));
  SessionClient client(proxy);
  auto busy = proxy.keep_busy({"openai-2"});
  const auto turn = client.ask(create("one"));
  CHECK(text_of(turn) == "fine");
  CHECK(response_id_of(turn) == "resp_good");
  CHECK(types_of(turn).front() == "response.created");
  CHECK(std::count(turn.begin(), turn.end(), turn.front()) == 1);
}

TEST_CASE("a resource that is out between two turns is left, with all that was said") {
  ScriptedSocketUpstream upstream;
  TestProxy proxy(config_at(upstream, {"sk-a", "sk-b"}));
  SessionClient client(proxy);
  auto busy = proxy.keep_busy({"openai-2"});
  const auto first = client.ask(create("one"));
  busy.clear();
  REQUIRE(proxy.records().wait_for(1).size() == 1);  // its verdict has been given
  Verdict out;
  out.health = Health::unhealthy;
  proxy.resource("openai-1")->apply(out, SteadyTime{});
  const auto second = client.ask(continuing("two", first));
  CHECK(type_of(second.back()) == "response.completed");
  CHECK(upstream.handshakes()[1].key == "sk-b");
  CHECK(said(upstream.messages()[1].text) == "one | =Hello from connection 1, turn 1. | two");
  CHECK(upstream.wait_until([](const SocketCounts& counts) { return counts.open == 1; }));
}

TEST_CASE("what the new account cannot decrypt is left out once, and the record says so") {
  ScriptedSocketUpstream upstream;
  upstream.on_key("sk-a", {error_reply(400, "invalid_request_error", "invalid_encrypted_content",
                                       "cannot decrypt")});
  TestProxy proxy(config_at(upstream, {"sk-a"}));
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

TEST_CASE("a bad key: another one serves the turn; with none left the client is told why") {
  ScriptedSocketUpstream upstream;
  const Reply refusal = error_reply(401, "invalid_request_error", "invalid_api_key", "No such key");
  upstream.on_key("sk-a", {refusal});
  upstream.on_key("sk-b", {sse_stream("resp_1", {"fine"}), refusal});
  TestProxy proxy(config_at(upstream, {"sk-a", "sk-b"}));
  SessionClient client(proxy);
  auto busy = proxy.keep_busy({"openai-2"});
  CHECK(text_of(client.ask(create("one"))) == "fine");
  busy.clear();
  CHECK(client.ask(create("two"))[0]["status"] == 401);
  const auto none_left = client.ask(create("three"));
  REQUIRE(none_left.size() == 1);
  CHECK(none_left[0]["status"] == 503);
  const std::string message = none_left[0]["error"]["message"];
  CHECK(message ==
        "No available resources are registered: openai-1 unhealthy (HTTP 401: No such key), "
        "openai-2 unhealthy (HTTP 401: No such key)");
  const Json headers = none_left[0].value("headers", Json::object());
  CHECK_FALSE(headers.contains("retry-after"));
}

TEST_CASE("with every key out the client gets an error with its status") {
  ScriptedSocketUpstream upstream;
  Reply refusal = error_reply(429, "rate_limit_error", "rate_limit_exceeded", "later");
  refusal.headers.add("retry-after", "7");
  upstream.on_key("", {refusal, refusal});
  TestProxy proxy(config_at(upstream, {"sk-a", "sk-b"}));
  SessionClient client(proxy);
  const auto out = client.ask(create("one"));
  REQUIRE(out.size() == 1);
  CHECK(out[0]["status"] == 429);
  CHECK(out[0]["error"]["code"] == "rate_limit_exceeded");
  CHECK(out[0]["headers"]["retry-after"] == "7");
  const auto none_left = client.ask(create("one"));
  CHECK(none_left[0]["status"] == 429);
  const std::string message = none_left[0]["error"]["message"];
  CHECK(message.starts_with("No available resources are registered: openai-1 degraded (HTTP 429"));
  CHECK(none_left[0]["headers"].contains("retry-after"));
  CHECK(proxy.records().wait_for(2).size() == 2);
}

TEST_CASE("lanes: each in order, several at a time, every event with its stream_id") {
  ScriptedSocketUpstream upstream;
  Reply slow = sse_stream("resp_slow", {"slow"});
  slow.insert(4, Step::gate("slow"));
  upstream.on_key("sk-a", {slow});
  TestProxy proxy(config_at(upstream));
  SessionClient client(proxy);
  client.say(create("a1", {{"stream_id", "a"}}));
  REQUIRE(upstream.wait_for_messages(1));
  client.say(create("a2", {{"stream_id", "a"}}));  // waits for a1
  client.say(create("b1", {{"stream_id", "b"}}));
  std::vector<Json> events;
  while (events.empty() || events.back().value("stream_id", "") != "b" ||
         type_of(events.back()) != "response.completed") {
    events.push_back(client.next());
    REQUIRE(events.back().is_object());
  }
  CHECK(upstream.counts().messages == 2);
  upstream.open_gate("slow");
  std::string order;
  for (int completed = 0; completed < 2;) {
    events.push_back(client.next());
    REQUIRE(events.back().is_object());
    if (type_of(events.back()) == "response.created") {
      order += events.back()["response"]["id"].get<std::string>() + " ";
    }
    if (type_of(events.back()) == "response.completed") ++completed;
  }
  for (const Json& event : events) CHECK(event.contains("stream_id"));
  CHECK(upstream.messages()[2].json()["stream_id"] == "a");
  CHECK(order.find("resp_1_2") != std::string::npos);
  CHECK(proxy.records().wait_for(3).size() == 3);
}

TEST_CASE("over HTTP lanes work as well, and one may fork from another") {
  ScriptedSocketUpstream upstream;
  upstream.refuse_all(426);
  TestProxy proxy(config_at(upstream));
  SessionClient client(proxy);
  const auto a = client.ask(create("one", {{"stream_id", "a"}}));
  for (const Json& event : a) CHECK(event.value("stream_id", "") == "a");
  const auto b = client.ask(continuing("forked", a, {{"stream_id", "b"}}));
  for (const Json& event : b) CHECK(event.value("stream_id", "") == "b");
  const auto a2 = client.ask(continuing("went on", a, {{"stream_id", "a"}}));
  CHECK(type_of(a2.back()) == "response.completed");
  CHECK(said(http_body_of(upstream, 1)) == "one | =Hello from sk-a. | forked");
  CHECK(said(http_body_of(upstream, 2)) == "one | =Hello from sk-a. | went on");
  CHECK_FALSE(Json::parse(http_body_of(upstream, 2)).contains("stream_id"));
}

TEST_CASE("lanes are bounded: 32 of them, 16 turns at a time") {
  ScriptedSocketUpstream upstream;
  Reply slow = sse_stream("resp_slow", {"slow"});
  slow.insert(0, Step::gate("go"));
  upstream.on_key("", std::vector<Reply>(33, slow));
  TestProxy proxy(config_at(upstream));
  SessionClient client(proxy);
  for (int lane = 0; lane < 32; ++lane) {
    client.say(create("x", {{"stream_id", "lane-" + std::to_string(lane)}}));
  }
  client.say(create("x", {{"stream_id", "lane-32"}}));
  const Json refused = client.next();
  CHECK(refused["error"]["code"] == "websocket_stream_limit_reached");
  CHECK(refused["stream_id"] == "lane-32");
  CHECK(refused["status"] == 429);
  REQUIRE(upstream.wait_for_messages(16));
  CHECK(proxy.proxy().active_exchanges() == 16);
  client.say(create("x"));  // the default lane is none of the 32
  upstream.open_gate("go");
  for (int turn = 0; turn < 33; ++turn) {
    CHECK(type_of(client.turn().back()) == "response.completed");
  }
  CHECK(proxy.records().wait_for(34).size() == 34);  // the one that was refused, too
}

TEST_CASE("what is no message gets an error with a status, and the socket stays usable") {
  ScriptedSocketUpstream upstream;
  TestProxy proxy(config_at(upstream));
  SessionClient client(proxy);
  for (const auto& [text, code] :
       {std::pair{"hello", "invalid_json"}, std::pair{"[]", "invalid_json"},
        std::pair{"{}", "invalid_message"},
        std::pair{R"({"type":"response.create","stream_id":"a b"})", "invalid_stream_id"},
        std::pair{R"({"type":"response.append"})", "unknown_message_type"}}) {
    CAPTURE(text);
    client.say(std::string(text));
    const Json error = client.next();
    CHECK(error["type"] == "error");
    CHECK(error["status"] == 400);
    CHECK(error["error"]["code"] == code);
  }
  CHECK(upstream.counts().handshakes == 0);
  CHECK(type_of(client.ask(create("x")).back()) == "response.completed");
}

TEST_CASE("each turn that was refused is on record, as over HTTP") {
  ScriptedSocketUpstream upstream;
  Config config = config_at(upstream);
  config.websocket_max_message_bytes = 1000;
  config.websocket_state_bytes = 100;
  TestProxy proxy(config);
  SessionClient client(proxy, {{"session-id", "s"}, {"X-Request-ID", "mine"}});
  client.say(std::string("{"));
  CHECK(client.next()["error"]["code"] == "invalid_json");
  client.say(create(std::string(5000, 'x'), {{"stream_id", "a"}}));
  const Json refusal = client.next();
  CHECK(refusal["error"]["code"] == "websocket_queue_full");
  CHECK(refusal["stream_id"] == "a");
  client.say(std::string(R"({"type":"response.inject"})"));  // nobody has asked for an answer
  CHECK(client.next()["error"]["code"] == "unknown_message_type");
  CHECK(text_of(client.ask(create("hi"))) != "");
  const auto records = proxy.records().wait_for(3);
  REQUIRE(records.size() == 3);
  struct Row {
    int status;
    const char* error;
    std::int64_t bytes;
  };
  const std::vector<Row> rows{{400, "invalid_json", 1}, {429, "websocket_queue_full", 5000}};
  for (std::size_t i = 0; i < rows.size(); ++i) {
    CHECK(records[i].method == "WEBSOCKET");
    CHECK(records[i].path == "/v1/responses");
    CHECK(records[i].status_code == rows[i].status);
    CHECK(records[i].error == rows[i].error);
    CHECK(records[i].request_bytes >= rows[i].bytes);
    CHECK(records[i].session_id == "s");
    CHECK(records[i].client_request_id == "mine");
    CHECK(records[i].completed);
    CHECK(records[i].attempts.empty());
  }
  CHECK(records[0].blame == Blame::client);
  CHECK(records[1].model == "m");
  CHECK(records[2].error.empty());
  CHECK(refusal["headers"]["x-request-id"] == records[1].request_id);
}

TEST_CASE("a create that the API could not read is refused here, with a record") {
  ScriptedSocketUpstream upstream;
  TestProxy proxy(config_at(upstream));
  SessionClient client(proxy);
  const auto wrong_model = client.ask({{"type", "response.create"}, {"model", 5}});
  CHECK(wrong_model[0]["status"] == 400);
  const auto wrong_pool = client.ask(create("x", {{"metadata", {{"pool_id", "nowhere"}}}}));
  CHECK(wrong_pool[0]["error"]["code"] == "unknown_pool");
  CHECK(proxy.records().wait_for(2).size() == 2);
  CHECK(upstream.counts().handshakes == 0);
}

TEST_CASE("other messages of the client pass to its upstream, and what comes unasked passes back") {
  ScriptedSocketUpstream upstream;
  Reply slow = sse_stream("resp_slow", {"slow", "er"});
  slow.insert(5, Step::gate("never"));
  upstream.on_key("sk-a", {slow});
  SocketScript script;
  script.answers = {std::nullopt, std::nullopt,
                    SocketSteps{SocketStep::event({{"type", "codex.rate_limits"}, {"n", 1}})}};
  upstream.on_connection({script});
  TestProxy proxy(config_at(upstream));
  SessionClient client(proxy);
  client.say(create("x"));
  REQUIRE(upstream.wait_for_messages(1));
  client.say(Json{{"type", "response.interrupt"}, {"response_id", "resp_slow"}});
  const auto turn = client.turn();
  CHECK(type_of(turn.back()) == "response.incomplete");
  const auto records = proxy.records().wait_for(1);
  REQUIRE(records.size() == 1);
  CHECK(records[0].completed);
  client.say(Json{{"type", "something.new"}, {"a", 1}});
  CHECK(type_of(client.next()) == "codex.rate_limits");
  CHECK(upstream.messages()[2].text == R"({"type":"something.new","a":1})");
}

TEST_CASE("an interrupt ends a turn over HTTP, and what was said before it can be continued") {
  ScriptedSocketUpstream upstream;
  upstream.refuse_all(426);
  Reply slow = sse_stream("resp_slow", {"slow", "er"});
  slow.insert(5, Step::stall());
  upstream.http().on_key("sk-a", {slow});
  TestProxy proxy(config_at(upstream));
  SessionClient client(proxy);
  client.say(create("x"));
  while (type_of(client.next()) != "response.output_text.delta") {
  }
  client.say(Json{{"type", "response.interrupt"}, {"response_id", "resp_slow"}});
  const auto end = client.turn();
  REQUIRE(type_of(end.back()) == "response.incomplete");
  CHECK(end.back()["response"]["incomplete_details"]["reason"] == "interrupted");
  CHECK(response_id_of(end) == "resp_slow");
  CHECK(upstream.http().wait_for_aborted(1));
  const auto next = client.ask(continuing("rather this", end));
  CHECK(type_of(next.back()) == "response.completed");
  CHECK(said(http_body_of(upstream, 1)) == "x | rather this");
}

TEST_CASE("a client that leaves in mid-turn frees everything") {
  for (const bool over_http : {false, true}) {
    CAPTURE(over_http);
    ScriptedSocketUpstream upstream;
    if (over_http) upstream.refuse_all(426);
    Reply slow = sse_stream("resp_slow", {"slow", "er"});
    slow.insert(5, Step::stall());
    upstream.on_key("sk-a", {slow});
    upstream.http().on_key("sk-a", {slow});
    TestProxy proxy(config_at(upstream));
    SessionClient client(proxy);
    client.say(create("x"));
    while (type_of(client.next()) != "response.output_text.delta") {
    }
    client.close();
    const auto records = proxy.records().wait_for(1);
    REQUIRE(records.size() == 1);
    CHECK(records[0].status_code == 499);
    CHECK(records[0].blame == Blame::client);
    CHECK(records[0].text_bytes == 4);
    CHECK(proxy.wait_until_idle());
    CHECK(proxy.resource("openai-1")->active() == 0);
    CHECK(upstream.wait_until([](const SocketCounts& counts) { return counts.open == 0; }));
    if (over_http) CHECK(upstream.http().wait_for_aborted(1));
  }
}

TEST_CASE("a turn over HTTP ends with its terminal event, though the upstream lingers") {
  ScriptedSocketUpstream upstream;
  upstream.refuse_all(426);
  upstream.http().on_key("sk-a", {lingering_stream("resp_1")});
  TestProxy proxy(config_at(upstream));
  SessionClient client(proxy);
  const auto first = client.ask(create("one"));
  CHECK(types_of(first).back() == "response.completed");
  CHECK(type_of(client.ask(continuing("two", first)).back()) == "response.completed");
  CHECK(said(http_body_of(upstream, 1)) == "one | =hi | two");
  check_whole_answer(proxy, 2);
  CHECK(upstream.http().wait_for_aborted(1));
}

TEST_CASE("a client that leaves with the terminal message in hand has the whole answer") {
  for (const bool over_http : {false, true}) {
    CAPTURE(over_http);
    ScriptedSocketUpstream upstream;
    if (over_http) upstream.refuse_all(426);
    upstream.on_key("sk-a", {lingering_stream("resp_1")});
    upstream.http().on_key("sk-a", {lingering_stream("resp_1")});
    TestProxy proxy(config_at(upstream));
    SessionClient client(proxy);
    CHECK(type_of(client.ask(create("one")).back()) == "response.completed");
    client.close();
    check_whole_answer(proxy, 1);
    CHECK(proxy.resource("openai-1")->health() == Health::healthy);
    CHECK(upstream.wait_until([](const SocketCounts& counts) { return counts.open == 0; }));
  }
}

TEST_CASE("an upstream that is silent for too long is given up by name") {
  struct Row {
    const char* error;
    Millis first_byte, idle, total;
    bool begun;
  };
  for (const Row& row : {Row{"first_byte_timeout", Millis(50), Millis(0), Millis(60'000), false},
                         Row{"idle_timeout", Millis(0), Millis(50), Millis(60'000), true},
                         Row{"total_timeout", Millis(0), Millis(0), Millis(100), true}}) {
    CAPTURE(row.error);
    ScriptedSocketUpstream upstream;
    Reply slow = sse_stream("resp_slow", {"slow", "er"});
    slow.insert(row.begun ? 5 : 0, Step::stall());
    upstream.on_key("sk-a", {slow});
    Config config = config_at(upstream);
    config.first_byte_timeout = row.first_byte;
    config.idle_timeout = row.idle;
    config.request_timeout = row.total;
    TestProxy proxy(config);
    SessionClient client(proxy);
    const auto turn = client.ask(create("x"));
    CHECK(type_of(turn.back()) == (row.begun ? "response.failed" : "error"));
    if (!row.begun) CHECK(turn[0]["status"] == 504);
    const auto records = proxy.records().wait_for(1);
    REQUIRE(records.size() == 1);
    CHECK(records[0].attempts[0].error == row.error);
    CHECK(upstream.wait_until([](const SocketCounts& counts) { return counts.open == 0; }));
    CHECK(type_of(client.ask(create("x")).back()) == "response.completed");
  }
}

TEST_CASE("a proxy that goes down ends its turns in-band") {
  ScriptedSocketUpstream upstream;
  Reply slow = sse_stream("resp_slow", {"slow", "er"});
  slow.insert(5, Step::stall());
  upstream.on_key("sk-a", {slow});
  TestProxy proxy(config_at(upstream));
  SessionClient client(proxy);
  client.say(create("x"));
  while (type_of(client.next()) != "response.output_text.delta") {
  }
  proxy.proxy().cancel_all();
  CHECK(type_of(client.turn().back()) == "response.failed");
  CHECK(client.wait_until_idle());
}

TEST_CASE("a socket binds so many bytes of messages, says so, and stays usable") {
  for (const bool over_http : {false, true}) {
    CAPTURE(over_http);
    ScriptedSocketUpstream upstream;
    if (over_http) upstream.refuse_all(426);
    Reply slow = sse_stream("resp_slow", {"slow"});
    slow.insert(0, Step::gate("go"));
    upstream.on_key("", std::vector<Reply>(64, slow));
    upstream.http().on_key("sk-a", std::vector<Reply>(64, slow));
    Config config = config_at(upstream);
    config.websocket_max_message_bytes = 100'000;
    config.websocket_state_bytes = 100'000;
    TestProxy proxy(config);
    SessionClient client(proxy);
    constexpr int kSent = 40;
    const std::string text(99'000, 'x');
    for (int i = 0; i < kSent; ++i) {
      client.say(create(text, {{"stream_id", "lane-" + std::to_string(i % 20)}}));
    }
    std::vector<Json> refused;
    while (refused.empty() || refused.back()["stream_id"] != "lane-19" || refused.size() < 20) {
      refused.push_back(client.next());
      REQUIRE(refused.back()["error"]["code"] == "websocket_queue_full");
      CHECK(refused.back()["status"] == 429);
    }
    const int taken = kSent - static_cast<int>(refused.size());
    CHECK(taken >= 2);
    CHECK(taken <= 5);
    upstream.open_gate("go");
    for (int turn = 0; turn < taken; ++turn) {
      CHECK(type_of(client.turn().back()) == "response.completed");
    }
    CHECK(client.wait_until_idle());
    CHECK(type_of(client.ask(create(text)).back()) == "response.completed");
    const auto records = proxy.records().wait_for(kSent + 1);
    CHECK(records.size() == kSent + 1);
    CHECK(std::count_if(records.begin(), records.end(), [](const RequestRecord& record) {
            return record.error == "websocket_queue_full";
          }) == kSent - taken);
  }
}

TEST_CASE("conversations beyond the bound are forgotten, not kept") {
  ScriptedSocketUpstream upstream;
  upstream.refuse_all(426);
  Config config = config_at(upstream);
  config.websocket_state_bytes = 200;
  TestProxy proxy(config);
  SessionClient client(proxy);
  const auto first = client.ask(create(std::string(300, 'x')));
  CHECK(type_of(first.back()) == "response.completed");
  CHECK(client.ask(continuing("next", first))[0]["error"]["code"] == "previous_response_not_found");
}
