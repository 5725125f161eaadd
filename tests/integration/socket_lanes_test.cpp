// Several conversations on one client's socket, and what a socket may bind.
#include <doctest/doctest.h>

#include <algorithm>

#include "fakes/responses_bodies.h"
#include "fakes/scripted_socket_upstream.h"
#include "integration/session_client.h"
#include "integration/socket_turns.h"

using namespace responses_proxy;
using namespace responses_proxy::testing;

TEST_CASE("lanes: each in order, several at a time, every event with its stream_id") {
  ScriptedSocketUpstream upstream;
  Reply slow = sse_stream("resp_slow", {"slow"});
  slow.insert(4, Step::gate("slow"));
  upstream.on_key("sk-a", {slow});
  TestProxy proxy(socket_config(upstream));
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
  TestProxy proxy(socket_config(upstream));
  SessionClient client(proxy);
  const auto a = client.ask(create("one", {{"stream_id", "a"}}));
  for (const Json& event : a) CHECK(event.value("stream_id", "") == "a");
  const auto b = client.ask(continuing("forked", a, {{"stream_id", "b"}}));
  for (const Json& event : b) CHECK(event.value("stream_id", "") == "b");
  const auto a2 = client.ask(continuing("went on", a, {{"stream_id", "a"}}));
  CHECK(type_of(a2.back()) == "response.completed");
  CHECK(input_said(http_body_of(upstream, 1)) == "one | =Hello from sk-a. | forked");
  CHECK(input_said(http_body_of(upstream, 2)) == "one | =Hello from sk-a. | went on");
  CHECK_FALSE(Json::parse(http_body_of(upstream, 2)).contains("stream_id"));
}

TEST_CASE("lanes are bounded: 32 of them, 16 turns at a time") {
  ScriptedSocketUpstream upstream;
  Reply slow = sse_stream("resp_slow", {"slow"});
  slow.insert(0, Step::gate("go"));
  upstream.on_key("", std::vector<Reply>(33, slow));
  TestProxy proxy(socket_config(upstream));
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

TEST_CASE("a socket binds so many bytes of messages, says so, and stays usable") {
  for (const bool over_http : {false, true}) {
    CAPTURE(over_http);
    ScriptedSocketUpstream upstream;
    if (over_http) upstream.refuse_all(426);
    Reply slow = sse_stream("resp_slow", {"slow"});
    slow.insert(0, Step::gate("go"));
    upstream.on_key("", std::vector<Reply>(64, slow));
    upstream.http().on_key("sk-a", std::vector<Reply>(64, slow));
    Config config = socket_config(upstream);
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
