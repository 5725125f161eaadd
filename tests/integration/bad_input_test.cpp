// Bad input gets a clear answer, loses nothing, and sends nothing upstream.
#include <doctest/doctest.h>
#include <httplib.h>

#include <vector>

#include "core/json.h"
#include "fakes/responses_bodies.h"
#include "integration/test_proxy.h"

using namespace responses_proxy;
using namespace responses_proxy::testing;

namespace {

struct BadRequest {
  const char* what;
  std::string method;
  std::string target;
  Headers headers;
  std::string body;
  int status;
  std::string code;
  std::string param;  // "" = null
};

std::vector<BadRequest> bad_requests() {
  const std::string path = "/v1/responses";
  return {
      {"truncated JSON", "POST", path, {}, R"({"model":"m","input":)", 400, "invalid_json", ""},
      {"no JSON", "POST", path, {}, "hello", 400, "invalid_json", ""},
      {"bytes behind the JSON", "POST", path, {}, R"({"model":"m"} x)", 400, "invalid_json", ""},
      {"invalid UTF-8", "POST", path, {}, "{\"model\":\"\xff\"}", 400, "invalid_json", ""},
      {"empty body", "POST", path, {}, "", 400, "empty_body", ""},
      {"an array", "POST", path, {}, "[1]", 400, "invalid_body", ""},
      {"a string", "POST", path, {}, "\"x\"", 400, "invalid_body", ""},
      {"model", "POST", path, {}, R"({"model":7})", 400, "invalid_type", "model"},
      {"stream",
       "POST",
       path,
       {},
       R"({"model":"m","stream":"yes"})",
       400,
       "invalid_type",
       "stream"},
      {"previous response",
       "POST",
       path,
       {},
       R"({"previous_response_id":{}})",
       400,
       "invalid_type",
       "previous_response_id"},
      {"conversation",
       "POST",
       path,
       {},
       R"({"conversation":[1]})",
       400,
       "invalid_type",
       "conversation"},
      {"metadata", "POST", path, {}, R"({"metadata":"x"})", 400, "invalid_type", "metadata"},
      {"session id",
       "POST",
       path,
       {},
       R"({"metadata":{"session_id":1}})",
       400,
       "invalid_type",
       "metadata.session_id"},
      {"pool id",
       "POST",
       path,
       {},
       R"({"metadata":{"pool_id":false}})",
       400,
       "invalid_type",
       "metadata.pool_id"},
      {"cache key",
       "POST",
       path,
       {},
       R"({"prompt_cache_key":1})",
       400,
       "invalid_type",
       "prompt_cache_key"},
      {"unknown pool",
       "POST",
       path,
       {},
       R"({"metadata":{"pool_id":"nope"}})",
       400,
       "unknown_pool",
       "metadata.pool_id"},
      {"unknown pool in header",
       "POST",
       path,
       {{"X-Pool-ID", "no\"pe"}},
       R"({"model":"m"})",
       400,
       "unknown_pool",
       "x-pool-id"},
      {"unknown path", "POST", "/v1/nothing", {}, "{}", 404, "unknown_path", ""},
      {"path beside", "POST", "/v1/responsesx", {}, "{}", 404, "unknown_path", ""},
      {"method", "PUT", path, {}, "{}", 405, "method_not_allowed", ""},
      {"GET", "GET", path, {}, "", 405, "method_not_allowed", ""},
      {"models", "POST", "/v1/models", {}, "{}", 405, "method_not_allowed", ""},
      {"compact", "POST", "/v1/responses/compact", {}, "nope", 400, "invalid_json", ""},
      {"upgrade", "GET", path, {{"Upgrade", "websocket"}}, "", 426, "websocket_not_supported", ""},
      {"not the encoding it says",
       "POST",
       path,
       {{"Content-Encoding", "zstd"}},
       "{}",
       400,
       "invalid_content_encoding",
       "content-encoding"},
      {"too large", "POST", path, {}, std::string(70'000, ' '), 413, "body_too_large", ""},
  };
}

httplib::Result send(const TestProxy& proxy, const BadRequest& bad) {
  httplib::Client client("127.0.0.1", proxy.port());
  httplib::Request request;
  request.method = bad.method;
  request.path = bad.target;
  request.body = bad.body;
  for (const Header& field : bad.headers) {
    request.set_header(std::string(field.name), std::string(field.value));
  }
  return client.send(request);
}

}  // namespace

TEST_CASE("bad requests are refused before anything is sent") {
  ScriptedUpstream upstream;
  Config config;
  config.resources = resources_at(upstream.base_url(), {"sk-secret-key-1234"});
  config.max_body_bytes = 65'536;
  TestProxy proxy(config);
  for (const BadRequest& bad : bad_requests()) {
    CAPTURE(bad.what);
    const auto result = send(proxy, bad);
    REQUIRE(result);
    CHECK(result->status == bad.status);
    CHECK(result->get_header_value("content-type") == "application/json");
    const Json error = Json::parse(result->body).at("error");
    CHECK(error.at("type") == "invalid_request_error");
    CHECK(error.at("code") == bad.code);
    CHECK(error.at("param") == (bad.param.empty() ? Json(nullptr) : Json(bad.param)));
    CHECK_FALSE(error.at("message").get<std::string>().empty());
  }
  CHECK(upstream.counts().requests == 0);
  CHECK(proxy.resource("openai-1")->total_requests() == 0);
}

TEST_CASE("a refused request is on record, too") {
  ScriptedUpstream upstream;
  Config config;
  config.resources = resources_at(upstream.base_url(), {"sk-a"});
  TestProxy proxy(config);
  httplib::Client client("127.0.0.1", proxy.port());
  const auto result = client.Post("/v1/responses", "{", "application/json");
  REQUIRE(result);
  const auto records = proxy.records().wait_for(1);
  REQUIRE(records.size() == 1);
  CHECK(records[0].request_id == result->get_header_value("x-request-id"));
  CHECK(records[0].status_code == 400);
  CHECK(records[0].error == "invalid_json");
  CHECK(records[0].blame == Blame::client);
  CHECK(records[0].attempts.empty());
}

TEST_CASE("client tokens") {
  ScriptedUpstream upstream;
  Config config;
  config.resources = resources_at(upstream.base_url(), {"sk-a"});
  config.client_tokens = {{"alice", Secret("token-1")}, {"bob", Secret("token-2")}};
  TestProxy proxy(config);
  httplib::Client client("127.0.0.1", proxy.port());
  const auto status_with = [&](const httplib::Headers& headers) {
    const auto result =
        client.Post("/v1/responses", headers, R"({"model":"m"})", "application/json");
    REQUIRE(result);
    return result->status;
  };
  CHECK(status_with({}) == 401);
  CHECK(status_with({{"Authorization", "Bearer wrong"}}) == 401);
  CHECK(status_with({{"Authorization", "Bearer "}}) == 401);
  CHECK(status_with({{"Authorization", "Basic token-1"}}) == 401);
  CHECK(upstream.counts().requests == 0);
  CHECK(status_with({{"Authorization", "Bearer token-2"}}) == 200);
  CHECK(status_with({{"Authorization", "bearer token-1"}}) == 200);
}

TEST_CASE("no resource configured") {
  TestProxy proxy(Config{});
  httplib::Client client("127.0.0.1", proxy.port());
  const auto result = client.Post("/v1/responses", R"({"model":"m"})", "application/json");
  REQUIRE(result);
  CHECK(result->status == 503);
  CHECK(Json::parse(result->body).at("error").at("message") == "No provider resources configured");
}

TEST_CASE("every resource out: Retry-After is the soonest return") {
  ScriptedUpstream upstream;
  const auto limited = [](const std::string& seconds) {
    Reply reply = error_reply(429, "rate_limit_error", "rate_limit_exceeded", "slow down");
    reply.headers.set("Retry-After", seconds);
    return reply;
  };
  upstream.on_key("sk-a", {limited("120")});
  upstream.on_key("sk-b", {limited("45")});
  Config config;
  config.resources = resources_at(upstream.base_url(), {"sk-a", "sk-b"});
  TestProxy proxy(config);
  httplib::Client client("127.0.0.1", proxy.port());
  const auto first = client.Post("/v1/responses", R"({"model":"m"})", "application/json");
  REQUIRE(first);
  CHECK(first->status == 429);
  const auto out = client.Post("/v1/responses", R"({"model":"m"})", "application/json");
  REQUIRE(out);
  CHECK(out->status == 429);
  CHECK(out->get_header_value("retry-after") == "45");
  CHECK(
      Json::parse(out->body).at("error").at("message") ==
      "No available resources are registered: openai-1 degraded (HTTP 429: slow down; back in 120 "
      "s), openai-2 degraded (HTTP 429: slow down; back in 45 s)");
  CHECK(upstream.counts().requests == 2);
  proxy.wall_and_cooldowns().advance(std::chrono::seconds(46));
  const auto back = client.Post("/v1/responses", R"({"model":"m"})", "application/json");
  REQUIRE(back);
  CHECK(back->status == 200);
  CHECK(back->get_header_value("x-proxy-resource-id") == "openai-2");
}
