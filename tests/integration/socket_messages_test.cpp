// What a client may send on its socket beside good turns.
#include <doctest/doctest.h>

#include "fakes/responses_bodies.h"
#include "fakes/scripted_socket_upstream.h"
#include "integration/session_client.h"
#include "integration/socket_turns.h"

using namespace responses_proxy;
using namespace responses_proxy::testing;

TEST_CASE("what is no message gets an error with a status, and the socket stays usable") {
  ScriptedSocketUpstream upstream;
  TestProxy proxy(socket_config(upstream));
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
  Config config = socket_config(upstream);
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
  TestProxy proxy(socket_config(upstream));
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
  TestProxy proxy(socket_config(upstream));
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
  TestProxy proxy(socket_config(upstream));
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
  CHECK(input_said(http_body_of(upstream, 1)) == "x | rather this");
}
