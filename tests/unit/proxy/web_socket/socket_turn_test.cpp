#include "proxy/web_socket/socket_turn.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "core/json.h"
#include "proxy/aside.h"
#include "responses_proxy/dialect.h"
#include "unit/proxy/web_socket/turn_rig.h"

namespace responses_proxy {

using namespace testing;

namespace {

const std::string kCreate = R"({"type":"response.create","model":"m","input":[{"a":1}]})";
const std::string kCompleted =
    R"({"type":"response.completed","response":{"id":"resp_1","output":[{"said":1}]}})";

std::string event(const std::string& data) {
  return "data: " + data + "\n\n";
}

}  // namespace

TEST_CASE("only whole JSON objects reach the client, however the stream is cut") {
  TurnRig rig;
  const std::string delta = R"({"type":"response.output_text.delta","delta":"x"})";
  const std::string stream = event(delta) + event("{\"type\":\"response.completed\",\"respon") +
                             event("hello") + event("[1]") + ": comment\n\n" + event("[DONE]") +
                             event(kCompleted);
  for (std::size_t size = 1; size < stream.size(); size += 7) {
    CAPTURE(size);
    OneLane lane(rig);
    lane.begin(kCreate);
    lane.begin_stream();
    for (std::size_t at = 0; at < stream.size(); at += size) {
      lane.stream(stream.substr(at, size));
    }
    lane.turn->answer().finish();
    CHECK(lane.owner->events == std::vector<std::string>{delta, kCompleted});
    CHECK(lane.owner->ended == 1);
    CHECK(lane.lane.latest_response == "resp_1");
    CHECK(lane.items("resp_1") == R"({"a":1},{"said":1})");
  }
}

TEST_CASE("every stream ends in one terminal event, its own or ours") {
  struct Row {
    std::string stream;
    std::size_t events;
    const char* last;
  };
  const std::string created = event(R"({"type":"response.created","response":{"id":"resp_7"}})");
  const std::string steered = event(
      R"({"type":"response.incomplete","response":{"incomplete_details":{"reason":"steered"}}})");
  for (const Row& row :
       {Row{event(kCompleted), 1, "response.completed"}, Row{"", 1, "response.failed"},
        Row{created, 2, "response.failed"}, Row{created + steered, 3, "response.failed"},
        Row{created + event("{\"type\":\"response.completed\",\"resp"), 2, "response.failed"},
        Row{created + event(R"({"type":"response.failed"})"), 2, "response.failed"},
        Row{event(R"({"type":"error","code":"c"})"), 1, "error"},
        Row{event(kCompleted) + event(R"({"type":"response.incomplete"})"), 1,
            "response.completed"},
        Row{created + "data: " + std::string(kMaxEventBytes + 1, 'x'), 2, "response.failed"}}) {
    TurnRig rig;
    OneLane lane(rig);
    lane.begin(kCreate);
    lane.begin_stream();
    lane.stream(row.stream);
    lane.stream("and more");
    lane.turn->answer().finish();
    REQUIRE(lane.owner->events.size() == row.events);
    CHECK(Json::parse(lane.owner->events.back())["type"] == row.last);
    CHECK(lane.owner->ended == 1);
  }
}

TEST_CASE("the end of an interrupted answer has the next number") {
  TurnRig rig;
  OneLane lane(rig);
  lane.begin(kCreate);
  lane.turn->interrupt(PartialItems::keep);
  const auto end = [&] { return lane.turn->own_events(lane.handler.facts()); };
  REQUIRE(end().size() == 3);
  CHECK(end()[0].find(R"("response.created","sequence_number":0)") != std::string::npos);
  lane.begin_stream();
  lane.stream(event(R"({"type":"response.created","response":{"id":"resp_7"}})"));
  REQUIRE(end().size() == 1);
  CHECK(end()[0].find(R"("response.incomplete","sequence_number":1)") != std::string::npos);
  lane.stream(event(R"({"type":"response.in_progress","sequence_number":8})"));
  CHECK(end()[0].find(R"("response.incomplete","sequence_number":9)") != std::string::npos);
}

TEST_CASE("the type of an event is its own, wherever it stands") {
  TurnRig rig;
  OneLane lane(rig);
  lane.begin(kCreate);
  lane.begin_stream();
  lane.stream(event(R"({"response":{"output":[{"type":"message"}],"id":"resp_\u0031"},)"
                    R"("typ\u0065":"response.completed"})"));
  lane.turn->answer().finish();
  CHECK(lane.items("resp_1") == R"({"a":1},{"type":"message"})");
}

TEST_CASE("an answer that is an error, or none, is one whole message") {
  TurnRig rig;
  OneLane lane(rig);
  lane.begin(kCreate);
  lane.turn->answer().start({429, {{"retry-after", "2"}}, std::nullopt});
  lane.turn->answer().write(R"({"error":{"code":)");
  lane.turn->answer().write(R"("c"}})");
  lane.turn->answer().finish();
  REQUIRE(lane.owner->events.size() == 1);
  CHECK(Json::parse(lane.owner->events[0])["status"] == 429);
  CHECK(Json::parse(lane.owner->events[0])["error"]["code"] == "c");

  lane.begin(kCreate);
  lane.turn->answer().start({200, {{"content-type", "application/json"}}, std::nullopt});
  lane.turn->answer().write(R"({"id":"resp_1"})");
  lane.turn->answer().finish();
  CHECK(Json::parse(lane.owner->events.back())["error"]["code"] == "upstream_protocol");

  lane.begin(kCreate);
  lane.begin_stream();
  lane.turn->answer().abort();
  CHECK(Json::parse(lane.owner->events.back())["error"]["code"] == "upstream_truncated");
}

TEST_CASE("a conversation that is too large, or steered, cannot be continued here") {
  TurnRig rig;
  rig.config.websocket_state_bytes = 100;
  OneLane lane(rig);
  lane.whole_turn(kCreate, "resp_0");
  CHECK(lane.items("resp_0") != "unknown");
  lane.begin(kCreate);
  lane.begin_stream();
  const std::size_t before = lane.turn->held_bytes();
  for (int i = 0; i < 50; ++i) {
    lane.stream(event(R"({"type":"response.output_item.done","item":{"n":"xxxxxxxxxx"}})"));
  }
  CHECK(lane.turn->held_bytes() <= before + 100);
  lane.stream(event(kCompleted));
  lane.turn->answer().finish();
  CHECK(lane.items("resp_1") == "unknown");
  CHECK(lane.lane.latest_response.empty());

  lane.begin(kCreate);
  lane.begin_stream();
  lane.stream(event(
      R"({"type":"response.incomplete","response":{"incomplete_details":{"reason":"steered"}}})"));
  lane.stream(event(kCompleted));
  lane.turn->answer().finish();
  CHECK(lane.items("resp_1") == "unknown");

  // Whose output only speaks of it is kept.
  lane.begin(kCreate);
  lane.begin_stream();
  lane.stream(event(
      R"({"type":"response.incomplete","response":{"id":"resp_2","output":[{"x":"steered"}]}})"));
  lane.turn->answer().finish();
  CHECK(lane.items("resp_2") != "unknown");
}

TEST_CASE("a turn holds its message, the request until the answer begins, and the answer's items") {
  TurnRig rig;
  OneLane lane(rig);
  lane.begin(kCreate);
  CHECK(lane.turn->held_bytes() == kCreate.size());
  lane.attempt();
  CHECK(lane.turn->held_bytes() == kCreate.size());  // what is on its way is its connection's
  lane.begin_stream();
  CHECK(lane.turn->held_bytes() == kCreate.size());
  lane.stream(event(R"({"type":"response.output_item.done","item":[1]})") + "data: half");
  CHECK(lane.turn->held_bytes() == kCreate.size() + 3 + 10);
}

TEST_CASE("what is ready to be sent is held once, beside the message") {
  TurnRig rig;
  OneLane lane(rig);
  lane.begin(kCreate);
  Request request;
  REQUIRE_FALSE(lane.prepare(request));
  CHECK(lane.turn->held_bytes() == 2 * kCreate.size());
  lane.send(request);
  CHECK(lane.turn->held_bytes() == kCreate.size());
  rig.sockets.last().answer(404);
  const std::size_t over_http = rig.http.last().body.size();
  lane.transfer.reset();
  lane.attempt();
  CHECK(lane.turn->held_bytes() == kCreate.size() + over_http);
}

TEST_CASE("what a large turn adds to its conversation is copied aside") {
  TurnRig rig;
  OneLane lane(rig);
  const std::string item = R"({"a":")" + std::string(2 * kLargeBody, 'x') + "\"}";
  lane.begin(R"({"type":"response.create","input":[)" + item + "]}");
  bool told = false;
  const auto answer = [&] {
    lane.turn->answered(
        {"resp_1", R"({"said":1})", true},
        [&told](const std::shared_ptr<const History>& history) { told = history != nullptr; });
  };
  answer();
  CHECK_FALSE(told);
  CHECK(lane.lane.latest_response.empty());
  REQUIRE(rig.helpers.held() == 1);
  rig.helpers.take()();
  rig.run_loop();
  CHECK(told);
  CHECK(lane.lane.latest_response == "resp_1");
  CHECK(lane.items("resp_1") == item + R"(,{"said":1})");
  // The turn may have ended by then.
  told = false;
  answer();
  lane.turn = nullptr;
  lane.lane.turn = nullptr;
  rig.helpers.take()();
  rig.run_loop();
  CHECK(told);
}

TEST_CASE("the client's pace is the upstream's") {
  struct Observer final : ResponseObserver {
    void on_writable() override { ++writable; }
    void on_closed() override { ++closed; }
    int writable = 0;
    int closed = 0;
  } observer;
  TurnRig rig;
  OneLane lane(rig);
  lane.begin(kCreate);
  lane.turn->answer().observe(&observer);
  lane.begin_stream();
  CHECK(lane.stream(event(R"({"type":"a"})")));
  lane.turn->answer().on_writable();
  CHECK(observer.writable == 0);
  lane.owner->takes_more = false;
  CHECK_FALSE(lane.stream(event(R"({"type":"b"})")));
  lane.turn->answer().on_writable();
  CHECK(observer.writable == 1);
  lane.turn->answer().on_client_gone();
  CHECK(observer.closed == 1);
}

TEST_CASE("only the latest response of a lane is remembered, with all that is behind it") {
  TurnRig rig;
  OneLane lane(rig);
  lane.whole_turn(kCreate, "resp_1");
  lane.whole_turn(R"({"type":"response.create","input":[{"b":2}],"previous_response_id":"resp_1"})",
                  "resp_2");
  CHECK(lane.items("resp_1") == "unknown");
  CHECK(lane.items("resp_2") == R"({"a":1},{"said":1},{"b":2},{"said":1})");
  lane.whole_turn(kCreate, "resp_3");
  CHECK(lane.items("resp_2") == "unknown");
  CHECK(lane.conversations().stats().bytes == std::string(R"({"a":1}{"said":1})").size());
}

TEST_CASE("a continuation that fails takes what it continued with it, if that was the latest") {
  TurnRig rig;
  OneLane lane(rig);
  lane.whole_turn(kCreate, "resp_1");
  for (const std::string previous : {"resp_other", "resp_1"}) {
    CHECK(lane.items("resp_1") != "unknown");
    lane.begin(R"({"type":"response.create","input":[],"previous_response_id":")" + previous +
               "\"}");
    lane.turn->answer().start({400, {}, std::nullopt});
    lane.turn->answer().finish();
  }
  CHECK(lane.items("resp_1") == "unknown");
}

TEST_CASE("over HTTP a continuation is whole, stored, or not found") {
  TurnRig rig;
  rig.state().set_websocket_refused();
  OneLane lane(rig);
  const std::string unknown =
      R"({"type":"response.create","input":[],"previous_response_id":"resp_x","store":false})";
  lane.begin(unknown);
  const auto error = lane.attempt();
  REQUIRE(error);
  CHECK(error->code == "previous_response_not_found");
  CHECK_FALSE(lane.turn->continues_known());
  lane.begin(R"({"type":"response.create","input":[],"previous_response_id":"resp_x"})");
  CHECK_FALSE(lane.attempt());
  CHECK(rig.http.last().body == R"({"input":[],"previous_response_id":"resp_x","stream":true})");
  lane.conversations().keep(
      {}, std::make_shared<const History>(StoredTurn{"resp_x", "", R"({"a":1})", ""}, nullptr), {});
  lane.begin(unknown);
  CHECK(lane.turn->continues_known());
  CHECK_FALSE(lane.attempt());
  CHECK(rig.http.last().body == R"({"input":[{"a":1}],"store":false,"stream":true})");
}

}  // namespace responses_proxy
