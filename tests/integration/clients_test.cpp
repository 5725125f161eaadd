// Clients with bad manners: slow, conflicting, too large, gone.
#include <doctest/doctest.h>

#include <optional>

#include "fakes/compressed.h"
#include "fakes/responses_bodies.h"
#include "integration/post.h"
#include "integration/raw_client.h"
#include "integration/test_proxy.h"

using namespace responses_proxy;
using namespace responses_proxy::testing;

namespace {

// The listener looks at its clients' deadlines once a second.
HttpLimits impatient() {
  HttpLimits limits;
  limits.head_timeout = limits.body_timeout = limits.idle_timeout = limits.linger_timeout =
      Millis(1);
  return limits;
}

std::string answer_to(const TestProxy& proxy, const std::string& bytes) {
  RawClient client(proxy.port());
  client.send(bytes);
  return client.read_to_end();
}

}  // namespace

TEST_CASE("slow heads, slow bodies and idle connections are closed, and nothing went upstream") {
  ScriptedUpstream upstream;
  TestProxy proxy(config_for(upstream), 1, nullptr, impatient());
  for (const std::string bytes :
       {"", "POST /v1/resp", "POST /v1/responses HTTP/1.1\r\nHost: x\r\n",
        "POST /v1/responses HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{\"model\""}) {
    CAPTURE(bytes);
    RawClient client(proxy.port());
    if (!bytes.empty()) client.send(bytes);
    client.read_to_end();  // returns only because the proxy closes
  }
  CHECK(upstream.counts().requests == 0);
  CHECK(proxy.proxy().active_exchanges() == 0);
}

TEST_CASE("conflicting framing is refused") {
  ScriptedUpstream upstream;
  TestProxy proxy(config_for(upstream));
  const std::string start = "POST /v1/responses HTTP/1.1\r\nHost: x\r\n";
  for (const std::string fields :
       {"Content-Length: 5\r\nContent-Length: 6\r\n",
        "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n",
        "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n", "Content-Length: -1\r\n",
        "Content-Length: 5x\r\n", "Transfer-Encoding: gzip\r\nContent-Length: 5\r\n",
        "Bad Header: x\r\n", "X-Pool: a\rb\r\n"}) {
    CAPTURE(fields);
    const std::string answer = answer_to(proxy, start + fields + "\r\n0\r\n\r\n{}");
    CHECK(answer.starts_with("HTTP/1.1 400 "));
    CHECK(answer.find("\"code\":\"malformed_request\"") != std::string::npos);
  }
  CHECK(upstream.counts().requests == 0);
}

TEST_CASE("bytes that are no HTTP") {
  ScriptedUpstream upstream;
  TestProxy proxy(config_for(upstream));
  CHECK(answer_to(proxy, "\x16\x03\x01 hello\r\n\r\n").starts_with("HTTP/1.1 400 "));
  CHECK(answer_to(proxy, "GET\r\n\r\n").starts_with("HTTP/1.1 400 "));
}

TEST_CASE("heads over the limit") {
  ScriptedUpstream upstream;
  TestProxy proxy(config_for(upstream));
  const std::string big(70 * 1024, 'a');
  CHECK(answer_to(proxy, "GET /v1/models HTTP/1.1\r\nX-Big: " + big + "\r\n\r\n")
            .starts_with("HTTP/1.1 431 "));
  CHECK(
      answer_to(proxy, "GET /v1/models?" + big + " HTTP/1.1\r\n\r\n").starts_with("HTTP/1.1 431 "));
  CHECK(upstream.counts().requests == 0);
}

TEST_CASE("a body over the limit is refused while it is still being sent, chunked or not") {
  ScriptedUpstream upstream;
  Config config = config_for(upstream);
  config.max_body_bytes = 1000;
  TestProxy proxy(config);
  const std::string announced = answer_to(
      proxy, "POST /v1/responses HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n{\"model\"");
  CHECK(announced.starts_with("HTTP/1.1 413 "));
  const std::string asked = answer_to(proxy,
                                      "POST /v1/responses HTTP/1.1\r\nHost: x\r\nExpect: "
                                      "100-continue\r\nContent-Length: 100000\r\n\r\n");
  CHECK(asked.starts_with("HTTP/1.1 413 "));  // and not 100
  std::string chunked =
      "POST /v1/responses HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n";
  for (int i = 0; i < 20; ++i) chunked += "64\r\n" + std::string(100, ' ') + "\r\n";
  CHECK(answer_to(proxy, chunked + "0\r\n\r\n").starts_with("HTTP/1.1 413 "));
  CHECK(upstream.counts().requests == 0);
}

TEST_CASE("a chunked request body goes up whole") {
  ScriptedUpstream upstream;
  TestProxy proxy(config_for(upstream));
  const std::string answer = answer_to(proxy,
                                       "POST /v1/responses HTTP/1.1\r\nHost: x\r\nConnection: "
                                       "close\r\nTransfer-Encoding: chunked\r\n\r\n"
                                       "9\r\n{\"model\":\r\n4\r\n\"m\"}\r\n0\r\n\r\n");
  CHECK(answer.starts_with("HTTP/1.1 200 "));
  CHECK(upstream.requests().at(0).body == R"({"model":"m"})");
}

TEST_CASE("compressed bodies go up decoded, and bombs do not go off") {
  Config config;
  config.max_body_bytes = 1'000'000;
  const std::string text = R"({"model":"m","input":")" + std::string(900'000, 'x') + "\"}";
  const std::string bomb = R"({"model":"m","input":")" + std::string(50'000'000, 'x') + "\"}";
  struct {
    const char* encoding;
    std::string body;
    std::string bomb;
  } const encodings[] = {{"gzip", gzip(text), gzip(bomb)},
                         {"deflate", deflated(text, 15), deflated(bomb, 15)},
                         {"zstd", zstd(text), zstd(bomb)}};
  for (const auto& [encoding, body, packed_bomb] : encodings) {
    CAPTURE(encoding);
    ScriptedUpstream upstream;
    config.resources = resources_at(upstream.base_url(), {"sk-a"});
    TestProxy proxy(config);
    const auto result = post(proxy, body, {{"Content-Encoding", encoding}});
    REQUIRE(result);
    CHECK(result->status == 200);
    REQUIRE(upstream.requests().size() == 1);
    CHECK((upstream.requests()[0].body == text));
    CHECK_FALSE(upstream.requests()[0].headers.find("content-encoding"));

    REQUIRE(packed_bomb.size() < config.max_body_bytes);
    const auto refused = post(proxy, packed_bomb, {{"Content-Encoding", encoding}});
    REQUIRE(refused);
    CHECK(refused->status == 413);
    CHECK(upstream.counts().requests == 1);
    const auto records = proxy.records().wait_for(2);
    REQUIRE(records.size() == 2);
    CHECK(records[1].status_code == 413);
    CHECK(records[1].blame == Blame::client);
    CHECK(records[1].attempts.empty());
  }
}

TEST_CASE("ids with control characters break nothing") {
  ScriptedUpstream upstream;
  TestProxy proxy(config_for(upstream));
  RawClient client(proxy.port());
  client.post(R"({"model":"m\r\nX-Evil: 1","metadata":{"session_id":"a\r\nX-Evil: 1\u0000b",)"
              R"("session_name":"\u001b[31m"},"previous_response_id":"resp_\r\nX-Evil: 1"})");
  const std::string answer = client.read_to_end();
  CHECK(answer.starts_with("HTTP/1.1 200 "));
  CHECK(answer.find("X-Evil") == std::string::npos);
  const auto records = proxy.records().wait_for(1);
  REQUIRE(records.size() == 1);
  CHECK(records[0].session_id == std::string("a\r\nX-Evil: 1\0b", 14));
}

TEST_CASE("a client that leaves in the middle of its body") {
  ScriptedUpstream upstream;
  TestProxy proxy(config_for(upstream));
  {
    RawClient client(proxy.port());
    client.send("POST /v1/responses HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{\"model\"");
  }
  RawClient next(proxy.port());
  next.post(R"({"model":"m"})");
  CHECK(next.read_to_end().starts_with("HTTP/1.1 200 "));
  CHECK(upstream.counts().requests == 1);
}

TEST_CASE("a client that leaves, in every phase of a stream") {
  struct {
    const char* what;
    std::size_t stall_at;    // where the upstream waits
    std::string read_until;  // what the client leaves after; "" = when the upstream has the request
    std::int64_t text_bytes;
    std::optional<std::int64_t> tokens;  // known once the whole answer has reached the client
  } const phases[] = {
      {"held back", 2, "", 0, std::nullopt},
      {"begun", 4, "content_part.added", 0, std::nullopt},
      {"in its text", 6, "half", 9, std::nullopt},
      {"behind its last event", 10, "event: response.completed", 9, 18},
  };
  for (const auto& phase : phases) {
    CAPTURE(phase.what);
    ScriptedUpstream upstream;
    upstream.on_key(
        "sk-a", {sse_stream("resp_1", {"first", "half"}).insert(phase.stall_at, Step::stall())});
    Config config = config_for(upstream, {"sk-a", "sk-b"});
    config.stream_holdback = std::chrono::hours(1);
    TestProxy proxy(config);
    const auto busy = proxy.keep_busy({"openai-2"});
    RawClient client(proxy.port());
    client.post(R"({"model":"m","stream":true})");
    REQUIRE(upstream.wait_for_requests(1));
    if (!phase.read_until.empty()) client.read_until(phase.read_until);
    client.close();
    CHECK(upstream.wait_for_aborted(1));
    const auto records = proxy.records().wait_for(1);
    REQUIRE(records.size() == 1);
    const bool whole = phase.tokens.has_value();
    CHECK(records[0].status_code == (whole ? 200 : 499));
    CHECK(records[0].error == (whole ? "" : "client_closed"));
    CHECK(records[0].blame == (whole ? Blame::none : Blame::client));
    CHECK(records[0].completed == whole);
    CHECK(records[0].text_bytes == phase.text_bytes);
    CHECK(records[0].usage.total == phase.tokens);
    CHECK(records[0].attempts.size() == 1);
    CHECK(proxy.wait_until_idle());
    CHECK(proxy.resource("openai-1")->active() == 0);
    CHECK(proxy.resource("openai-1")->total_errors() == 0);
    CHECK(upstream.requests_of("sk-b").empty());
  }
}
