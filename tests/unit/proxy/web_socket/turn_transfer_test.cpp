#include "proxy/web_socket/turn_transfer.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "proxy/aside.h"
#include "unit/proxy/web_socket/turn_rig.h"

namespace responses_proxy {

using namespace testing;

namespace {

const std::string kCreate = R"({"type":"response.create","model":"m","input":[{"a":1}]})";
const std::string kContinue =
    R"({"type":"response.create","model":"m","input":[{"b":2}],"previous_response_id":"resp_1"})";
const std::string kWhole =
    R"({"type":"response.create","model":"m","input":[{"a":1},{"said":1},{"b":2}]})";
const std::string kCreated = R"({"type":"response.created","response":{"id":"resp_1"}})";
const std::string kCompleted =
    R"({"type":"response.completed","response":{"id":"resp_1","output":[]}})";

std::string error_message(const std::string& code, const std::string& more = {}) {
  return R"({"type":"error",)" + more + R"("error":{"code":")" + code + R"(","message":"m"}})";
}

}  // namespace

TEST_CASE("a turn goes over a socket that is opened for it, and the answer is a stream") {
  TurnRig rig;
  OneLane lane(rig, {{"session-id", "s"}, {"Cookie", "c"}});
  lane.turn_over(kCreate);
  FakeConnection& connection = rig.sockets.last();
  CHECK(connection.request.url == "http://upstream/v1/responses");
  CHECK(connection.request.headers.get("authorization") == "Bearer sk-key");
  CHECK(connection.request.headers.get("session-id") == "s");
  CHECK_FALSE(connection.request.headers.find("cookie"));
  CHECK(connection.sent == std::vector<std::string>{kCreate});
  connection.open();
  CHECK(lane.handler.status == 0);
  connection.say(kCreated);
  CHECK(lane.handler.status == 200);
  CHECK(lane.handler.headers.get("content-type") == "text/event-stream");
  connection.say(kCompleted);
  CHECK(lane.handler.messages == std::vector<std::string>{kCreated, kCompleted});
  CHECK(lane.handler.ended);
  CHECK(lane.handler.result.error == UpstreamError::none);
  CHECK(rig.timers.waiting() == 0);
  // The connection is the next turn's; what comes until then goes to the client.
  CHECK_FALSE(connection.gone());
  connection.say(R"({"type":"codex.rate_limits"})");
  CHECK(lane.owner->unclaimed == std::vector<std::string>{R"({"type":"codex.rate_limits"})"});
}

TEST_CASE("each time-out has its own time and its own name") {
  struct Row {
    UpstreamError error;
    bool begun;
    Millis rings_after;
  };
  for (const Row& row : {Row{UpstreamError::first_byte_timeout, false, Millis(3000)},
                         Row{UpstreamError::idle_timeout, true, Millis(7000)},
                         Row{UpstreamError::total_timeout, true, Millis(20'000)}}) {
    CAPTURE(std::string(to_string(row.error)));
    TurnRig rig;
    OneLane lane(rig);
    lane.timeouts.first_byte = Millis(3000);
    lane.timeouts.idle = Millis(7000);
    lane.timeouts.total = Millis(20'000);
    lane.turn_over(kCreate);
    const auto connection = rig.sockets.connections.back();
    connection->open();
    Millis waited(0);
    if (row.begun) {
      rig.timers.advance(Millis(2000));
      connection->say(kCreated);
      for (waited = Millis(2000);
           row.error == UpstreamError::total_timeout && waited < Millis(19'000);
           waited += Millis(1000)) {
        rig.timers.advance(Millis(1000));
        connection->say(R"({"type":"response.output_text.delta","delta":"x"})");
      }
      if (row.error == UpstreamError::idle_timeout) waited = Millis(0);
    }
    rig.timers.advance(row.rings_after - waited - Millis(1));
    CHECK_FALSE(lane.handler.ended);
    rig.timers.advance(Millis(1));
    CHECK(lane.handler.ended);
    CHECK(lane.handler.result.error == row.error);
    CHECK(connection->gone());
    CHECK(rig.timers.waiting() == 0);
  }
}

TEST_CASE(
    "a client that does not read stops its upstream, and that is no silence of the upstream") {
  TurnRig rig;
  OneLane lane(rig);
  lane.timeouts.idle = Millis(1000);
  lane.turn_over(kCreate);
  FakeConnection& connection = rig.sockets.last();
  connection.open();
  connection.say(kCreated);
  CHECK_FALSE(connection.paused);
  lane.handler.takes_more = false;
  connection.say(R"({"type":"response.output_text.delta","delta":"x"})");
  CHECK(connection.paused);
  rig.timers.advance(Millis(10'000));
  CHECK_FALSE(lane.handler.ended);
  lane.transfer->resume();
  CHECK_FALSE(connection.paused);
  rig.timers.advance(Millis(999));
  CHECK_FALSE(lane.handler.ended);
  rig.timers.advance(Millis(2));
  CHECK(lane.handler.result.error == UpstreamError::idle_timeout);
}

TEST_CASE("a refused handshake is a refusal of WebSocket, or says something about key and moment") {
  for (const int status : {400, 404, 405, 410, 426, 501}) {
    CAPTURE(status);
    TurnRig rig;
    OneLane lane(rig);
    lane.turn_over(kCreate);
    rig.sockets.last().answer(status);
    CHECK(rig.state().websocket_refused());
    REQUIRE(rig.http.sent.size() == 1);
    CHECK(rig.http.last().body == R"({"model":"m","input":[{"a":1}],"stream":true})");
    rig.http.last().handler->on_head(200, {{"content-type", "text/event-stream"}});
    rig.http.last().handler->on_body("data: {}\n\n");
    rig.http.last().handler->on_end({});
    CHECK(lane.handler.status == 200);
    CHECK(lane.handler.ended);
  }
  for (const int status : {401, 403, 408, 429, 500, 502, 503, 504}) {
    CAPTURE(status);
    TurnRig rig;
    OneLane lane(rig);
    lane.turn_over(kCreate);
    const auto connection = rig.sockets.connections.back();
    UpstreamSocketOpen refusal;
    refusal.status = status;
    refusal.headers = {{"retry-after", "7"}};
    refusal.body = R"({"error":{"code":"c"}})";
    connection->open(refusal);
    CHECK_FALSE(rig.state().websocket_refused());
    CHECK(rig.http.sent.empty());
    CHECK(lane.handler.status == status);
    CHECK(lane.handler.headers.get("retry-after") == "7");
    CHECK(lane.handler.body == R"({"error":{"code":"c"}})");
    CHECK(lane.handler.ended);
    CHECK(connection->gone());
  }
}

TEST_CASE(
    "a turn that nobody could continue over HTTP is refused by the proxy, not by the upstream") {
  TurnRig rig;
  OneLane lane(rig);
  lane.turn_over(
      R"({"type":"response.create","input":[],"previous_response_id":"resp_x","store":false})");
  rig.sockets.last().answer(426);
  REQUIRE(lane.handler.refusal);
  CHECK(lane.handler.refusal->code == "previous_response_not_found");
  CHECK(lane.handler.status == 0);
  CHECK_FALSE(lane.handler.ended);
  CHECK(rig.http.sent.empty());
}

TEST_CASE("a model has the target's name in whatever form the turn is sent") {
  TurnRig rig;
  rig.call_model("theirs");
  OneLane lane(rig);
  lane.turn_over(kCreate);
  CHECK(rig.sockets.last().sent.back() ==
        R"({"type":"response.create","model":"theirs","input":[{"a":1}]})");
  rig.sockets.last().answer(426);
  REQUIRE(rig.http.sent.size() == 1);
  CHECK(rig.http.last().body == R"({"model":"theirs","input":[{"a":1}],"stream":true})");
}

TEST_CASE("headers out of a message are filtered on the first turn of a key that refuses, too") {
  const std::string message =
      R"({"type":"response.create","input":[],"client_metadata":{"ws_request_header_host":"evil",)"
      R"("ws_request_header_authorization":"Bearer x","ws_request_header_content_length":"1",)"
      R"("ws_request_header_transfer_encoding":"chunked","ws_request_header_content_type":"t/p",)"
      R"("ws_request_header_content_encoding":"gzip","ws_request_header_accept":"a/b",)"
      R"("ws_request_header_x_good":"1"}})";
  for (const bool asked_first : {true, false}) {
    CAPTURE(asked_first);
    TurnRig rig;
    OneLane lane(rig);
    if (!asked_first) rig.state().set_websocket_refused();
    lane.turn_over(message);
    if (asked_first) rig.sockets.last().answer(404);
    REQUIRE(rig.http.sent.size() == 1);
    const Headers& headers = rig.http.last().request.headers;
    CHECK(headers.size() == 4);
    CHECK(headers.get("authorization") == "Bearer sk-key");
    CHECK(headers.get("content-type") == "application/json");
    CHECK(headers.get("accept") == "text/event-stream");
    CHECK(headers.get("x-good") == "1");
    CHECK(rig.http.last().body.find("evil") == std::string::npos);
  }
}

TEST_CASE("what is no JSON object ends the connection, and is never passed on") {
  for (const std::string bad :
       {"", "hello", "{\"type\":\"response.completed\",\"response\":{\"id\"", "[1]",
        "{\"a\":1}{\"b\":2}", "\"text\""}) {
    for (const bool begun : {false, true}) {
      CAPTURE(bad);
      CAPTURE(begun);
      TurnRig rig;
      OneLane lane(rig);
      lane.turn_over(kCreate);
      const auto connection = rig.sockets.connections.back();
      connection->open();
      if (begun) connection->say(kCreated);
      connection->say(bad);
      CHECK(lane.handler.messages.size() == (begun ? 1 : 0));
      CHECK(lane.handler.ended);
      CHECK(lane.handler.result.error == UpstreamError::protocol);
      CHECK(connection->gone());
      CHECK(rig.sockets.connections.size() == 1);
    }
  }
}

TEST_CASE("a connection that closes: once anew if it was kept, else by name") {
  for (const int code : {1000, 1005, 1006, 1011, 1012}) {
    CAPTURE(code);
    TurnRig rig;
    OneLane lane(rig);
    lane.whole_turn(kCreate, "resp_1");
    lane.turn_over(kContinue);
    CHECK(rig.sockets.last().sent.back() == kContinue);
    rig.sockets.connections[0]->close(code);
    CHECK_FALSE(lane.handler.ended);
    REQUIRE(rig.sockets.connections.size() == 2);
    CHECK(rig.sockets.last().sent == std::vector<std::string>{kWhole});
    rig.sockets.last().open();
    rig.sockets.last().close(code);
    CHECK(lane.handler.result.error == UpstreamError::closed);
    CHECK(rig.sockets.connections.size() == 2);

    lane.turn_over(kCreate);
    rig.sockets.last().open();
    rig.sockets.last().say(kCreated);
    rig.sockets.last().close(code);
    CHECK(lane.handler.result.error == UpstreamError::truncated);
  }
  for (const int code : {1002, 1003, 1007, 1009}) {
    CAPTURE(code);
    TurnRig rig;
    OneLane lane(rig);
    lane.turn_over(kCreate);
    rig.sockets.last().open();
    rig.sockets.last().say(kCreated);
    rig.sockets.last().close(code);
    CHECK(lane.handler.result.error == UpstreamError::protocol);
  }
}

TEST_CASE("a connection limit is known by the error's code, not by what a text says") {
  const std::string limit = "websocket_connection_limit_reached";
  TurnRig rig;
  OneLane lane(rig);
  lane.whole_turn(kCreate, "resp_1");
  lane.turn_over(kContinue);
  const auto kept = rig.sockets.connections.back();
  kept->say(error_message(limit));
  CHECK(kept->gone());
  REQUIRE(rig.sockets.connections.size() == 2);
  CHECK(rig.sockets.last().sent == std::vector<std::string>{kWhole});
  // One that was opened for this turn: another key may have room.
  rig.sockets.last().open();
  rig.sockets.last().say(error_message(limit, R"("status":400,)"));
  CHECK(lane.handler.status == 503);

  lane.turn_over(kCreate);
  rig.sockets.last().say(R"({"type":"error","status":400,"error":{"code":"other","message":")" +
                         limit + "\"}}");
  CHECK(lane.handler.status == 400);
  CHECK(rig.sockets.connections.size() == 2);

  lane.turn_over(kCreate);
  const auto last = rig.sockets.connections.back();
  last->say(kCreated);
  last->say(R"({"type":"response.output_text.delta","delta":")" + limit + "\"}");
  CHECK_FALSE(lane.handler.ended);
  last->say(error_message(limit));
  CHECK(lane.handler.result.error == UpstreamError::truncated);
}

TEST_CASE("what the upstream has forgotten, but the lane has not, is sent whole, once") {
  TurnRig rig;
  OneLane lane(rig);
  lane.whole_turn(kCreate, "resp_1");
  lane.turn_over(kContinue);
  FakeConnection& connection = rig.sockets.last();
  connection.say(error_message("other", R"("note":"previous_response_not_found","status":400,)"));
  CHECK(lane.handler.status == 400);
  lane.attempt();
  connection.say(error_message("previous_response_not_found", R"("status":400,)"));
  CHECK_FALSE(lane.handler.ended);
  CHECK(connection.sent.back() == kWhole);
  connection.say(error_message("previous_response_not_found", R"("status":400,)"));
  CHECK(lane.handler.status == 400);
  CHECK(lane.handler.ended);
}

TEST_CASE("a steered answer goes on; one that only speaks of it does not") {
  TurnRig rig;
  OneLane lane(rig);
  lane.turn_over(kCreate);
  FakeConnection& connection = rig.sockets.last();
  connection.open();
  connection.say(
      R"({"type":"response.incomplete","response":{"incomplete_details":{"reason":"steered"}}})");
  CHECK_FALSE(lane.handler.ended);
  connection.say(
      R"({"response":{"incomplete_details":{"reason":"max_output_tokens"},"output":["steered"]},)"
      R"("type":"response.incomplete"})");
  CHECK(lane.handler.ended);
}

TEST_CASE("a warm-up for an upstream without WebSocket is answered here") {
  TurnRig rig;
  OneLane lane(rig);
  lane.turn_over(R"({"type":"response.create","generate":false})");
  rig.sockets.last().answer(426);
  CHECK(lane.handler.status == 200);
  REQUIRE(lane.handler.own_events.size() == 3);
  CHECK(lane.handler.own_events[2].find("response.completed") != std::string::npos);
  CHECK(lane.handler.ended);
  CHECK(rig.http.sent.empty());
}

TEST_CASE("an interrupt ends the request over HTTP, not the one on a socket") {
  TurnRig rig;
  OneLane lane(rig);
  lane.turn_over(kCreate);
  lane.turn->interrupt(PartialItems::keep);
  CHECK_FALSE(lane.handler.ended);
  rig.sockets.last().answer(404);
  rig.http.last().handler->on_head(200, {{"content-type", "text/event-stream"}});
  lane.turn->interrupt(PartialItems::keep);
  CHECK(rig.http.last().cancelled);
  REQUIRE(lane.handler.own_events.size() == 3);
  CHECK(lane.handler.own_events[2].find(R"("reason":"interrupted")") != std::string::npos);
  CHECK(lane.handler.ended);
}

TEST_CASE("an answer that can say its end itself is left to say it") {
  TurnRig rig;
  rig.state().set_websocket_refused();
  OneLane lane(rig);
  lane.turn_over(kCreate);
  lane.handler.says_its_end = true;
  rig.http.last().handler->on_head(200, {{"content-type", "text/event-stream"}});
  lane.turn->interrupt(PartialItems::discard);
  CHECK(lane.handler.interrupted == PartialItems::discard);
  CHECK(lane.handler.own_events.empty());
  CHECK(lane.handler.ended);
}

TEST_CASE("a turn that is interrupted before it is sent is sent to nobody") {
  TurnRig rig;
  OneLane lane(rig);
  lane.begin(kCreate);
  lane.turn->interrupt(PartialItems::keep);
  lane.attempt();
  rig.run_loop();
  CHECK(rig.sockets.connections.empty());
  CHECK(rig.http.sent.empty());
  CHECK(lane.handler.status == 200);
  REQUIRE(lane.handler.own_events.size() == 3);
  CHECK(lane.handler.own_events[2].find(R"("reason":"interrupted")") != std::string::npos);
}

TEST_CASE("an interrupt leaves an error as it is, and ends the attempt that comes after it") {
  TurnRig rig;
  rig.state().set_websocket_refused();
  OneLane lane(rig);
  lane.turn_over(kCreate);
  rig.http.last().handler->on_head(429, {{"content-type", "application/json"}});
  lane.turn->interrupt(PartialItems::keep);
  CHECK_FALSE(rig.http.last().cancelled);
  CHECK(lane.handler.own_events.empty());
  rig.http.last().handler->on_body("{}");
  rig.http.last().handler->on_end({});
  CHECK(lane.handler.body == "{}");
  lane.attempt();
  rig.run_loop();
  CHECK(rig.http.sent.size() == 1);
  CHECK(lane.handler.own_events.size() == 3);
}

namespace {

// A turn that is large, and one that continues it.
const std::string kLargeItem = R"({"a":")" + std::string(2 * kLargeBody, 'x') + "\"}";
const std::string kLargeCreate =
    R"({"type":"response.create","model":"m","input":[)" + kLargeItem + "]}";
const std::string kLargeWhole =
    R"({"type":"response.create","model":"m","input":[)" + kLargeItem + R"(,{"said":1},{"b":2}]})";

// The lane's latest response is of a large turn; its continuation is under way on the connection
// that was kept.
struct LargeLane : OneLane {
  explicit LargeLane(TurnRig& rig) : OneLane(rig), rig_(rig) {
    whole_turn(kLargeCreate, "resp_1");
    work();
    turn_over(kContinue);
    CHECK(rig.sockets.last().sent.back() == kContinue);
  }
  void work() {
    REQUIRE(rig_.helpers.held() == 1);
    rig_.helpers.take()();
    rig_.run_loop();
  }

 private:
  TurnRig& rig_;
};

}  // namespace

TEST_CASE("a large conversation is joined aside, and sent when that is done") {
  SUBCASE("to a connection that is opened anew") {
    TurnRig rig;
    LargeLane lane(rig);
    rig.sockets.last().close(1000);
    REQUIRE(rig.sockets.connections.size() == 2);
    CHECK(rig.sockets.last().sent.empty());
    lane.work();
    CHECK(rig.sockets.last().sent == std::vector<std::string>{kLargeWhole});
  }
  SUBCASE("to one that has forgotten") {
    TurnRig rig;
    LargeLane lane(rig);
    rig.sockets.last().say(error_message("previous_response_not_found", R"("status":400,)"));
    CHECK(rig.sockets.last().sent.back() == kContinue);
    lane.work();
    CHECK(rig.sockets.last().sent.back() == kLargeWhole);
    CHECK_FALSE(lane.handler.ended);
  }
  SUBCASE("over HTTP") {
    TurnRig rig;
    LargeLane lane(rig);
    rig.sockets.last().close(1000);
    rig.sockets.last().answer(404);
    CHECK(rig.http.sent.empty());
    rig.helpers.take()();  // for the connection that was refused
    lane.work();
    REQUIRE(rig.http.sent.size() == 1);
    CHECK(rig.http.last().body.find(kLargeItem + R"(,{"said":1},{"b":2}])") != std::string::npos);
  }
  SUBCASE("once, whatever happens to the connection meanwhile") {
    TurnRig rig;
    LargeLane lane(rig);
    rig.sockets.last().say(error_message("previous_response_not_found", R"("status":400,)"));
    rig.sockets.last().close(1000);
    rig.helpers.take()();  // for the connection that has closed
    lane.work();
    REQUIRE(rig.sockets.connections.size() == 2);
    CHECK(rig.sockets.last().sent == std::vector<std::string>{kLargeWhole});
  }
}

TEST_CASE("while a large conversation is joined, the turn can be given up, late or interrupted") {
  TurnRig rig;
  LargeLane lane(rig);
  lane.timeouts.total = Millis(1000);
  SUBCASE("given up") {
    rig.sockets.last().close(1000);
    lane.transfer.reset();
    lane.work();
    CHECK(rig.sockets.last().sent.empty());
  }
  SUBCASE("late") {
    rig.sockets.last().close(1000);
    rig.timers.advance(Millis(600'000));
    CHECK(lane.handler.result.error == UpstreamError::total_timeout);
    lane.work();
    CHECK(rig.sockets.last().sent.empty());
  }
  SUBCASE("interrupted") {
    rig.sockets.last().close(1000);
    CHECK(lane.turn->interrupt(PartialItems::keep));
    CHECK(lane.handler.own_events.size() == 3);
    lane.work();
    CHECK(rig.sockets.last().sent.empty());
    CHECK_FALSE(rig.sockets.last().gone());  // the next turn's
    CHECK(rig.timers.waiting() == 0);
  }
  SUBCASE("interrupted on its way to HTTP") {
    rig.sockets.last().close(1000);
    rig.sockets.last().answer(404);
    CHECK(lane.turn->interrupt(PartialItems::keep));
    CHECK(lane.handler.own_events.size() == 3);
    rig.helpers.take()();
    lane.work();
    CHECK(rig.http.sent.empty());
  }
}

TEST_CASE("a turn written for a connection that has ended since goes up whole, over another one") {
  TurnRig rig;
  OneLane lane(rig);
  lane.whole_turn(kCreate, "resp_1");
  lane.begin(kContinue);
  Request request;
  REQUIRE_FALSE(lane.prepare(request));
  rig.sockets.last().close(1000);
  lane.send(request);
  REQUIRE(rig.sockets.connections.size() == 2);
  CHECK(rig.sockets.last().sent == std::vector<std::string>{kWhole});
}

TEST_CASE("a transfer that is given up takes a connection with an answer under way with it") {
  TurnRig rig;
  OneLane lane(rig);
  lane.turn_over(kCreate);
  rig.sockets.last().open();
  rig.sockets.last().say(kCreated);
  lane.transfer.reset();
  CHECK(rig.sockets.last().gone());
  CHECK_FALSE(lane.lane.upstream);
  CHECK(rig.timers.waiting() == 0);
}

}  // namespace responses_proxy
