// Back-pressure both ways, disconnects and shutdown: memory and slots stay bounded.
#include <doctest/doctest.h>

#include <chrono>
#include <thread>
#include <utility>

#include "fakes/responses_bodies.h"
#include "integration/raw_client.h"
#include "integration/test_proxy.h"

using namespace responses_proxy;
using namespace responses_proxy::testing;

namespace {

Reply endless_stream(std::size_t megabytes) {
  Reply reply;
  reply.headers = {{"Content-Type", "text/event-stream"}};
  const std::string event =
      "event: response.output_text.delta\ndata: "
      "{\"type\":\"response.output_text.delta\",\"delta\":\"" +
      std::string(64 * 1024 - 100, 'x') + "\"}\n\n";
  reply.steps = {Step::write(event, megabytes * 16)};
  return reply;
}

// The client takes nothing: everything on the way fills up, and then the upstream's own socket. How
// much it had sent when nothing moved any more; a machine that stands still for that long makes it
// less, never more.
std::uint64_t sent_when_stopped(const ScriptedUpstream& upstream) {
  using Now = std::chrono::steady_clock;
  constexpr auto kStill = std::chrono::milliseconds(500);
  std::uint64_t sent = 0;
  for (auto since = Now::now(); sent == 0 || Now::now() - since < kStill;) {
    const std::uint64_t now = upstream.counts().body_bytes;
    if (now != std::exchange(sent, now)) since = Now::now();
    std::this_thread::yield();
  }
  return sent;
}

}  // namespace

TEST_CASE("a client that does not read stops the upstream, and loses nothing") {
  ScriptedUpstream upstream;
  constexpr std::uint64_t kMegabytes = 64;
  const Reply stream = endless_stream(kMegabytes);
  const std::uint64_t whole = stream.steps[0].text.size() * stream.steps[0].times;
  upstream.on_key("sk-a", {stream});
  TestProxy proxy(config_for(upstream));
  RawClient client(proxy.port());
  client.post(R"({"model":"m","stream":true})");
  client.read_until("\r\n\r\n");

  // The buffers on the way are the kernel's (a few MB for each of the two connections) and the
  // proxy's own (kHighWater and one inbox).
  const std::uint64_t stopped_at = sent_when_stopped(upstream);
  CHECK(stopped_at > client.received());
  CHECK(stopped_at < 24 * 1024 * 1024);
  CHECK(upstream.counts().in_flight == 1);

  const std::string& answer = client.read_to_end();
  CHECK(upstream.counts().body_bytes > whole);  // chunk sizes included
  std::size_t events = 0;
  for (std::size_t at = 0; (at = answer.find("\ndata: ", at)) != std::string::npos; ++at) ++events;
  CHECK(events == stream.steps[0].times + 1);  // and response.failed: it has no terminal event
  CHECK(client.received() > whole);
  CHECK(upstream.wait_until_idle());
  CHECK(proxy.wait_until_idle());
}

TEST_CASE("a client that leaves a stopped stream frees everything") {
  ScriptedUpstream upstream;
  upstream.on_key("sk-a", {endless_stream(64)});
  TestProxy proxy(config_for(upstream));
  RawClient client(proxy.port());
  client.post(R"({"model":"m","stream":true})");
  client.read_until("\r\n\r\n");
  REQUIRE(sent_when_stopped(upstream) < 24 * 1024 * 1024);
  CHECK(proxy.resource("openai-1")->active() == 1);
  client.close();
  CHECK(upstream.wait_for_aborted(1));
  CHECK(proxy.wait_until_idle());
  CHECK(proxy.resource("openai-1")->active() == 0);
  const auto records = proxy.records().wait_for(1);
  REQUIRE(records.size() == 1);
  CHECK(records[0].status_code == 499);
  CHECK(records[0].response_bytes < 24 * 1024 * 1024);
}

TEST_CASE("a client that leaves before the head frees everything") {
  ScriptedUpstream upstream;
  Reply slow = json_response("resp_1", "late");
  slow.before_head = {Step::gate("never")};
  upstream.on_key("sk-a", {slow});
  TestProxy proxy(config_for(upstream));
  RawClient client(proxy.port());
  client.post(R"({"model":"m"})");
  REQUIRE(upstream.wait_for_requests(1));
  client.close();
  CHECK(upstream.wait_for_aborted(1));
  CHECK(proxy.wait_until_idle());
  const auto records = proxy.records().wait_for(1);
  REQUIRE(records.size() == 1);
  CHECK(records[0].status_code == 499);
  REQUIRE(records[0].attempts.size() == 1);
  CHECK(records[0].attempts[0].blame == Blame::client);
}

TEST_CASE("pipelined requests are answered in order") {
  ScriptedUpstream upstream;
  TestProxy proxy(config_for(upstream));
  RawClient client(proxy.port());
  std::string pipeline;
  for (int i = 0; i < 20; ++i) {
    pipeline += "GET /v1/responses/resp_" + std::to_string(i) + " HTTP/1.1\r\nHost: x\r\n" +
                (i == 19 ? "Connection: close\r\n\r\n" : "\r\n");
  }
  client.send(pipeline);
  client.read_to_end();
  const auto requests = upstream.requests();
  REQUIRE(requests.size() == 20);
  for (std::size_t i = 0; i < 20; ++i) {
    CHECK(requests[i].target == "/v1/responses/resp_" + std::to_string(i));
  }
}

TEST_CASE("Expect: 100-continue is answered before the body") {
  ScriptedUpstream upstream;
  TestProxy proxy(config_for(upstream));
  RawClient client(proxy.port());
  client.send(
      "POST /v1/responses HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: "
      "13\r\n\r\n");
  CHECK(client.read_until("\r\n\r\n") == "HTTP/1.1 100 Continue\r\n\r\n");
  client.send(R"({"model":"m"})");
  CHECK(client.read_until("200 OK").find("200 OK") != std::string::npos);
  CHECK_FALSE(upstream.requests().at(0).headers.find("expect"));
}

TEST_CASE("HTTP/1.0 gets its answer without chunks") {
  ScriptedUpstream upstream;
  upstream.on_key("sk-a", {sse_stream("resp_1", {"hi"})});
  TestProxy proxy(config_for(upstream));
  RawClient client(proxy.port());
  const std::string body = R"({"model":"m","stream":true})";
  client.send("POST /v1/responses HTTP/1.0\r\nContent-Length: " + std::to_string(body.size()) +
              "\r\n\r\n" + body);
  const std::string& answer = client.read_to_end();
  CHECK(answer.find("transfer-encoding") == std::string::npos);
  CHECK(answer.find("\r\n\r\nevent: response.created") != std::string::npos);
}

TEST_CASE("shutting down ends an open stream with response.failed") {
  ScriptedUpstream upstream;
  upstream.on_key("sk-a", {sse_stream("resp_s", {"first"}).insert(5, Step::stall())});
  TestProxy proxy(config_for(upstream));
  RawClient client(proxy.port());
  client.post(R"({"model":"m","stream":true})");
  client.read_until("first");
  proxy.proxy().cancel_all();
  const std::string& answer = client.read_until("response.failed");
  CHECK(answer.find("event: response.failed") != std::string::npos);
  CHECK(proxy.wait_until_idle());
  CHECK(upstream.wait_for_aborted(1));
}

TEST_CASE("many requests at once over two loops leave nothing behind") {
  ScriptedUpstream upstream;
  Config config;
  config.resources = resources_at(upstream.base_url(), {"sk-a", "sk-b", "sk-c"});
  TestProxy proxy(config, 2);
  std::vector<std::thread> clients;
  for (int c = 0; c < 8; ++c) {
    clients.emplace_back([&, c] {
      for (int i = 0; i < 25; ++i) {
        RawClient client(proxy.port());
        client.post(i % 2 == 0 ? R"({"model":"m","stream":true})" : R"({"model":"m"})");
        if ((i + c) % 5 == 0) {
          client.close();
        } else {
          client.read_until(i % 2 == 0 ? "response.completed" : "resp_");
        }
      }
    });
  }
  for (std::thread& client : clients) client.join();
  CHECK(proxy.wait_until_idle());
  for (const char* id : {"openai-1", "openai-2", "openai-3"}) {
    CHECK(proxy.resource(id)->active() == 0);
  }
  CHECK(proxy.records().wait_for(160).size() >= 160);
}
