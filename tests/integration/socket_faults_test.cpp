// What upstreams do wrong under a client's socket: the client gets whole messages and one end of
// each turn, the record says what happened, nothing is left behind, and the socket stays usable.
#include <doctest/doctest.h>

#include "fakes/responses_bodies.h"
#include "fakes/scripted_socket_upstream.h"
#include "integration/session_client.h"

using namespace responses_proxy;
using namespace responses_proxy::testing;

namespace {

const std::string kCreated = R"({"type":"response.created","response":{"id":"resp_bad"}})";
const std::string kDelta = R"({"type":"response.output_text.delta","delta":"half"})";

Config config_at(const ScriptedSocketUpstream& upstream, std::vector<std::string> keys) {
  Config config;
  config.resources = resources_at(upstream.base_url(), keys);
  config.max_attempts = 2;
  return config;
}

bool is_end(const Json& event) {
  const std::string type = type_of(event);
  return type == "error" || type == "response.completed" || type == "response.failed" ||
         type == "response.incomplete";
}

// Whole messages, and the last one alone is an end.
void check_whole(const std::vector<Json>& events) {
  REQUIRE_FALSE(events.empty());
  for (const Json& event : events) {
    CHECK(event.is_object());
    CHECK(is_end(event) == (&event == &events.back()));
  }
}

void check_nothing_left(TestProxy& proxy, SessionClient& client) {
  CHECK(client.wait_until_idle());
  CHECK(proxy.wait_until_idle());
  const auto table = proxy.router().table();
  for (const Target& target : table->all()) CHECK(target.state->active() == 0);
}

struct Fault {
  const char* what;
  SocketStep step;
  const char* error;        // of the attempt before anything came
  const char* begun_error;  // and after a piece of the answer
};

std::vector<Fault> faults() {
  return {
      {"text that is no JSON", SocketStep::message("hello"), "protocol", "protocol"},
      {"half a terminal event", SocketStep::message(R"({"type":"response.completed","respon)"),
       "protocol", "protocol"},
      {"an array", SocketStep::message("[]"), "protocol", "protocol"},
      {"a binary message", SocketStep::binary(kDelta), "protocol", "protocol"},
      {"text that is not UTF-8", SocketStep::raw("\x81\x02\xff\xfe"), "protocol", "protocol"},
      {"a frame with reserved bits", SocketStep::raw("\xf1\x02{}"), "protocol", "protocol"},
      {"a masked frame", SocketStep::raw(std::string("\x81\x82\0\0\0\0{}", 8)), "protocol",
       "protocol"},
      {"a message over 64 MB", SocketStep::raw(std::string("\x81\x7f\0\0\0\0\x05\0\0\0", 10) + "{"),
       "protocol", "protocol"},
      {"a close frame", SocketStep::close(1011), "closed", "truncated"},
      {"a reset", SocketStep::reset(), "closed", "truncated"},
  };
}

}  // namespace

TEST_CASE("a socket that breaks off in the middle ends the turn in one response.failed") {
  for (const Fault& fault : faults()) {
    CAPTURE(fault.what);
    ScriptedSocketUpstream upstream;
    SocketScript script;
    script.answers = {
        SocketSteps{SocketStep::message(kCreated), SocketStep::message(kDelta), fault.step}};
    upstream.on_connection({script});
    TestProxy proxy(config_at(upstream, {"sk-a", "sk-b"}));
    const auto busy = proxy.keep_busy({"openai-2"});
    SessionClient client(proxy);
    const auto events = client.ask(create("one"));
    check_whole(events);
    CHECK(type_of(events.back()) == "response.failed");
    CHECK(events.back()["response"]["id"] == "resp_bad");
    CHECK(text_of(events) == "half");
    CHECK(type_of(client.ask(create("again")).back()) == "response.completed");
    const auto records = proxy.records().wait_for(2);
    REQUIRE(records.size() == 2);
    CHECK(records[0].status_code == 200);
    CHECK_FALSE(records[0].completed);
    CHECK(records[0].error == "truncated");
    CHECK(records[0].blame == Blame::provider);
    CHECK(records[0].text_bytes == 4);
    REQUIRE(records[0].attempts.size() == 1);
    CHECK(records[0].attempts[0].error == fault.begun_error);
    CHECK(records[1].completed);
    CHECK(upstream.wait_until([](const SocketCounts& counts) { return counts.open <= 1; }));
  }
}

TEST_CASE("a socket that breaks off before anything came moves the turn, or is named") {
  for (const Fault& fault : faults()) {
    for (const bool two_keys : {false, true}) {
      CAPTURE(fault.what);
      CAPTURE(two_keys);
      ScriptedSocketUpstream upstream;
      SocketScript script;
      script.answers = {SocketSteps{fault.step}};
      upstream.on_connection({script});
      TestProxy proxy(config_at(upstream, two_keys ? std::vector<std::string>{"sk-a", "sk-b"}
                                                   : std::vector<std::string>{"sk-a"}));
      SessionClient client(proxy);
      const auto events = client.ask(create("one"));
      check_whole(events);
      const auto records = proxy.records().wait_for(1);
      REQUIRE(records.size() == 1);
      REQUIRE(records[0].attempts.size() == (two_keys ? 2 : 1));
      CHECK(records[0].attempts[0].error == fault.error);
      CHECK(records[0].attempts[0].blame == Blame::provider);
      if (two_keys) {
        CHECK(type_of(events.back()) == "response.completed");
        CHECK(records[0].completed);
        CHECK(records[0].blame == Blame::none);
        CHECK(records[0].usage.total == 18);
      } else {
        CHECK(events.back()["status"] == 502);
        CHECK(events.back()["error"]["code"] == std::string("upstream_") + fault.error);
        CHECK(records[0].status_code == 502);
        CHECK(records[0].blame == Blame::provider);
        CHECK(type_of(client.ask(create("again")).back()) == "response.completed");
      }
      check_nothing_left(proxy, client);
    }
  }
}

TEST_CASE("a 403 to a handshake is about the key: the turn moves to another") {
  ScriptedSocketUpstream upstream;
  SocketScript refused;
  refused.refusal = error_reply(403, "invalid_request_error", "forbidden", "not you");
  upstream.on_connection({refused});
  TestProxy proxy(config_at(upstream, {"sk-a", "sk-b"}));
  SessionClient client(proxy);
  const auto busy = proxy.keep_busy({"openai-2"});
  CHECK(type_of(client.ask(create("one")).back()) == "response.completed");
  const auto records = proxy.records().wait_for(1);
  REQUIRE(records.size() == 1);
  REQUIRE(records[0].attempts.size() == 2);
  CHECK(records[0].attempts[0].status_code == 403);
  CHECK(records[0].attempts[0].blame == Blame::resource);
  CHECK(records[0].attempts[1].status_code == 200);
  CHECK(upstream.http().counts().requests == 0);
  CHECK_FALSE(proxy.resource("openai-1")->websocket_refused());
  CHECK(upstream.handshakes().at(1).key == "sk-b");
}

TEST_CASE("a 403 to a handshake is about the key, and no refusal of WebSocket") {
  ScriptedSocketUpstream upstream;
  SocketScript refused;
  refused.refusal = error_reply(403, "invalid_request_error", "forbidden", "not you");
  upstream.on_connection({refused});
  TestProxy proxy(config_at(upstream, {"sk-a"}));
  SessionClient client(proxy);
  const auto events = client.ask(create("one"));
  check_whole(events);
  CHECK(events[0]["status"] == 403);
  CHECK(events[0]["error"]["code"] == "forbidden");
  CHECK(upstream.http().counts().requests == 0);
  CHECK_FALSE(proxy.resource("openai-1")->websocket_refused());
  const auto records = proxy.records().wait_for(1);
  REQUIRE(records.size() == 1);
  CHECK(records[0].status_code == 403);
  CHECK(records[0].attempts.at(0).status_code == 403);
  CHECK(records[0].blame == Blame::resource);
  check_nothing_left(proxy, client);
}

TEST_CASE("a stream of an HTTP upstream that breaks off before its substance moves the turn") {
  for (const Step& end : {Step::close(), Step::reset()}) {
    ScriptedSocketUpstream upstream;
    upstream.refuse_all(426);
    Reply reply;
    reply.headers = {{"Content-Type", "text/event-stream"}};
    reply.steps = {Step::write("data: " + kCreated + "\n\n"), end};
    upstream.http().on_key("sk-a", {reply});
    TestProxy proxy(config_at(upstream, {"sk-a", "sk-b"}));
    SessionClient client(proxy);
    {
      const auto busy = proxy.keep_busy({"openai-2"});
      const auto events = client.ask(create("one"));
      check_whole(events);
      CHECK(type_of(events.back()) == "response.completed");
      CHECK(dump(events.front()).find("resp_bad") == std::string::npos);
    }
    const auto records = proxy.records().wait_for(1);
    REQUIRE(records.at(0).attempts.size() == 2);
    CHECK(records[0].attempts[0].error == "truncated");
    check_nothing_left(proxy, client);
  }
}

TEST_CASE("a stream of an HTTP upstream that is no good ends in one response.failed") {
  const std::string created = "data: " + kCreated + "\n\n";
  const std::string delta = "data: " + kDelta + "\n\n";
  const std::string half = R"(data: {"type":"response.completed","response":{"id":"resp_bad")";
  struct Row {
    const char* what;
    std::string rest;
    bool cut = false;
  };
  for (const Row& row :
       {Row{"a cut inside the terminal event", half, true}, Row{"the same, ended in form", half},
        Row{"the same with a name", "event: response.completed\n" + half},
        Row{"a terminal event that is no JSON", half + "\n\n"},
        Row{"a cut inside another event", delta.substr(0, 30), true},
        Row{"the same, ended in form", delta.substr(0, 30)}, Row{"no terminal event", ""}}) {
    CAPTURE(row.what);
    ScriptedSocketUpstream upstream;
    upstream.refuse_all(426);
    Reply reply;
    reply.headers = {{"Content-Type", "text/event-stream"}};
    reply.steps = {Step::write(created + delta + row.rest)};
    if (row.cut) reply.steps.push_back(Step::close());
    upstream.http().on_key("sk-a", {reply});
    TestProxy proxy(config_at(upstream, {"sk-a"}));
    SessionClient client(proxy);
    const auto events = client.ask(create("one"));
    check_whole(events);
    CHECK(type_of(events.back()) == "response.failed");
    CHECK(text_of(events) == "half");
    CHECK(type_of(client.ask(create("again")).back()) == "response.completed");
    const auto records = proxy.records().wait_for(2);
    REQUIRE(records.size() == 2);
    CHECK(records[0].status_code == 200);
    CHECK_FALSE(records[0].completed);
    CHECK(records[0].error == "truncated");
    CHECK(records[0].blame == Blame::provider);
    CHECK(records[1].completed);
    check_nothing_left(proxy, client);
  }
}

TEST_CASE("a stream of an HTTP upstream is the same with every kind of line end") {
  const std::string completed =
      R"({"response":{"id":"resp_1","output":[{"type":"message"}],)"
      R"("usage":{"input_tokens":11,"output_tokens":7,"total_tokens":18}},)"
      R"("type":"response.completed"})";
  for (const std::string end : {"\n", "\r\n", "\r"}) {
    for (const std::string begin : {"", "\xef\xbb\xbf"}) {
      CAPTURE(end);
      ScriptedSocketUpstream upstream;
      upstream.refuse_all(426);
      Reply reply;
      reply.headers = {{"Content-Type", "text/event-stream"}};
      reply.steps = {Step::write(begin + "data: " + kCreated + end + end),
                     Step::write("data: " + kDelta + end + end + "data: " + completed + end + end)};
      upstream.http().on_key("sk-a", {reply});
      TestProxy proxy(config_at(upstream, {"sk-a"}));
      SessionClient client(proxy);
      const auto events = client.ask(create("one"));
      check_whole(events);
      CHECK(events.size() == 3);
      CHECK(dump(events.back()) == completed);
      const auto records = proxy.records().wait_for(1);
      REQUIRE(records.size() == 1);
      CHECK(records[0].completed);
      CHECK(records[0].usage.total == 18);
      CHECK(records[0].response_id == "resp_1");
    }
  }
}
