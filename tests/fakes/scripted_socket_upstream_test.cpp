// The socket fake and the tests' own client, each the proof of the other.
#include "fakes/scripted_socket_upstream.h"

#include <doctest/doctest.h>
#include <httplib.h>

#include "fakes/responses_bodies.h"
#include "integration/socket_client.h"

namespace responses_proxy::testing {

namespace {

Json create(const Json& more = Json::object()) {
  Json message = {{"type", "response.create"}, {"model", "m"}, {"store", false}};
  message.update(more);
  return message;
}

std::vector<Json> ask(SocketClient& client, const Json& message) {
  client.send(message);
  return client.events_until("response.completed");
}

std::string text_of(const std::vector<Json>& events) {
  std::string text;
  for (const Json& event : events) {
    if (event["type"] == "response.output_text.delta") text += event["delta"];
  }
  return text;
}

std::string id_of(const std::vector<Json>& events) {
  return events.empty() ? "" : events.back()["response"]["id"];
}

SocketScript saying(SocketSteps steps) {
  SocketScript script;
  script.on_open = std::move(steps);
  return script;
}

}  // namespace

TEST_CASE("HTTP and WebSocket share the port, and both are recorded") {
  ScriptedSocketUpstream upstream;
  upstream.http().on_key("sk-a", {json_response("resp_http", "over HTTP")});
  httplib::Client http("127.0.0.1", upstream.port());
  const auto answer = http.Post("/v1/responses", {{"Authorization", "Bearer sk-a"}},
                                std::string(100'000, ' '), "application/json");
  REQUIRE(answer);
  CHECK(answer->body.find("over HTTP") != std::string::npos);
  CHECK(upstream.http().requests_of("sk-a").at(0).body.size() == 100'000);

  SocketClient client(upstream.port(), {{"Authorization", "Bearer sk-b"}, {"X-One", "1"}});
  CHECK(client.status() == 101);
  CHECK_FALSE(client.deflates());
  CHECK(client.send_text("[1]"));
  REQUIRE(upstream.wait_for_messages(1));
  const auto handshake = upstream.handshakes().at(0);
  CHECK(handshake.target == "/v1/responses");
  CHECK(handshake.key == "sk-b");
  CHECK(handshake.headers.get("x-one") == "1");
  CHECK(upstream.messages()[0].text == "[1]");
  CHECK(upstream.messages()[0].connection == 1);
  client.drop();
  REQUIRE(upstream.wait_for_ends(1));
  CHECK(upstream.ends()[0].code == 1006);
}

TEST_CASE("creates are answered with events and chained by id") {
  ScriptedSocketUpstream upstream;
  SocketClient client(upstream.port());
  const auto warm = ask(client, create({{"generate", false}}));
  REQUIRE(warm.size() == 3);
  CHECK(warm[2]["response"]["output"].empty());
  CHECK(warm[2]["sequence_number"] == 2);
  CHECK(id_of(warm) == "resp_1_1");
  const auto first = ask(client, create({{"previous_response_id", "resp_1_1"}}));
  CHECK(text_of(first) == "Hello from connection 1, turn 2.");
  CHECK(first.back()["response"]["usage"]["total_tokens"] == 18);
  CHECK(id_of(ask(client, create({{"previous_response_id", id_of(first)}}))) == "resp_1_3");

  // Only the latest one of a lane is kept, and only on this connection.
  client.send(create({{"previous_response_id", "resp_1_1"}}));
  const Json lost = client.next_event();
  CHECK(lost["type"] == "error");
  CHECK(lost["status"] == 400);
  CHECK(lost["error"]["type"] == "invalid_request_error");
  CHECK(lost["error"]["code"] == "previous_response_not_found");
  CHECK(lost["error"]["param"] == "previous_response_id");
  SocketClient other(upstream.port());
  other.send(create({{"previous_response_id", "resp_1_3"}}));
  CHECK(other.next_event()["error"]["code"] == "previous_response_not_found");
  CHECK(id_of(ask(other, create({{"previous_response_id", "resp_1_3"}, {"store", true}}))) ==
        "resp_2_2");
}

TEST_CASE("turns go by key, a failed continuation evicts its id") {
  ScriptedSocketUpstream upstream;
  Reply limited = error_reply(429, "rate_limit_error", "rate_limit_exceeded", "Slow down");
  limited.headers.add("retry-after", "3");
  upstream.on_key("sk-a", {sse_stream("resp_a", {"from ", "a"}), limited});
  SocketClient b(upstream.port(), {{"Authorization", "Bearer sk-b"}});
  SocketClient a(upstream.port(), {{"Authorization", "Bearer sk-a"}});
  CHECK(id_of(ask(b, create())) == "resp_1_1");
  CHECK(text_of(ask(a, create())) == "from a");
  a.send(create({{"previous_response_id", "resp_a"}}));
  const Json error = a.next_event();
  CHECK(error["status"] == 429);
  CHECK(error["error"]["code"] == "rate_limit_exceeded");
  CHECK(error["headers"] == Json{{"retry-after", "3"}});
  a.send(create({{"previous_response_id", "resp_a"}}));
  CHECK(a.next_event()["error"]["code"] == "previous_response_not_found");
}

TEST_CASE("lanes are answered next to each other and echoed") {
  ScriptedSocketUpstream upstream;
  upstream.on_key("", {sse_stream("resp_slow", {"x"}).insert(2, Step::gate("go"))});
  SocketClient client(upstream.port());
  client.send(create({{"stream_id", "slow"}}));
  client.send(create({{"stream_id", "fast"}}));
  const auto before = client.events_until("response.completed");
  CHECK(id_of(before) == "resp_1_2");
  std::size_t of_slow = 0;
  for (const Json& event : before) {
    if (event["stream_id"] == "slow") ++of_slow;
  }
  CHECK(of_slow <= 2);  // the rest waits at the gate
  CHECK(before.size() > 10);
  upstream.open_gate("go");
  const auto rest = client.events_until("response.completed");
  CHECK(id_of(rest) == "resp_slow");
  CHECK(rest.back()["stream_id"] == "slow");
}

TEST_CASE("an interrupt ends the turn, which can be continued") {
  ScriptedSocketUpstream upstream;
  upstream.on_key("", {sse_stream("resp_slow", {"x"}).insert(5, Step::stall())});
  SocketClient client(upstream.port());
  client.send(create());
  CHECK(client.events_until("response.output_text.delta").size() == 5);
  client.send({{"type", "response.interrupt"}, {"response_id", "resp_slow"}});
  const Json end = client.next_event();
  CHECK(end["type"] == "response.incomplete");
  CHECK(end["response"]["incomplete_details"]["reason"] == "interrupted");
  CHECK(id_of(ask(client, create({{"previous_response_id", "resp_slow"}}))) == "resp_1_3");
}

TEST_CASE("scripts by connection and by message come first") {
  ScriptedSocketUpstream upstream;
  SocketScript script;
  script.answers = {SocketSteps{SocketStep::message("as you like")}, std::nullopt,
                    socket_steps(sse_failed("resp_x", "server_error", "No"), "l")};
  upstream.on_connection({script});
  SocketClient client(upstream.port());
  client.send_text("anything");
  CHECK(client.next_message().payload == "as you like");
  CHECK(id_of(ask(client, create())) == "resp_1_2");
  client.send(create());
  const auto failed = client.events_until("response.failed");
  CHECK(failed.size() == 3);
  CHECK(failed.back()["stream_id"] == "l");
  client.send_text("{not json");
  CHECK(client.next_event()["error"]["code"] == "invalid_json");
}

TEST_CASE("handshakes are refused, closed, held back") {
  ScriptedSocketUpstream upstream;
  SocketScript refused;
  refused.refusal = error_reply(429, "t", "c", "m");
  refused.refusal->headers.add("Retry-After", "5");
  SocketScript closed;
  closed.before_handshake = {SocketStep::close(1000)};
  upstream.on_connection({refused, closed});
  const SocketClient first(upstream.port());
  CHECK(first.status() == 429);
  CHECK(first.headers().get("retry-after") == "5");
  CHECK(Json::parse(first.body())["error"]["message"] == "m");
  CHECK(SocketClient(upstream.port()).status() == 0);
  CHECK(SocketClient(upstream.port()).status() == 101);
  upstream.refuse_all(426);
  CHECK(SocketClient(upstream.port()).status() == 426);
  CHECK(upstream.counts().handshakes == 4);
  CHECK(upstream.counts().ended == 1);
}

TEST_CASE("every step is what it says, on the wire") {
  ScriptedSocketUpstream upstream;
  upstream.on_connection(
      {saying({SocketStep::fragments("abcdef", 3), SocketStep::binary("bytes"),
               SocketStep::ping("hm"), SocketStep::raw("\x81\x01r"), SocketStep::message("t", 2),
               SocketStep::gate("end"), SocketStep::close(1012, "restart")})});
  SocketClient client(upstream.port());
  SocketFrame frame = client.read_frame();
  CHECK((frame.opcode == opcode::kText && frame.payload == "ab" && !frame.fin));
  frame = client.read_frame();
  CHECK((frame.opcode == opcode::kContinuation && frame.payload == "cd" && !frame.fin));
  frame = client.read_frame();
  CHECK((frame.opcode == opcode::kContinuation && frame.payload == "ef" && frame.fin));
  CHECK(client.read_frame().opcode == opcode::kBinary);
  frame = client.read_frame();
  CHECK((frame.opcode == opcode::kPing && frame.payload == "hm"));
  for (const char* text : {"r", "t", "t"}) CHECK(client.read_frame().payload == text);
  CHECK(client.read_frame(std::chrono::milliseconds(20)).opcode == SocketFrame::kNone);
  upstream.open_gate("end");
  frame = client.next_message();
  CHECK(frame.opcode == opcode::kClose);
  CHECK(frame.close_code() == 1012);
  CHECK(frame.close_reason() == "restart");
  CHECK(client.read_frame().opcode == SocketFrame::kEnd);
  REQUIRE(upstream.wait_for_ends(1));
  CHECK(upstream.ends()[0].code == 1012);  // as the client has echoed it
}

TEST_CASE("what the client sends arrives as such") {
  ScriptedSocketUpstream upstream;
  SocketClient client(upstream.port());
  CHECK(client.send_fragmented("in three parts", 3));
  CHECK(client.send_binary("bytes"));
  CHECK(client.send_ping("x"));
  CHECK(client.send_text(std::string(70'000, 'x')));
  REQUIRE(upstream.wait_for_messages(3));
  const auto messages = upstream.messages();
  CHECK(messages[0].text == "in three parts");
  CHECK(messages[1].binary);
  CHECK(messages[2].text.size() == 70'000);
  CHECK(upstream.counts().pings == 1);
  client.send_close(4000, "bye");
  REQUIRE(upstream.wait_for_ends(1));
  CHECK(upstream.ends()[0].code == 4000);
  CHECK(upstream.ends()[0].reason == "bye");

  SocketClient unmasked(upstream.port());
  CHECK(unmasked.send_frame({opcode::kText, "x", true, false, /*masked=*/false}));
  CHECK(unmasked.next_message().close_code() == 1002);
}

TEST_CASE("compression, both ways and across messages") {
  ScriptedSocketUpstream upstream;
  SocketClient client(upstream.port(), {}, /*deflate=*/true);
  REQUIRE(client.deflates());
  const std::string large(100'000, 'z');
  for (int i = 0; i < 3; ++i) client.send(create({{"input", large}}));
  client.send_fragmented(dump(create({{"input", large}})), 4);
  for (int i = 1; i <= 4; ++i) {
    CHECK(text_of(client.events_until("response.completed")) ==
          "Hello from connection 1, turn " + std::to_string(i) + ".");
  }
  for (const SocketMessage& message : upstream.messages()) {
    CHECK(message.json()["input"] == large);
  }
}

TEST_CASE("a deaf socket reads nothing, a reset one is gone, a destroyed upstream lets go") {
  auto upstream = std::make_unique<ScriptedSocketUpstream>();
  SocketScript deaf;
  deaf.deaf = true;
  upstream->on_connection({deaf, saying({SocketStep::reset()})});
  SocketClient ignored(upstream->port());
  ignored.send_ping("x");
  SocketClient broken(upstream->port());
  CHECK(broken.read_frame().opcode == SocketFrame::kEnd);
  SocketClient last(upstream->port());
  CHECK(ask(last, create()).size() > 3);
  CHECK(upstream->counts().pings == 0);
  upstream.reset();
  CHECK(ignored.read_frame().opcode == SocketFrame::kEnd);
  CHECK(last.read_frame().opcode == SocketFrame::kEnd);
}

}  // namespace responses_proxy::testing
