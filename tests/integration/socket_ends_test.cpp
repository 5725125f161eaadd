// How a turn on a client's socket ends when one side leaves, lingers or is silent.
#include <doctest/doctest.h>

#include "fakes/responses_bodies.h"
#include "fakes/scripted_socket_upstream.h"
#include "integration/session_client.h"
#include "integration/socket_turns.h"

using namespace responses_proxy;
using namespace responses_proxy::testing;

namespace {

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

}  // namespace

TEST_CASE("a client that leaves in mid-turn frees everything") {
  for (const bool over_http : {false, true}) {
    CAPTURE(over_http);
    ScriptedSocketUpstream upstream;
    if (over_http) upstream.refuse_all(426);
    Reply slow = sse_stream("resp_slow", {"slow", "er"});
    slow.insert(5, Step::stall());
    upstream.on_key("sk-a", {slow});
    upstream.http().on_key("sk-a", {slow});
    TestProxy proxy(socket_config(upstream));
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
  TestProxy proxy(socket_config(upstream));
  SessionClient client(proxy);
  const auto first = client.ask(create("one"));
  CHECK(types_of(first).back() == "response.completed");
  CHECK(type_of(client.ask(continuing("two", first)).back()) == "response.completed");
  CHECK(input_said(http_body_of(upstream, 1)) == "one | =hi | two");
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
    TestProxy proxy(socket_config(upstream));
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
    Config config = socket_config(upstream);
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
  TestProxy proxy(socket_config(upstream));
  SessionClient client(proxy);
  client.say(create("x"));
  while (type_of(client.next()) != "response.output_text.delta") {
  }
  proxy.proxy().cancel_all();
  CHECK(type_of(client.turn().back()) == "response.failed");
  CHECK(client.wait_until_idle());
}
