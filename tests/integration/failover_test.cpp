// Failover before the first byte has left: hold-back, errors inside a 200, unknown ids.
#include <doctest/doctest.h>
#include <httplib.h>

#include "core/json.h"
#include "fakes/responses_bodies.h"
#include "integration/post.h"
#include "integration/test_proxy.h"

using namespace responses_proxy;
using namespace responses_proxy::testing;

namespace {

std::size_t count(const std::string& text, const std::string& what) {
  std::size_t found = 0;
  for (std::size_t at = text.find(what); at != std::string::npos; at = text.find(what, at + 1)) {
    ++found;
  }
  return found;
}

constexpr const char* kStream = R"({"model":"m","stream":true,"input":"x"})";

}  // namespace

TEST_CASE("an overload reported inside a 200 moves unseen") {
  for (const std::string code : {"server_is_overloaded", "rate_limit_exceeded", "slow_down"}) {
    CAPTURE(code);
    ScriptedUpstream upstream;
    upstream.on_key("sk-a", {sse_failed("resp_bad", code, "try later")});
    upstream.on_key("sk-b", {sse_stream("resp_good", {"fine"})});
    TestProxy proxy(config_for(upstream, {"sk-a", "sk-b"}));
    const auto busy = proxy.keep_busy({"openai-2"});
    const auto result = post(proxy, kStream);
    REQUIRE(result);
    CHECK(result->status == 200);
    CHECK(result->body.find("resp_bad") == std::string::npos);
    CHECK(count(result->body, "event: response.created") == 1);
    CHECK(count(result->body, "event: response.completed") == 1);
    CHECK(result->get_header_value("x-proxy-decision") == "failover");
    CHECK(proxy.resource("openai-1")->health() == Health::degraded);
    const auto records = proxy.records().wait_for(1);
    REQUIRE(records.size() == 1);
    REQUIRE(records[0].attempts.size() == 2);
    CHECK(records[0].attempts[0].error == code);
    CHECK(records[0].attempts[0].status_code == 200);
    CHECK(records[0].attempts[0].blame ==
          (code == "server_is_overloaded" ? Blame::provider : Blame::resource));
    CHECK(records[0].attempts[1].blame == Blame::none);
    CHECK(records[0].error.empty());
    CHECK(records[0].response_id == "resp_good");
  }
}

TEST_CASE("an error that only the client can change is the client's, at once") {
  ScriptedUpstream upstream;
  upstream.on_key("sk-a", {sse_failed("resp_bad", "context_length_exceeded", "too long")});
  TestProxy proxy(config_for(upstream, {"sk-a", "sk-b"}));
  const auto busy = proxy.keep_busy({"openai-2"});
  const auto result = post(proxy, kStream);
  REQUIRE(result);
  CHECK(count(result->body, "event: response.failed") == 1);
  CHECK(result->body.find("context_length_exceeded") != std::string::npos);
  CHECK(upstream.counts().requests == 1);
  CHECK(proxy.resource("openai-1")->health() == Health::unknown);
  const auto records = proxy.records().wait_for(1);
  REQUIRE(records.size() == 1);
  CHECK(records[0].error == "context_length_exceeded");
  CHECK(records[0].blame == Blame::client);
}

TEST_CASE("after the first event of substance nothing moves and nothing is sent twice") {
  ScriptedUpstream upstream;
  Reply broken = sse_stream("resp_1", {"half", "more"});
  broken.insert(5, Step::reset());
  upstream.on_key("sk-a", {broken});
  TestProxy proxy(config_for(upstream, {"sk-a", "sk-b"}));
  const auto busy = proxy.keep_busy({"openai-2"});
  const auto result = post(proxy, kStream);
  REQUIRE(result);
  CHECK(count(result->body, "half") == 1);
  CHECK(count(result->body, "event: response.failed") == 1);
  CHECK(upstream.requests_of("sk-b").empty());
}

TEST_CASE("a stream that breaks before its first event of substance moves") {
  struct {
    const char* what;
    Step end;
  } const cases[] = {{"reset", Step::reset()}, {"closed", Step::close()}};
  for (const auto& ending : cases) {
    CAPTURE(ending.what);
    ScriptedUpstream upstream;
    Reply broken = sse_stream("resp_bad", {"never"});
    broken.steps.resize(2);
    broken.steps.push_back(ending.end);
    upstream.on_key("sk-a", {broken});
    TestProxy proxy(config_for(upstream, {"sk-a", "sk-b"}));
    const auto busy = proxy.keep_busy({"openai-2"});
    const auto result = post(proxy, kStream);
    REQUIRE(result);
    CHECK(result->body.find("resp_bad") == std::string::npos);
    CHECK(count(result->body, "event: response.completed") == 1);
  }
}

TEST_CASE("the hold-back ends after its time") {
  ScriptedUpstream upstream;
  upstream.on_key("sk-a", {sse_stream("resp_1", {"late"}).insert(2, Step::gate("go"))});
  Config config = config_for(upstream, {"sk-a", "sk-b"});
  config.stream_holdback = Millis(20);
  TestProxy proxy(config);
  const auto busy = proxy.keep_busy({"openai-2"});
  httplib::Client client("127.0.0.1", proxy.port());
  std::string seen;
  httplib::Request request;
  request.method = "POST";
  request.path = "/v1/responses";
  request.body = kStream;
  request.content_receiver = [&](const char* data, std::size_t size, std::uint64_t, std::uint64_t) {
    seen.append(data, size);
    // Only reached because created and in_progress came without waiting for more.
    if (seen.find("response.in_progress") != std::string::npos) upstream.open_gate("go");
    return true;
  };
  REQUIRE(client.send(request));
  CHECK(count(seen, "event: response.created") == 1);
  CHECK(count(seen, "event: response.completed") == 1);
}

TEST_CASE("a pinned request is never moved") {
  ScriptedUpstream upstream;
  upstream.on_key("sk-a",
                  {json_response("resp_1", "x"), error_reply(500, "server_error", "", "broken")});
  TestProxy proxy(config_for(upstream, {"sk-a", "sk-b"}));
  auto busy = proxy.keep_busy({"openai-2"});
  REQUIRE(post(proxy, R"({"model":"m"})"));
  const auto result = post(proxy, R"({"model":"m","previous_response_id":"resp_1"})");
  REQUIRE(result);
  CHECK(result->status == 500);
  CHECK(result->get_header_value("x-proxy-resource-id") == "openai-1");
  CHECK(upstream.requests_of("sk-b").empty());
}

TEST_CASE("an id nobody remembers is tried on the next resource, and learnt") {
  ScriptedUpstream upstream;
  const Reply unknown =
      error_reply(400, "invalid_request_error", "previous_response_not_found",
                  "Previous response with id 'resp_old' not found.", "previous_response_id");
  upstream.on_key("sk-a", {unknown});
  TestProxy proxy(config_for(upstream, {"sk-a", "sk-b"}));
  const auto busy = proxy.keep_busy({"openai-2"});
  const std::string body = R"({"model":"m","previous_response_id":"resp_old"})";
  const auto result = post(proxy, body);
  REQUIRE(result);
  CHECK(result->status == 200);
  CHECK(result->get_header_value("x-proxy-resource-id") == "openai-2");
  // The client's id was wrong for that key: not the key's fault.
  CHECK(proxy.resource("openai-1")->total_errors() == 0);
  const auto again = post(proxy, body);
  REQUIRE(again);
  CHECK(again->get_header_value("x-proxy-decision") == "response_affinity");
  CHECK(again->get_header_value("x-proxy-resource-id") == "openai-2");
}

TEST_CASE("an id no resource knows: the upstream's own error") {
  ScriptedUpstream upstream;
  upstream.add({.key = "",
                .method = "GET",
                .path = "",
                .replies = {error_reply(404, "invalid_request_error", "",
                                        "Response with id 'resp_x' not found.")},
                .repeat_last = true});
  TestProxy proxy(config_for(upstream, {"sk-a", "sk-b"}));
  httplib::Client client("127.0.0.1", proxy.port());
  const auto result = client.Get("/v1/responses/resp_x");
  REQUIRE(result);
  CHECK(result->status == 404);
  CHECK(Json::parse(result->body).at("error").at("message") ==
        "Response with id 'resp_x' not found.");
  CHECK(upstream.counts().requests == 2);
}

TEST_CASE("the same 5xx from every resource ejects none of them") {
  ScriptedUpstream upstream;
  upstream.add({.key = "",
                .method = "",
                .path = "",
                .replies = {error_reply(500, "server_error", "", "outage"),
                            error_reply(500, "server_error", "", "outage")},
                .repeat_last = false});
  TestProxy proxy(config_for(upstream, {"sk-a", "sk-b"}));
  const auto outage = post(proxy, R"({"model":"m"})");
  REQUIRE(outage);
  CHECK(outage->status == 500);
  CHECK(proxy.resource("openai-1")->health() == Health::degraded);
  CHECK(proxy.resource("openai-2")->health() == Health::degraded);
  const auto over = post(proxy, R"({"model":"m"})");
  REQUIRE(over);
  CHECK(over->status == 200);
}

TEST_CASE("items that another account made are left out once, and the record says so") {
  ScriptedUpstream upstream;
  const Reply refused = error_reply(400, "invalid_request_error", "invalid_encrypted_content",
                                    "The encrypted content for item rs_1 could not be verified.");
  upstream.on_key("sk-a", {refused});
  TestProxy proxy(config_for(upstream, {"sk-a", "sk-b"}));
  const auto busy = proxy.keep_busy({"openai-2"});
  const std::string head =
      R"({"model":"m", "input":[{"type":"message","role":"user","content":"a" },)";
  const std::string secret =
      R"( {"type":"reasoning","id":"rs_1","encrypted_content":"gAAAA","summary":[]},)";
  const std::string tail = R"({"role":"user","content":"b"}],"store":false})";
  const auto result = post(proxy, head + secret + tail);
  REQUIRE(result);
  CHECK(result->status == 200);
  const auto requests = upstream.requests_of("sk-a");
  REQUIRE(requests.size() == 2);
  CHECK(requests[0].body == head + secret + tail);
  CHECK(Json::parse(requests[1].body) == Json::parse(head + tail));
  const auto records = proxy.records().wait_for(1);
  REQUIRE(records.size() == 1);
  CHECK(records[0].adjusted == "encrypted_items_dropped");
  CHECK(records[0].attempts.size() == 2);
  CHECK(records[0].attempts[0].blame == Blame::client);
}

TEST_CASE("encrypted items refused twice: the upstream's error") {
  ScriptedUpstream upstream;
  upstream.add(
      {.key = "",
       .method = "",
       .path = "",
       .replies = {error_reply(400, "invalid_request_error", "invalid_encrypted_content", "no")},
       .repeat_last = true});
  TestProxy proxy(config_for(upstream, {"sk-a"}));
  const auto result =
      post(proxy, R"({"model":"m","input":[{"type":"reasoning","encrypted_content":"x"}]})");
  REQUIRE(result);
  CHECK(result->status == 400);
  CHECK(upstream.counts().requests == 2);
}

TEST_CASE("live state forgot, the records remember") {
  struct Index final : ResponseIndex {
    void find(EventLoop& loop, std::string response_id, Found found) override {
      loop.post([response_id, found] {
        found(response_id == "resp_durable" ? std::optional<std::string>("openai-2")
                                            : std::nullopt);
      });
    }
  } index;
  ScriptedUpstream upstream;
  TestProxy proxy(config_for(upstream, {"sk-a", "sk-b"}), 1, &index);
  const auto busy = proxy.keep_busy({"openai-2"});
  const auto result = post(proxy, R"({"model":"m","previous_response_id":"resp_durable"})");
  REQUIRE(result);
  CHECK(result->get_header_value("x-proxy-resource-id") == "openai-2");
  CHECK(result->get_header_value("x-proxy-decision") == "response_affinity");
  const auto other = post(proxy, R"({"model":"m","previous_response_id":"resp_other"})");
  REQUIRE(other);
  CHECK(other->get_header_value("x-proxy-resource-id") == "openai-1");
}

TEST_CASE("a pinned resource that is gone is a clear error") {
  ScriptedUpstream upstream;
  Config config = config_for(upstream, {"sk-a"});
  config.resources[0].id = "openai-0123abcd";
  TestProxy proxy(config);
  const auto made = post(proxy, R"({"model":"m"})");
  REQUIRE(made);
  const std::string id = Json::parse(made->body).at("id");
  const auto other = resources_at(upstream.base_url(), {"sk-b"});
  proxy.router().update(other);
  const auto result = post(proxy, R"({"model":"m","previous_response_id":")" + id + "\"}");
  REQUIRE(result);
  CHECK(result->status == 404);
  CHECK(Json::parse(result->body).at("error").at("code") == "response_resource_gone");
  CHECK(upstream.counts().requests == 1);
}

TEST_CASE("a session sticks to what serves it, not to what was only tried") {
  ScriptedUpstream upstream;
  upstream.on_key("sk-b",
                  {error_reply(400, "invalid_request_error", "previous_response_not_found", "no"),
                   error_reply(400, "invalid_request_error", "previous_response_not_found", "no")});
  upstream.on_key("sk-a",
                  {json_response("resp_1", "x"),
                   error_reply(400, "invalid_request_error", "previous_response_not_found", "no")});
  TestProxy proxy(config_for(upstream, {"sk-a", "sk-b"}));
  {
    const auto busy = proxy.keep_busy({"openai-2"});
    REQUIRE(post(proxy, R"({"model":"m","prompt_cache_key":"s"})"));
  }
  const auto unknown =
      post(proxy, R"({"model":"m","prompt_cache_key":"s","previous_response_id":"resp_unknown"})");
  REQUIRE(unknown);
  CHECK(unknown->status == 400);
  const auto next = post(proxy, R"({"model":"m","prompt_cache_key":"s"})");
  REQUIRE(next);
  CHECK(next->get_header_value("x-proxy-resource-id") == "openai-1");
  CHECK(next->get_header_value("x-proxy-decision") == "session_affinity");
}

TEST_CASE("a conversation nobody remembers is tried on the next resource") {
  ScriptedUpstream upstream;
  upstream.on_key("sk-a", {error_reply(404, "invalid_request_error", "",
                                       "Conversation with id 'conv_old' not found.")});
  TestProxy proxy(config_for(upstream, {"sk-a", "sk-b"}));
  const auto busy = proxy.keep_busy({"openai-2"});
  const auto result = post(proxy, R"({"model":"m","conversation":"conv_old"})");
  REQUIRE(result);
  CHECK(result->status == 200);
  CHECK(result->get_header_value("x-proxy-resource-id") == "openai-2");
}

TEST_CASE("a key that is not allowed, not paid for or over its limit is left for another one") {
  for (const int status : {401, 402, 403, 429, 500, 503, 529}) {
    CAPTURE(status);
    ScriptedUpstream upstream;
    upstream.on_key("sk-a", {error_reply(status, "some_error", "some_code", "no")});
    TestProxy proxy(config_for(upstream, {"sk-a", "sk-b"}));
    const auto busy = proxy.keep_busy({"openai-2"});
    const auto result = post(proxy, R"({"model":"m"})");
    REQUIRE(result);
    CHECK(result->status == 200);
    CHECK(result->get_header_value("x-proxy-resource-id") == "openai-2");
  }
}

TEST_CASE("a model that one resource refuses is asked for at the next one") {
  const Reply refusals[] = {
      error_reply(404, "invalid_request_error", "model_not_found", "The model `m-9` is not there."),
      error_reply(400, "invalid_request_error", "model_not_found", "no such model"),
      error_reply(403, "invalid_request_error", "", "Project p has no access to model `m-9`."),
  };
  for (const Reply& refusal : refusals) {
    CAPTURE(refusal.body);
    ScriptedUpstream upstream;
    upstream.on_key("sk-a", {refusal});
    TestProxy proxy(config_for(upstream, {"sk-a", "sk-b"}));
    const auto busy = proxy.keep_busy({"openai-2"});
    const auto result = post(proxy, R"({"model":"m-9"})");
    REQUIRE(result);
    CHECK(result->status == 200);
    CHECK(result->get_header_value("x-proxy-resource-id") == "openai-2");
  }
}

TEST_CASE("a model that nobody has: the last resource's own answer") {
  ScriptedUpstream upstream;
  const Reply refusal = error_reply(404, "invalid_request_error", "model_not_found", "no m");
  upstream.add({.key = "", .method = "", .path = "", .replies = {refusal}, .repeat_last = true});
  TestProxy proxy(config_for(upstream, {"sk-a", "sk-b"}));
  const auto result = post(proxy, R"({"model":"m"})");
  REQUIRE(result);
  CHECK(result->status == 404);
  CHECK(result->body == refusal.body);
  CHECK(upstream.counts().requests == 2);
}

TEST_CASE("a missing model is not a missing id: it counts as an attempt") {
  ScriptedUpstream upstream;
  const Reply refusal = error_reply(404, "invalid_request_error", "model_not_found", "no m");
  upstream.add({.key = "", .method = "", .path = "", .replies = {refusal}, .repeat_last = true});
  Config config = config_for(upstream, {"sk-a", "sk-b", "sk-c"});
  config.max_attempts = 2;
  TestProxy proxy(config);
  const auto result = post(proxy, R"({"model":"m","previous_response_id":"resp_unknown"})");
  REQUIRE(result);
  CHECK(result->status == 404);
  CHECK(upstream.counts().requests == 2);
}

namespace {

std::vector<std::string> keys(std::size_t count) {
  std::vector<std::string> all;
  for (std::size_t i = 0; i < count; ++i) all.push_back("sk-key-" + std::to_string(i));
  return all;
}

}  // namespace

TEST_CASE("tries at resources that do not know an id do not count as attempts") {
  const Reply not_found[] = {
      error_reply(400, "invalid_request_error", "previous_response_not_found", "no"),
      error_reply(404, "invalid_request_error", "", "Response with id 'resp_old' not found."),
  };
  for (const Reply& reply : not_found) {
    CAPTURE(reply.status);
    ScriptedUpstream upstream;
    upstream.add({.key = "", .method = "", .path = "", .replies = std::vector<Reply>(6, reply)});
    Config config = config_for(upstream, keys(7));
    config.max_attempts = 1;
    TestProxy proxy(config);
    const auto result = post(proxy, R"({"model":"m","previous_response_id":"resp_old"})");
    REQUIRE(result);
    CHECK(result->status == 200);
    CHECK(upstream.counts().requests == 7);
    const auto records = proxy.records().wait_for(1);
    REQUIRE(records.size() == 1);
    CHECK(records[0].attempts.size() == 7);
    CHECK(records[0].blame == Blame::none);
    // It is known now.
    const auto again = post(proxy, R"({"model":"m","previous_response_id":"resp_old"})");
    REQUIRE(again);
    CHECK(again->get_header_value("x-proxy-decision") == "response_affinity");
  }
}

TEST_CASE("nobody knows the id: bounded, and the last resource's own answer") {
  ScriptedUpstream upstream;
  upstream.set_default([](const RecordedRequest& request) {
    return error_reply(404, "invalid_request_error", "", "not found by " + request.key);
  });
  TestProxy proxy(config_for(upstream, keys(20)));
  const auto result = post(proxy, R"({"model":"m","previous_response_id":"resp_old"})");
  REQUIRE(result);
  CHECK(result->status == 404);
  CHECK(upstream.counts().requests == 17);  // one, and 16 more
  CHECK(result->body.find("not found by " + upstream.requests().back().key) != std::string::npos);
  const auto records = proxy.records().wait_for(1);
  REQUIRE(records.size() == 1);
  CHECK(records[0].blame == Blame::client);
}
