// A turn whose connection, or whose key, is of no use goes on over another one, as long as it has
// not begun.
#include <doctest/doctest.h>

#include <algorithm>

#include "fakes/responses_bodies.h"
#include "fakes/scripted_socket_upstream.h"
#include "integration/session_client.h"
#include "integration/socket_turns.h"

using namespace responses_proxy;
using namespace responses_proxy::testing;

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
    TestProxy proxy(socket_config(upstream));
    SessionClient client(proxy);
    const auto first = client.ask(create("one"));
    REQUIRE(upstream.wait_for_ends(1));
    const auto second = client.ask(continuing("two", first));
    CHECK(text_of(second) == "Hello from connection 2, turn 1.");
    CHECK(input_said(upstream.messages()[1].text) == "one | =first | two");
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
    TestProxy proxy(socket_config(upstream));
    SessionClient client(proxy);
    const auto first = client.ask(create("one"));
    const auto second = client.ask(continuing("two", first));
    CHECK(text_of(second) == "Hello from connection 2, turn 1.");
    const auto messages = upstream.messages();
    REQUIRE(messages.size() == 3);
    CHECK(input_said(messages[2].text) == "one | =Hello from connection 1, turn 1. | two");
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
  TestProxy proxy(socket_config(upstream));
  SessionClient client(proxy);
  const auto first = client.ask(create("one"));
  const auto second = client.ask(continuing("two", first));
  CHECK(type_of(second.back()) == "response.completed");
  CHECK(input_said(upstream.messages()[2].text) == "one | =Hello from connection 1, turn 1. | two");
}

TEST_CASE("a response that the upstream has forgotten, but the proxy has not, is continued") {
  ScriptedSocketUpstream upstream;
  const Reply not_found =
      error_reply(400, "invalid_request_error", "previous_response_not_found",
                  "Previous response with id 'resp_1' not found.", "previous_response_id");
  upstream.on_key("sk-a", {sse_stream("resp_1", {"first"}), not_found});
  TestProxy proxy(socket_config(upstream, {"sk-a", "sk-b"}));
  SessionClient client(proxy);
  const auto busy = proxy.keep_busy({"openai-2"});
  const auto first = client.ask(create("one"));
  const auto second = client.ask(continuing("two", first));
  CHECK(type_of(second.back()) == "response.completed");
  CHECK(input_said(upstream.messages()[2].text) == "one | =first | two");
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
  TestProxy proxy(socket_config(upstream));
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
  TestProxy proxy(socket_config(upstream));
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
    TestProxy proxy(socket_config(upstream, {"sk-a", "sk-b"}));
    SessionClient client(proxy);
    auto busy = proxy.keep_busy({"openai-2"});
    const auto first = client.ask(create("one"));
    CHECK(text_of(first) == "from a");
    const auto second = client.ask(continuing("two", first));
    CHECK(type_of(second.back()) == "response.completed");
    const auto messages = upstream.messages();
    REQUIRE(messages.size() == 3);
    CHECK(input_said(messages[2].text) == "one | =from a | two");
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
  TestProxy proxy(socket_config(upstream, {"sk-a", "sk-b"}));
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
  TestProxy proxy(socket_config(upstream, {"sk-a", "sk-b"}));
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
  CHECK(input_said(upstream.messages()[1].text) == "one | =Hello from connection 1, turn 1. | two");
  CHECK(upstream.wait_until([](const SocketCounts& counts) { return counts.open == 1; }));
}

TEST_CASE("a bad key: another one serves the turn; with none left the client is told why") {
  ScriptedSocketUpstream upstream;
  const Reply refusal = error_reply(401, "invalid_request_error", "invalid_api_key", "No such key");
  upstream.on_key("sk-a", {refusal});
  upstream.on_key("sk-b", {sse_stream("resp_1", {"fine"}), refusal});
  TestProxy proxy(socket_config(upstream, {"sk-a", "sk-b"}));
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
  TestProxy proxy(socket_config(upstream, {"sk-a", "sk-b"}));
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
