// The main job: JSON and SSE through the proxy, unharmed, to the right key, on record.
#include <doctest/doctest.h>
#include <httplib.h>

#include "core/json.h"
#include "fakes/responses_bodies.h"
#include "integration/test_proxy.h"

using namespace responses_proxy;
using namespace responses_proxy::testing;

namespace {

httplib::Client client_of(const TestProxy& proxy) {
  httplib::Client client("127.0.0.1", proxy.port());
  client.set_read_timeout(30);
  return client;
}

}  // namespace

TEST_CASE("a JSON request and its answer pass byte for byte") {
  ScriptedUpstream upstream;
  // Odd white space, key order, unknown fields and duplicate-looking content survive.
  const std::string answer = R"({ "id":"resp_42", "object":"response","status":"completed",)"
                             R"("new_field":[1, 2.50,{"x":null}],)"
                             R"("usage":{"input_tokens":5,"output_tokens":3,"total_tokens":8}} )";
  Reply reply;
  reply.headers = {{"Content-Type", "application/json"},
                   {"X-RateLimit-Remaining-Requests", "99"},
                   {"x-request-id", "req_upstream"},
                   {"openai-processing-ms", "12"}};
  reply.body = answer;
  upstream.on_key("sk-one", {reply});
  TestProxy proxy(config_for(upstream, {"sk-one"}));

  const std::string body =
      "{\"model\" : \"gpt-x\",\n \"input\":\"h\\u00e9llo\", \"zz\":1.0e3,"
      "\"tools\":[{\"type\":\"from_the_future\"}],\"metadata\":{\"session_id\":\"s1\",\"session_"
      "name\":\"one\"}}";
  auto client = client_of(proxy);
  const auto result = client.Post("/v1/responses",
                                  {{"Authorization", "Bearer client-token"},
                                   {"OpenAI-Beta", "x=1"},
                                   {"Cookie", "secret=1"},
                                   {"X-Proxy-Session-Name", "from header"},
                                   {"x-api-key", "sk-client"}},
                                  body, "application/json");
  REQUIRE(result);
  CHECK(result->status == 200);
  CHECK(result->body == answer);
  CHECK(result->get_header_value("x-ratelimit-remaining-requests") == "99");
  CHECK(result->get_header_value("openai-processing-ms") == "12");
  CHECK(result->get_header_value("x-upstream-request-id") == "req_upstream");
  CHECK(result->get_header_value("x-proxy-resource-id") == "openai-1");
  CHECK(result->get_header_value("x-proxy-decision") == "weighted_least_connections");

  const auto requests = upstream.requests();
  REQUIRE(requests.size() == 1);
  CHECK(requests[0].body == body);
  CHECK(requests[0].target == "/v1/responses");
  CHECK(requests[0].headers.get("authorization") == "Bearer sk-one");
  CHECK(requests[0].headers.get("openai-beta") == "x=1");
  CHECK_FALSE(requests[0].headers.find("cookie"));
  CHECK_FALSE(requests[0].headers.find("x-api-key"));
  CHECK_FALSE(requests[0].headers.find("x-proxy-session-name"));

  const auto records = proxy.records().wait_for(1);
  REQUIRE(records.size() == 1);
  const RequestRecord& record = records[0];
  CHECK(record.request_id == result->get_header_value("x-request-id"));
  CHECK(record.status_code == 200);
  CHECK(record.completed);
  CHECK(record.model == "gpt-x");
  CHECK(record.session_id == "s1");
  CHECK(record.session_name == "from header");
  CHECK(record.response_id == "resp_42");
  CHECK(record.usage.input == 5);
  CHECK(record.usage.total == 8);
  REQUIRE(record.attempts.size() == 1);
  CHECK(record.attempts[0].resource_id == "openai-1");
  CHECK(record.attempts[0].upstream_request_id == "req_upstream");
  CHECK(record.attempts[0].blame == Blame::none);
}

TEST_CASE("a stream passes byte for byte and teaches id and usage") {
  ScriptedUpstream upstream;
  const Reply stream = sse_stream("resp_s", {"Hel", "lo ", "world"}, {20, 9, 4, 2});
  std::string expected;
  for (const Step& step : stream.steps) expected += step.text;
  upstream.on_key("sk-one", {stream});
  TestProxy proxy(config_for(upstream, {"sk-one"}));

  auto client = client_of(proxy);
  const auto result = client.Post("/v1/responses", R"({"model":"m","stream":true,"input":"x"})",
                                  "application/json");
  REQUIRE(result);
  CHECK(result->status == 200);
  CHECK(result->get_header_value("content-type").starts_with("text/event-stream"));
  CHECK(result->body == expected);

  const auto records = proxy.records().wait_for(1);
  REQUIRE(records.size() == 1);
  CHECK(records[0].stream);
  CHECK(records[0].completed);
  CHECK(records[0].response_id == "resp_s");
  CHECK(records[0].usage.input == 20);
  CHECK(records[0].usage.output == 9);
  CHECK(records[0].usage.cached == 4);
  CHECK(records[0].usage.reasoning == 2);
}

TEST_CASE("events reach the client while the stream is still open") {
  ScriptedUpstream upstream;
  upstream.on_key("sk-one",
                  {sse_stream("resp_s", {"first", "second"}).insert(5, Step::gate("go"))});
  TestProxy proxy(config_for(upstream, {"sk-one"}));

  auto client = client_of(proxy);
  std::string seen;
  httplib::Request request;
  request.method = "POST";
  request.path = "/v1/responses";
  request.body = R"({"model":"m","stream":true})";
  request.set_header("Content-Type", "application/json");
  request.content_receiver = [&](const char* data, std::size_t size, std::uint64_t, std::uint64_t) {
    seen.append(data, size);
    if (seen.find("first") != std::string::npos) upstream.open_gate("go");
    return true;
  };
  const auto result = client.send(request);
  REQUIRE(result);
  CHECK(seen.find("response.completed") != std::string::npos);
}

TEST_CASE("a continuation goes to the resource that made the response, a session sticks") {
  ScriptedUpstream upstream;
  TestProxy proxy(config_for(upstream, {"sk-a", "sk-b", "sk-c", "sk-d"}));
  auto client = client_of(proxy);

  const auto first =
      client.Post("/v1/responses", R"({"model":"m","input":"x"})", "application/json");
  REQUIRE(first);
  const std::string id = Json::parse(first->body).at("id");
  const std::string home = first->get_header_value("x-proxy-resource-id");
  for (int i = 0; i < 8; ++i) {
    const auto next = client.Post(
        "/v1/responses", R"({"model":"m","input":"y","previous_response_id":")" + id + "\"}",
        "application/json");
    REQUIRE(next);
    CHECK(next->get_header_value("x-proxy-resource-id") == home);
    CHECK(next->get_header_value("x-proxy-decision") == "response_affinity");
  }
  const auto get = client.Get("/v1/responses/" + id);
  REQUIRE(get);
  CHECK(get->get_header_value("x-proxy-resource-id") == home);
  CHECK(get->get_header_value("x-proxy-decision") == "response_affinity");

  std::string session_home;
  for (int i = 0; i < 8; ++i) {
    const auto turn = client.Post("/v1/responses", {{"session-id", "codex-session"}},
                                  R"({"model":"m","input":"z"})", "application/json");
    REQUIRE(turn);
    const std::string resource = turn->get_header_value("x-proxy-resource-id");
    if (i == 0) session_home = resource;
    CHECK(resource == session_home);
    CHECK(turn->get_header_value("x-proxy-decision") ==
          (i == 0 ? "weighted_least_connections" : "session_affinity"));
  }
}

TEST_CASE("conversations pin like responses") {
  ScriptedUpstream upstream;
  upstream.set_default([](const RecordedRequest& request) {
    if (request.target == "/v1/conversations") {
      return json_reply({{"id", "conv_1"}, {"object", "conversation"}});
    }
    return default_answer(request);
  });
  TestProxy proxy(config_for(upstream, {"sk-a", "sk-b", "sk-c", "sk-d"}));
  auto client = client_of(proxy);
  const auto made = client.Post("/v1/conversations", "{}", "application/json");
  REQUIRE(made);
  const std::string home = made->get_header_value("x-proxy-resource-id");
  for (const std::string body : {R"({"model":"m","conversation":"conv_1"})",
                                 R"({"model":"m","conversation":{"id":"conv_1"}})"}) {
    const auto turn = client.Post("/v1/responses", body, "application/json");
    REQUIRE(turn);
    CHECK(turn->get_header_value("x-proxy-resource-id") == home);
    CHECK(turn->get_header_value("x-proxy-decision") == "response_affinity");
  }
  const auto items = client.Get("/v1/conversations/conv_1/items?limit=5");
  REQUIRE(items);
  CHECK(items->get_header_value("x-proxy-resource-id") == home);
  CHECK(upstream.requests().back().target == "/v1/conversations/conv_1/items?limit=5");
}

TEST_CASE("an error inside the limits of failover moves to another key") {
  ScriptedUpstream upstream;
  upstream.on_key("sk-a", {error_reply(429, "rate_limit_error", "rate_limit_exceeded", "slow"),
                           error_reply(429, "rate_limit_error", "rate_limit_exceeded", "slow")});
  TestProxy proxy(config_for(upstream, {"sk-a", "sk-b"}));
  auto client = client_of(proxy);
  // Whichever key is picked first, the answer is good; the second request avoids the bad key.
  for (int i = 0; i < 2; ++i) {
    const auto result = client.Post("/v1/responses", R"({"model":"m"})", "application/json");
    REQUIRE(result);
    CHECK(result->status == 200);
    CHECK(result->get_header_value("x-proxy-resource-id") == "openai-2");
  }
}

TEST_CASE("when every key fails the last answer is the client's") {
  ScriptedUpstream upstream;
  upstream.add({.key = "",
                .method = "",
                .path = "",
                .replies = {error_reply(503, "server_error", "server_is_overloaded", "busy")},
                .repeat_last = true});
  TestProxy proxy(config_for(upstream, {"sk-a", "sk-b"}));
  auto client = client_of(proxy);
  const auto result = client.Post("/v1/responses", R"({"model":"m"})", "application/json");
  REQUIRE(result);
  CHECK(result->status == 503);
  CHECK(Json::parse(result->body).at("error").at("code") == "server_is_overloaded");
  const auto records = proxy.records().wait_for(1);
  REQUIRE(records.size() == 1);
  CHECK(records[0].attempts.size() == 2);
  CHECK(records[0].attempts[1].reason == SelectionReason::failover);
  CHECK(records[0].blame == Blame::provider);
}

TEST_CASE("a client that leaves frees its slot and its upstream at once") {
  ScriptedUpstream upstream;
  upstream.on_key("sk-one", {sse_stream("resp_s", {"first", "second"}).insert(5, Step::stall())});
  TestProxy proxy(config_for(upstream, {"sk-one"}));
  auto client = client_of(proxy);
  httplib::Request request;
  request.method = "POST";
  request.path = "/v1/responses";
  request.body = R"({"model":"m","stream":true})";
  request.content_receiver = [&](const char*, std::size_t, std::uint64_t, std::uint64_t) {
    return false;  // hang up
  };
  CHECK_FALSE(client.send(request));
  client.stop();
  CHECK(upstream.wait_for_aborted(1));
  const auto records = proxy.records().wait_for(1);
  REQUIRE(records.size() == 1);
  CHECK(records[0].status_code == 499);
  CHECK(records[0].blame == Blame::client);
  CHECK_FALSE(records[0].completed);
  CHECK(proxy.wait_until_idle());
  CHECK(proxy.resource("openai-1")->active() == 0);
  CHECK(proxy.resource("openai-1")->total_errors() == 0);
}

TEST_CASE("a cut stream ends in response.failed") {
  ScriptedUpstream upstream;
  upstream.on_key("sk-one", {sse_stream("resp_s", {"first", "second"}).insert(5, Step::reset())});
  TestProxy proxy(config_for(upstream, {"sk-one"}));
  auto client = client_of(proxy);
  const auto result =
      client.Post("/v1/responses", R"({"model":"m","stream":true})", "application/json");
  REQUIRE(result);
  const auto at = result->body.find("event: response.failed\ndata: ");
  REQUIRE(at != std::string::npos);
  CHECK(result->body.find("first") < at);
  const Json event = Json::parse(result->body.substr(at + 29));
  CHECK(event.at("sequence_number") == 5);
  CHECK(event.at("response").at("id") == "resp_s");
  const auto records = proxy.records().wait_for(1);
  REQUIRE(records.size() == 1);
  CHECK(records[0].error == "truncated");
  CHECK(records[0].blame == Blame::provider);
}

TEST_CASE("nobody at the upstream's address") {
  Config config;
  config.resources = resources_at("http://127.0.0.1:1/v1", {"sk-one"});
  TestProxy proxy(config);
  auto client = client_of(proxy);
  const auto result = client.Post("/v1/responses", R"({"model":"m"})", "application/json");
  REQUIRE(result);
  CHECK(result->status == 502);
  CHECK(Json::parse(result->body).at("error").at("code") == "upstream_connect_refused");
}
