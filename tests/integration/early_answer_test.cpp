// Upstreams that answer before they have read the request's body.
#include <doctest/doctest.h>
#include <httplib.h>

#include "core/json.h"
#include "fakes/responses_bodies.h"
#include "integration/post.h"
#include "integration/test_proxy.h"

using namespace responses_proxy;
using namespace responses_proxy::testing;

namespace {

// More than the kernel takes for a peer that does not read.
std::string large_body(const std::string& start) {
  return start + R"("input":")" + std::string(40'000'000, 'x') + "\"}";
}

Reply early(Reply reply, bool closes) {
  reply.before_body = true;
  if (closes) reply.headers.add("Connection", "close");
  return reply;
}

// `kept`: connections that may go on, idle; one is cut where the rest of the body takes too long.
void check_nothing_is_left(TestProxy& proxy, const ScriptedUpstream& upstream, std::size_t kept) {
  CHECK(proxy.wait_until_idle());
  CHECK(proxy.resource("openai-1")->active() == 0);
  CHECK(upstream.wait_until(
      [kept](const UpstreamCounts& c) { return c.in_flight == 0 && c.open_connections <= kept; }));
}

}  // namespace

TEST_CASE("an error before the body is read is the client's answer") {
  struct {
    int status;
    const char* code;
    Blame blame;
  } const errors[] = {{400, "invalid_prompt", Blame::client},
                      {413, "request_too_large", Blame::client},
                      {429, "rate_limit_exceeded", Blame::resource}};
  const std::string body = large_body(R"({"model":"m",)");
  for (const auto& error : errors) {
    for (const bool closes : {false, true}) {
      CAPTURE(error.status);
      CAPTURE(closes);
      ScriptedUpstream upstream;
      upstream.on_key("sk-a",
                      {early(error_reply(error.status, "some_error", error.code, "no"), closes)});
      TestProxy proxy(config_for(upstream));
      const auto result = post(proxy, body);
      REQUIRE(result);
      CHECK(result->status == error.status);
      CHECK(Json::parse(result->body).at("error").at("code") == error.code);
      const auto records = proxy.records().wait_for(1);
      REQUIRE(records.size() == 1);
      CHECK(records[0].status_code == error.status);
      CHECK(records[0].blame == error.blame);
      REQUIRE(records[0].attempts.size() == 1);
      CHECK(records[0].attempts[0].error == "http_" + std::to_string(error.status));
      CHECK(records[0].request_bytes == static_cast<std::int64_t>(body.size()));
      check_nothing_is_left(proxy, upstream, 0);
    }
  }
}

TEST_CASE("a rate limit before the body is read moves the request, body and all") {
  for (const bool closes : {false, true}) {
    CAPTURE(closes);
    ScriptedUpstream upstream;
    upstream.on_key("sk-a", {early(error_reply(429, "x", "rate_limit_exceeded", "no"), closes)});
    TestProxy proxy(config_for(upstream, {"sk-a", "sk-b"}));
    const auto busy = proxy.keep_busy({"openai-2"});
    const std::string body = large_body(R"({"model":"m",)");
    const auto result = post(proxy, body);
    REQUIRE(result);
    CHECK(result->status == 200);
    REQUIRE(upstream.requests_of("sk-b").size() == 1);
    CHECK(upstream.requests_of("sk-b")[0].body == body);
    const auto records = proxy.records().wait_for(1);
    REQUIRE(records.size() == 1);
    REQUIRE(records[0].attempts.size() == 2);
    CHECK(records[0].attempts[0].status_code == 429);
    CHECK(records[0].blame == Blame::none);
    check_nothing_is_left(proxy, upstream, 1);
  }
}

TEST_CASE("a stream that begins and ends before the body is read comes whole") {
  for (const bool closes : {false, true}) {
    CAPTURE(closes);
    ScriptedUpstream upstream;
    const Reply stream = sse_stream("resp_early", {"already ", "here"});
    std::string expected;
    for (const Step& step : stream.steps) expected += step.text;
    upstream.on_key("sk-a", {early(stream, closes)});
    TestProxy proxy(config_for(upstream));
    const auto result = post(proxy, large_body(R"({"model":"m","stream":true,)"));
    REQUIRE(result);
    CHECK(result->status == 200);
    CHECK(result->body == expected);
    const auto records = proxy.records().wait_for(1);
    REQUIRE(records.size() == 1);
    CHECK(records[0].completed);
    CHECK(records[0].error.empty());
    CHECK(records[0].blame == Blame::none);
    CHECK(records[0].usage.output == 7);
    check_nothing_is_left(proxy, upstream, closes ? 0 : 1);
  }
}

TEST_CASE("an upstream that slams the door over an unread body") {
  ScriptedUpstream upstream;
  Reply slam = error_reply(413, "some_error", "request_too_large", "no");
  slam.before_body = true;
  slam.headers.add("Content-Length", std::to_string(slam.body.size()));
  slam.steps = {Step::write(slam.body), Step::close()};
  upstream.on_key("sk-a", {slam});
  TestProxy proxy(config_for(upstream));
  const auto result = post(proxy, large_body(R"({"model":"m",)"));
  REQUIRE(result);
  // The reset may be seen before the answer is: then there was none.
  const std::string code = Json::parse(result->body).at("error").at("code");
  CHECK(code == (result->status == 413 ? "request_too_large" : "upstream_closed"));
  const auto records = proxy.records().wait_for(1);
  REQUIRE(records.size() == 1);
  CHECK(records[0].status_code == result->status);
  CHECK(records[0].blame == (result->status == 413 ? Blame::client : Blame::provider));
  CHECK(records[0].attempts.size() == 1);
  check_nothing_is_left(proxy, upstream, 0);
}
