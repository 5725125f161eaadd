// Time-outs name themselves, and odd answers of upstreams.
#include <doctest/doctest.h>
#include <httplib.h>

#include "core/json.h"
#include "fakes/responses_bodies.h"
#include "integration/post.h"
#include "integration/test_proxy.h"

using namespace responses_proxy;
using namespace responses_proxy::testing;

namespace {

constexpr const char* kStream = R"({"model":"m","stream":true})";

Reply slow_head() {
  Reply reply = json_response("resp_1", "late");
  reply.before_head = {Step::stall()};
  return reply;
}

}  // namespace

TEST_CASE("first byte") {
  ScriptedUpstream upstream;
  upstream.on_key("sk-a", {slow_head()});
  Config config = config_for(upstream);
  config.first_byte_timeout = Millis(50);
  TestProxy proxy(config);
  const auto result = post(proxy, R"({"model":"m"})");
  REQUIRE(result);
  CHECK(result->status == 504);
  CHECK(Json::parse(result->body).at("error").at("code") == "upstream_first_byte_timeout");
  const auto records = proxy.records().wait_for(1);
  REQUIRE(records.size() == 1);
  CHECK(records[0].attempts.at(0).error == "first_byte_timeout");
  CHECK(records[0].blame == Blame::provider);
  CHECK(upstream.wait_for_aborted(1));
}

TEST_CASE("total") {
  ScriptedUpstream upstream;
  upstream.on_key("sk-a", {slow_head()});
  Config config = config_for(upstream);
  config.request_timeout = Millis(100);
  TestProxy proxy(config);
  const auto result = post(proxy, R"({"model":"m"})");
  REQUIRE(result);
  CHECK(result->status == 504);
  CHECK(Json::parse(result->body).at("error").at("code") == "upstream_total_timeout");
  const auto records = proxy.records().wait_for(1);
  REQUIRE(records.size() == 1);
  CHECK(records[0].attempts.at(0).error == "total_timeout");
  CHECK(records[0].blame == Blame::provider);
  CHECK(upstream.wait_for_aborted(1));
  CHECK(proxy.resource("openai-1")->active() == 0);
}

TEST_CASE("total, in mid-stream") {
  ScriptedUpstream upstream;
  upstream.on_key("sk-a", {sse_stream("resp_1", {"some text", "never"}).insert(5, Step::stall())});
  Config config = config_for(upstream);
  config.request_timeout = Millis(300);
  TestProxy proxy(config);
  const auto result = post(proxy, kStream);
  REQUIRE(result);
  CHECK(result->body.find("some text") != std::string::npos);
  CHECK(result->body.find("event: response.failed") != std::string::npos);
  CHECK(result->body.find("total_timeout") != std::string::npos);
  const auto records = proxy.records().wait_for(1);
  REQUIRE(records.size() == 1);
  CHECK(records[0].attempts.at(0).error == "total_timeout");
  CHECK(records[0].text_bytes == 9);
  CHECK(upstream.wait_for_aborted(1));
}

TEST_CASE("idle in mid-stream") {
  ScriptedUpstream upstream;
  upstream.on_key("sk-a", {sse_stream("resp_1", {"some text", "never"}).insert(5, Step::stall())});
  Config config = config_for(upstream);
  config.idle_timeout = Millis(100);
  TestProxy proxy(config);
  const auto result = post(proxy, kStream);
  REQUIRE(result);
  CHECK(result->body.find("some text") != std::string::npos);
  CHECK(result->body.find("event: response.failed") != std::string::npos);
  CHECK(result->body.find("idle_timeout") != std::string::npos);
  const auto records = proxy.records().wait_for(1);
  REQUIRE(records.size() == 1);
  CHECK(records[0].attempts.at(0).error == "idle_timeout");
  CHECK(records[0].text_bytes == 9);
}

TEST_CASE("answers that end with the connection") {
  const std::string json = json_response("resp_close", "x").body;
  std::string events;
  for (const Step& step : sse_stream("resp_close", {"x"}).steps) events += step.text;
  struct {
    const char* what;
    std::string head;
    std::string body;
  } const answers[] = {
      {"HTTP/1.0, JSON", "HTTP/1.0 200 OK\r\nContent-Type: application/json\r\n\r\n", json},
      {"HTTP/1.1, JSON", "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n", json},
      {"HTTP/1.0, events", "HTTP/1.0 200 OK\r\nContent-Type: text/event-stream\r\n\r\n", events},
      {"HTTP/1.1, events",
       "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Type: text/event-stream\r\n\r\n", events},
      {"an interim answer first",
       "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n",
       json},
  };
  for (const auto& answer : answers) {
    CAPTURE(answer.what);
    ScriptedUpstream upstream;
    Reply plain;
    plain.before_head = {Step::write(answer.head + answer.body), Step::close()};
    upstream.on_key("sk-a", {plain});
    TestProxy proxy(config_for(upstream));
    const auto result = post(proxy, answer.body == json ? R"({"model":"m"})" : kStream);
    REQUIRE(result);
    CHECK(result->status == 200);
    CHECK(result->body == answer.body);
    const auto records = proxy.records().wait_for(1);
    REQUIRE(records.size() == 1);
    CHECK(records[0].response_id == "resp_close");
    CHECK(records[0].completed);
    CHECK(records[0].blame == Blame::none);
    CHECK(proxy.wait_until_idle());
    CHECK(upstream.wait_until([](const UpstreamCounts& c) { return c.open_connections == 0; }));
  }
}

TEST_CASE("an HTTP/1.0 answer with a length keeps no connection") {
  ScriptedUpstream upstream;
  const std::string json = json_response("resp_10", "x").body;
  Reply plain;
  plain.before_head = {
      Step::write("HTTP/1.0 200 OK\r\nContent-Type: application/json\r\n"
                  "Content-Length: " +
                  std::to_string(json.size()) + "\r\n\r\n" + json)};
  upstream.on_key("sk-a", {plain, plain});
  TestProxy proxy(config_for(upstream));
  for (int i = 0; i < 2; ++i) {
    const auto result = post(proxy, R"({"model":"m"})");
    REQUIRE(result);
    CHECK(result->body == json);
  }
  CHECK(upstream.counts().connections == 2);
  CHECK(upstream.wait_until([](const UpstreamCounts& c) { return c.open_connections == 0; }));
}

TEST_CASE("garbage instead of an answer") {
  ScriptedUpstream upstream;
  Reply garbage;
  garbage.before_head = {Step::write("SSH-2.0-OpenSSH_9\r\n"), Step::close()};
  upstream.on_key("sk-a", {garbage});
  TestProxy proxy(config_for(upstream));
  const auto result = post(proxy, R"({"model":"m"})");
  REQUIRE(result);
  CHECK(result->status == 502);
  CHECK(Json::parse(result->body).at("error").at("code") == "upstream_protocol");
}

TEST_CASE("a JSON answer that is cut is not passed off as whole") {
  ScriptedUpstream upstream;
  Reply cut;
  cut.headers = {{"Content-Type", "application/json"}, {"Content-Length", "100000"}};
  cut.steps = {Step::write(R"({"id":"resp_1","output":")" + std::string(80'000, 'x')),
               Step::close()};
  upstream.on_key("sk-a", {cut});
  TestProxy proxy(config_for(upstream));
  CHECK_FALSE(post(proxy, R"({"model":"m"})"));  // the connection breaks
  const auto records = proxy.records().wait_for(1);
  REQUIRE(records.size() == 1);
  CHECK_FALSE(records[0].completed);
  CHECK(records[0].error == "truncated");
}

TEST_CASE("streams end honestly, wherever they are cut") {
  struct {
    const char* what;
    std::size_t at;
    Step step;
    bool close;
  } const cuts[] = {
      {"after the head", 0, Step::close(), true},
      {"in mid-event", 5, Step::write("event: response.output_text.delta\ndata: {\"type\":\"resp"),
       true},
      {"garbage in mid-stream", 5, Step::write("\x01\x02 no event at all"), true},
      {"after the last delta", 6, Step::close(), true},
  };
  for (const auto& cut : cuts) {
    CAPTURE(cut.what);
    ScriptedUpstream upstream;
    Reply stream = sse_stream("resp_1", {"alpha", "beta"});
    stream.insert(cut.at, cut.step).insert(cut.at + 1, Step::close());
    upstream.on_key("sk-a", {stream});
    TestProxy proxy(config_for(upstream));
    const auto result = post(proxy, kStream);
    REQUIRE(result);
    const auto failed = result->body.rfind("event: response.failed\ndata: ");
    REQUIRE(failed != std::string::npos);
    // Everything before it is whole events, and what was cut is not among them.
    CHECK((failed == 0 || result->body.substr(failed - 2, 2) == "\n\n"));
    CHECK(result->body.find("no event") == std::string::npos);
    const Json event = Json::parse(result->body.substr(failed + 29));
    CHECK(event.at("response").at("status") == "failed");
    CHECK(event.at("response").at("error").at("code") == "server_error");
    const auto records = proxy.records().wait_for(1);
    REQUIRE(records.size() == 1);
    CHECK(records[0].error == "truncated");
    CHECK(records[0].blame == Blame::provider);
    CHECK_FALSE(records[0].completed);
    CHECK(records[0].text_bytes == (cut.at == 0 ? 0 : cut.at == 5 ? 5 : 9));
  }
}

TEST_CASE("a request that may have been carried out is not sent again on a fresh connection") {
  ScriptedUpstream upstream;
  Reply first = json_response("resp_1", "x");
  upstream.on_key(
      "sk-a",
      {first,
       Reply{.status = 200, .headers = {}, .body = "", .steps = {}, .before_head = {Step::close()}},
       json_response("resp_2", "y")});
  TestProxy proxy(config_for(upstream));
  REQUIRE(post(proxy, R"({"model":"m"})"));
  // The upstream has read the second request on the kept connection before it closes that.
  const auto result = post(proxy, R"({"model":"m"})");
  REQUIRE(result);
  CHECK(result->status == 502);
  CHECK(Json::parse(result->body).at("error").at("code") == "upstream_closed");
  CHECK(upstream.counts().requests == 2);
}
