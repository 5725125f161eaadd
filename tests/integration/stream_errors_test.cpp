// Errors inside a 200 stream: what they ask for, and what the proxy makes up when one breaks off.
#include <doctest/doctest.h>
#include <httplib.h>

#include <thread>

#include "core/json.h"
#include "fakes/responses_bodies.h"
#include "integration/post.h"
#include "integration/test_proxy.h"

using namespace responses_proxy;
using namespace responses_proxy::testing;

namespace {

constexpr const char* kStream = R"({"model":"m","stream":true,"input":"x"})";

// created, in_progress, a delta if wanted, response.failed with that error.
Reply failing_stream(const Json& error, bool after_text) {
  Reply reply = sse_stream("resp_1", {"text"});
  reply.steps.resize(after_text ? 5 : 2);
  const Json response = {{"id", "resp_1"}, {"status", "failed"}, {"error", error}};
  const Json event = {{"type", "response.failed"}, {"sequence_number", 5}, {"response", response}};
  reply.steps.push_back(Step::write("event: response.failed\ndata: " + event.dump() + "\n\n"));
  return reply;
}

Json failure_in(const std::string& body) {
  const std::string start = "event: response.failed\ndata: ";
  const auto at = body.rfind(start);
  REQUIRE(at != std::string::npos);
  return Json::parse(body.substr(at + start.size()));
}

std::int64_t blocked_ms(TestProxy& proxy, const std::string& id) {
  return std::chrono::duration_cast<Millis>(proxy.resource(id)->blocked_until() -
                                            proxy.wall_and_cooldowns().steady())
      .count();
}

}  // namespace

TEST_CASE("a wait that an error inside a stream asks for counts as that of a 429") {
  struct {
    const char* error;
    std::int64_t blocked;
  } const cases[] = {
      {R"({"code":"rate_limit_exceeded","headers":{"retry-after":"90"}})", 90'000},
      {R"({"code":"slow_down","headers":{"retry-after-ms":"1500"}})", 1'500},
      {R"({"code":"server_is_overloaded","headers":{"Retry-After":5}})", 5'000},
      {R"({"code":"rate_limit_exceeded","message":"Please try again in 2.5s."})", 2'500},
      {R"({"code":"rate_limit_exceeded","headers":{"retry-after":"9999999"}})", 3'600'000},
  };
  for (const bool after_text : {false, true}) {
    for (const auto& [error, blocked] : cases) {
      CAPTURE(after_text);
      CAPTURE(error);
      ScriptedUpstream upstream;
      upstream.on_key("sk-a", {failing_stream(Json::parse(error), after_text)});
      TestProxy proxy(config_for(upstream));
      REQUIRE(post(proxy, kStream));
      REQUIRE(proxy.wait_until_idle());
      CHECK(blocked_ms(proxy, "openai-1") == blocked);
      CHECK(proxy.resource("openai-1")->health() == Health::degraded);
      const auto next = post(proxy, kStream);
      REQUIRE(next);
      CHECK(next->status == 429);
      CHECK(next->get_header_value("Retry-After") == std::to_string((blocked + 999) / 1000));
    }
  }
}

TEST_CASE("an error without a wish, or one that only the client can change, blocks nothing") {
  for (const char* error :
       {R"({"code":"rate_limit_exceeded","message":"no"})",
        R"({"code":"context_length_exceeded","headers":{"retry-after":"9"}})"}) {
    CAPTURE(error);
    ScriptedUpstream upstream;
    upstream.on_key("sk-a", {failing_stream(Json::parse(error), false)});
    TestProxy proxy(config_for(upstream));
    REQUIRE(post(proxy, kStream));
    REQUIRE(proxy.wait_until_idle());
    CHECK(blocked_ms(proxy, "openai-1") <= 0);
  }
}

TEST_CASE("a failover over an error inside a stream remembers what it asked for") {
  ScriptedUpstream upstream;
  const Json error = {{"code", "rate_limit_exceeded"}, {"message", "try again in 40 seconds"}};
  upstream.on_key("sk-a", {failing_stream(error, false)});
  TestProxy proxy(config_for(upstream, {"sk-a", "sk-b"}));
  const auto table = proxy.router().table();
  const Lease busy(table, *table->find("openai-2"), SelectionReason::session_affinity);
  const auto result = post(proxy, kStream);
  REQUIRE(result);
  CHECK(result->get_header_value("x-proxy-resource-id") == "openai-2");
  CHECK(blocked_ms(proxy, "openai-1") == 40'000);
}

// Codex ends its turn on server_is_overloaded without a retry-after, and on quota codes; it sends
// the request again on server_error.
TEST_CASE("the made-up end of a stream goes on with its numbers and asks for another try") {
  struct {
    const char* what;
    std::size_t at;
    const char* half;
  } const cuts[] = {
      {"after the head", 0, ""},
      {"after created", 1, ""},
      {"in mid-event", 5, "event: response.output_text.delta\ndata: {\"sequence_number\":9"},
      {"after the last delta", 6, ""}};
  for (const auto& [what, at, half] : cuts) {
    CAPTURE(what);
    ScriptedUpstream upstream;
    Reply stream = sse_stream("resp_1", {"alpha", "beta"});
    stream.steps.resize(at);
    stream.steps.push_back(Step::write(half));
    stream.steps.push_back(Step::reset());
    upstream.on_key("sk-a", {stream});
    TestProxy proxy(config_for(upstream));
    const auto result = post(proxy, kStream);
    REQUIRE(result);
    const Json event = failure_in(result->body);
    CHECK(event.at("sequence_number") == at);
    CHECK(event.at("response").at("error").at("code") == "server_error");
    CHECK(event.at("response").at("id") == (at == 0 ? "" : "resp_1"));
  }
}

TEST_CASE("a resumed stream that breaks goes on from where it was resumed") {
  ScriptedUpstream upstream;
  Reply rest = sse_stream("resp_1", {"alpha", "beta"});
  rest.steps.erase(rest.steps.begin(), rest.steps.begin() + 5);  // starting_after=4
  rest.steps.resize(1);
  rest.steps.push_back(Step::reset());
  upstream.add({.key = "", .method = "GET", .path = "", .replies = {rest}, .repeat_last = false});
  TestProxy proxy(config_for(upstream));
  httplib::Client client("127.0.0.1", proxy.port());
  const auto result = client.Get("/v1/responses/resp_1?stream=true&starting_after=4");
  REQUIRE(result);
  CHECK(failure_in(result->body).at("sequence_number") == 6);
}

TEST_CASE("a stream that a shutdown cuts off asks for another try") {
  ScriptedUpstream upstream;
  upstream.on_key("sk-a", {sse_stream("resp_1", {"alpha", "beta"}).insert(5, Step::stall())});
  TestProxy proxy(config_for(upstream));
  httplib::Client client("127.0.0.1", proxy.port());
  client.set_read_timeout(30);
  httplib::Request request;
  request.method = "POST";
  request.path = "/v1/responses";
  request.body = kStream;
  std::string body;
  request.content_receiver = [&](const char* bytes, std::size_t size, std::uint64_t,
                                 std::uint64_t) {
    body.append(bytes, size);
    if (body.find("alpha") != std::string::npos && body.find("failed") == std::string::npos) {
      proxy.proxy().cancel_all();
    }
    return true;
  };
  REQUIRE(client.send(request));
  const Json event = failure_in(body);
  CHECK(event.at("response").at("error").at("code") == "server_error");
  CHECK(event.at("sequence_number") == 5);
  const auto records = proxy.records().wait_for(1);
  REQUIRE(records.size() == 1);
  CHECK(records[0].error == "shutting_down");
  CHECK(records[0].blame == Blame::proxy);
  CHECK(proxy.resource("openai-1")->total_errors() == 0);
}

TEST_CASE("a stream is whole with its terminal event, however its connection ends") {
  for (const char* ending : {"completed", "failed"}) {
    CAPTURE(ending);
    ScriptedUpstream upstream;
    Reply stream = std::string(ending) == "completed"
                       ? sse_stream("resp_1", {"alpha"})
                       : sse_failed("resp_1", "context_length_exceeded", "too long");
    stream.steps.push_back(Step::write("event: half"));
    stream.steps.push_back(Step::reset());
    upstream.on_key("sk-a", {stream});
    TestProxy proxy(config_for(upstream));
    const auto result = post(proxy, kStream);
    REQUIRE(result);
    CHECK(result->body.ends_with("}\n\n"));
    CHECK(result->body.find("broke off") == std::string::npos);
    const auto records = proxy.records().wait_for(1);
    REQUIRE(records.size() == 1);
    CHECK(records[0].completed);
    CHECK(records[0].error ==
          (std::string(ending) == "completed" ? "" : "context_length_exceeded"));
    CHECK(proxy.resource("openai-1")->total_errors() == 0);
  }
}

TEST_CASE("what no JSON parser here can hold passes untouched") {
  ScriptedUpstream upstream;
  TestProxy proxy(config_for(upstream));
  for (const std::string& value :
       {std::string("123456789012345678901234567890"), std::string("1e999"),
        std::string(5000, '[') + std::string(5000, ']')}) {
    const std::string body = R"({"model":"m","unknown":)" + value + "}";
    const auto result = post(proxy, body);
    REQUIRE(result);
    CHECK(result->status == 200);
    CHECK(upstream.requests().back().body == body);
  }
}
