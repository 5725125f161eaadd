// What PROXY_CAPTURE_BODIES keeps of a request and its answer.
#include <doctest/doctest.h>
#include <httplib.h>

#include "core/json.h"
#include "fakes/responses_bodies.h"
#include "integration/post.h"
#include "integration/test_proxy.h"

using namespace responses_proxy;
using namespace responses_proxy::testing;

namespace {

Config capturing(const ScriptedUpstream& upstream,
                 const std::vector<std::string>& keys = {"sk-a"}) {
  Config config = config_for(upstream, keys);
  config.capture_bodies = true;
  return config;
}

RequestRecord only_record(TestProxy& proxy) {
  const auto records = proxy.records().wait_for(1);
  REQUIRE(records.size() == 1);
  return records[0];
}

bool has(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

constexpr const char* kStream = R"({"model":"m","stream":true,"input":"x"})";

}  // namespace

TEST_CASE("off by default: no body is kept") {
  ScriptedUpstream upstream;
  TestProxy proxy(config_for(upstream));
  REQUIRE(post(proxy, R"({"model":"m"})"));
  const RequestRecord record = only_record(proxy);
  CHECK(record.request_body.empty());
  CHECK(record.response_body.empty());
}

TEST_CASE("a JSON request and its answer are kept as they are, the request decoded") {
  ScriptedUpstream upstream;
  upstream.on_key("sk-a", {json_response("resp_1", "an answer")});
  TestProxy proxy(capturing(upstream));
  httplib::Client client("127.0.0.1", proxy.port());
  client.set_compress(true);  // gzip
  const std::string body = R"({"model":"m","input":")" + std::string(5000, 'x') + "\"}";
  const auto result = client.Post("/v1/responses", body, "application/json");
  REQUIRE(result);
  const RequestRecord record = only_record(proxy);
  CHECK(record.request_body == body);
  CHECK_FALSE(result->body.empty());
  CHECK(record.response_body == result->body);
}

TEST_CASE("a stream is kept as the client got it") {
  ScriptedUpstream upstream;
  upstream.on_key("sk-a", {sse_stream("resp_1", {"one", "zwei", "\u65e5"})});
  TestProxy proxy(capturing(upstream));
  const auto result = post(proxy, kStream);
  REQUIRE(result);
  CHECK(has(result->body, "response.completed"));
  const RequestRecord record = only_record(proxy);
  CHECK(record.request_body == kStream);
  CHECK(record.response_body == result->body);
}

TEST_CASE("what the proxy adds to a broken stream is kept, too") {
  ScriptedUpstream upstream;
  upstream.on_key("sk-a", {sse_stream("resp_1", {"one", "two"}).insert(5, Step::close())});
  TestProxy proxy(capturing(upstream));
  const auto result = post(proxy, kStream);
  REQUIRE(result);
  CHECK(has(result->body, "response.failed"));
  CHECK(only_record(proxy).response_body == result->body);
}

TEST_CASE("a failed-over request keeps what its client saw and no more") {
  ScriptedUpstream upstream;
  upstream.on_key("sk-a", {sse_failed("resp_bad", "server_is_overloaded", "try later"),
                           error_reply(500, "server_error", "", "broken")});
  upstream.on_key("sk-b", {sse_stream("resp_good", {"fine"}), sse_stream("resp_2", {"fine"})});
  TestProxy proxy(capturing(upstream, {"sk-a", "sk-b"}));
  const auto table = proxy.router().table();
  const Lease busy(table, *table->find("openai-2"), SelectionReason::session_affinity);
  const auto result = post(proxy, kStream);
  REQUIRE(result);
  const RequestRecord record = only_record(proxy);
  CHECK(record.attempts.size() == 2);
  CHECK(record.response_body == result->body);
  CHECK_FALSE(has(record.response_body, "resp_bad"));
  CHECK(record.request_body == kStream);
}

TEST_CASE("each body is cut at a whole character") {
  ScriptedUpstream upstream;
  // The cut goes through a character of three bytes, and the answer has a byte that is none.
  Reply answer;
  answer.headers = {{"Content-Type", "application/json"}};
  answer.body = "{\"a\xFF\":\"" + std::string(200, 'y') + "\"}";
  upstream.on_key("sk-a", {answer});
  Config config = capturing(upstream);
  config.max_capture_bytes = 100;
  TestProxy proxy(config);
  const std::string body = R"({"model":"m","input":"x)" + std::string(100, '\0') + "\"}";
  std::string text = body;
  for (std::size_t at = text.find('\0'); at != std::string::npos; at = text.find('\0')) {
    text.replace(at, 1, "\xE6\x97\xA5");
  }
  const auto result = post(proxy, text);
  REQUIRE(result);
  CHECK(result->body == answer.body);
  const RequestRecord record = only_record(proxy);
  CHECK(record.request_body.size() > 97);
  CHECK(record.request_body.size() <= 100);
  CHECK(text.starts_with(record.request_body));
  CHECK(record.request_body.ends_with("\xE6\x97\xA5"));
  CHECK(record.response_body == "{\"a\xEF\xBF\xBD\":\"" + std::string(91, 'y'));
  CHECK(record.response_bytes == static_cast<std::int64_t>(answer.body.size()));
}

TEST_CASE("0 bytes keep nothing") {
  ScriptedUpstream upstream;
  Config config = capturing(upstream);
  config.max_capture_bytes = 0;
  TestProxy proxy(config);
  REQUIRE(post(proxy, R"({"model":"m"})"));
  CHECK(only_record(proxy).request_body.empty());
}

TEST_CASE("credentials inside bodies are masked, and only on record") {
  ScriptedUpstream upstream;
  Config config = capturing(upstream, {"upstream-key-1", "upstream-key-2"});
  config.client_tokens = {{"alice", Secret("client-token-1")}, {"bob", Secret("client-token-2")}};
  config.admin_token = Secret("admin-token-1");
  const std::vector<std::string> secrets = {
      "upstream-key-1", "upstream-key-2",    "client-token-1",  "client-token-2",
      "admin-token-1",  "sk-proj-whatever1", "some.other-token"};
  std::string words = "Authorization: Bearer some.other-token";
  for (const std::string& secret : secrets) words += " " + secret;
  upstream.on_key("upstream-key-1", {json_response("resp_1", words)});
  upstream.on_key("upstream-key-2", {json_response("resp_1", words)});
  TestProxy proxy(config);
  const std::string body = Json{{"model", "m"}, {"input", words + " kept"}}.dump();
  const auto result = post(proxy, body, {{"Authorization", "Bearer client-token-1"}});
  REQUIRE(result);
  CHECK(result->status == 200);
  CHECK(upstream.requests().at(0).body == body);
  CHECK(has(result->body, "sk-proj-whatever1"));
  const RequestRecord record = only_record(proxy);
  for (const std::string& text : {record.request_body, record.response_body}) {
    for (const std::string& secret : secrets) {
      if (secret != "some.other-token") CHECK_FALSE(has(text, secret));
    }
    CHECK(has(text, "Authorization: Bearer *** ***"));
    CHECK_FALSE(Json::parse(text, nullptr, false).is_discarded());
  }
  CHECK(has(record.request_body, "kept"));
}

TEST_CASE("of a refused request the body is kept when its sender was let in") {
  ScriptedUpstream upstream;
  Config config = capturing(upstream);
  config.client_tokens = {{"alice", Secret("client-token-1")}};
  TestProxy proxy(config);
  const auto stranger = post(proxy, R"({"model":"stranger"})");
  REQUIRE(stranger);
  CHECK(stranger->status == 401);
  const auto broken = post(proxy, "{broken", {{"Authorization", "Bearer client-token-1"}});
  REQUIRE(broken);
  CHECK(broken->status == 400);
  const auto records = proxy.records().wait_for(2);
  REQUIRE(records.size() == 2);
  CHECK(records[0].request_body.empty());
  CHECK(records[0].response_body == stranger->body);
  CHECK(records[1].request_body == "{broken");
  CHECK(records[1].response_body == broken->body);
}
