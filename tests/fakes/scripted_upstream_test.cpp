// The fake itself: a test that stands on it must be able to trust what it records and counts.
#include "fakes/scripted_upstream.h"

#include <doctest/doctest.h>
#include <httplib.h>

#include <atomic>
#include <thread>

#include "fakes/responses_bodies.h"
#include "integration/raw_client.h"

namespace responses_proxy::testing {

namespace {

httplib::Client client_of(const ScriptedUpstream& upstream) {
  httplib::Client client("127.0.0.1", upstream.port());
  client.set_keep_alive(true);
  return client;
}

httplib::Result post(httplib::Client& client, const std::string& key, const std::string& body) {
  return client.Post("/v1/responses", {{"X-First", "1"}, {"Authorization", "Bearer " + key}}, body,
                     "application/json");
}

std::vector<Json> events_of(const Reply& reply) {
  std::vector<Json> events;
  for (const Step& step : reply.steps) {
    const std::size_t data = step.text.find("\ndata: ") + 7;
    events.push_back(Json::parse(step.text.substr(data)));
  }
  return events;
}

}  // namespace

TEST_CASE("replies go by key and by number, then to the default") {
  ScriptedUpstream upstream;
  upstream.on_key("sk-a", {error_reply(429, "rate_limit_error", "rate_limit_exceeded", "Slow down"),
                           json_response("resp_a", "second")});
  httplib::Client client = client_of(upstream);
  CHECK(post(client, "sk-a", "{}")->status == 429);
  CHECK(post(client, "sk-b", "{}")->body.find("Hello from sk-b.") != std::string::npos);
  CHECK(post(client, "sk-a", "{}")->body.find("second") != std::string::npos);
  CHECK(post(client, "sk-a", "{}")->body.find("Hello from sk-a.") != std::string::npos);
  CHECK(upstream.requests_of("sk-a").size() == 3);
}

TEST_CASE("a rule can be for one path and repeat its last reply") {
  ScriptedUpstream upstream;
  upstream.add({"", "GET", "/v1/models", {json_reply(Json::object(), 503)}, true});
  httplib::Client client = client_of(upstream);
  CHECK(client.Get("/v1/models?x=1")->status == 503);
  CHECK(client.Get("/v1/models")->status == 503);
  CHECK(client.Get("/v1/responses/resp_1")->status == 200);
}

TEST_CASE("requests are recorded as they came, connections are told apart") {
  ScriptedUpstream upstream;
  httplib::Client client = client_of(upstream);
  REQUIRE(post(client, "sk-a", R"({"input": "hi"})"));
  REQUIRE(post(client, "sk-a", "{}"));
  httplib::Client other = client_of(upstream);
  REQUIRE(post(other, "sk-a", "{}"));
  const auto requests = upstream.requests();
  REQUIRE(requests.size() == 3);
  CHECK(requests[0].method == "POST");
  CHECK(requests[0].target == "/v1/responses");
  CHECK(requests[0].body == R"({"input": "hi"})");
  CHECK(requests[0].headers.get("content-type") == "application/json");
  CHECK(requests[0].connection == 1);
  CHECK(requests[1].connection == 1);
  CHECK(requests[2].connection == 2);
  CHECK(upstream.counts().connections == 2);
}

TEST_CASE("a stream waits at its gate and then goes on") {
  ScriptedUpstream upstream;
  upstream.on_key("sk-a", {sse_stream("resp_1", {"one", "two"}).insert(5, Step::gate("go"))});
  std::string received;
  std::atomic<bool> opened{false};
  httplib::Client client = client_of(upstream);
  httplib::Request request;
  request.method = "POST";
  request.path = "/v1/responses";
  request.set_header("Authorization", "Bearer sk-a");
  request.content_receiver = [&](const char* data, std::size_t size, std::uint64_t, std::uint64_t) {
    received.append(data, size);
    if (!opened && received.find("\"delta\":\"one\"") != std::string::npos) {
      CHECK(received.find("\"delta\":\"two\"") == std::string::npos);
      CHECK(upstream.counts().in_flight == 1);
      opened = true;
      upstream.open_gate("go");
    }
    return true;
  };
  REQUIRE(client.send(request));
  CHECK(opened);
  CHECK(received.find("response.completed") != std::string::npos);
  CHECK(upstream.wait_until_idle());
  CHECK(upstream.counts().aborted == 0);
}

TEST_CASE("a client that leaves in the middle is counted") {
  ScriptedUpstream upstream;
  upstream.on_key("sk-a", {sse_stream("resp_1", {"one", "two"}).insert(5, Step::stall())});
  {
    httplib::Client client = client_of(upstream);
    httplib::Request request;
    request.method = "POST";
    request.path = "/v1/responses";
    request.set_header("Authorization", "Bearer sk-a");
    request.content_receiver = [](const char*, std::size_t, std::uint64_t, std::uint64_t) {
      return false;
    };
    CHECK_FALSE(client.send(request));
  }
  CHECK(upstream.wait_for_aborted(1));
  CHECK(upstream.wait_until(
      [](const UpstreamCounts& c) { return c.in_flight == 0 && c.open_connections == 0; }));
}

TEST_CASE("connections can be closed and reset at any point") {
  Reply before;
  before.before_head = {Step::reset()};
  Reply garbage;
  garbage.before_head = {Step::write("nonsense\r\n\r\n"), Step::close()};
  Reply short_body;
  short_body.headers = {{"Content-Length", "100"}};
  short_body.steps = {Step::write("short"), Step::close()};
  Reply cut_stream = sse_stream("resp_1", {"one"}).insert(3, Step::reset());

  ScriptedUpstream upstream;
  upstream.on_key("sk-a", {before, garbage, short_body, cut_stream});
  for (int i = 0; i < 4; ++i) {
    httplib::Client client = client_of(upstream);
    CHECK_FALSE(post(client, "sk-a", "{}"));
  }
  CHECK(upstream.wait_until_idle());
  CHECK(upstream.counts().requests == 4);
  CHECK(upstream.counts().aborted == 0);
}

TEST_CASE("an answer may come before the request's body") {
  Reply refused = error_reply(413, "invalid_request_error", "too_large", "Too large");
  refused.before_body = true;
  ScriptedUpstream upstream;
  upstream.on_key("sk-a", {refused});
  RawClient client(upstream.port());
  const std::string head =
      "POST /v1/responses HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer sk-a\r\n"
      "Expect: 100-continue\r\nContent-Length: 2\r\n\r\n";
  client.send(head);
  CHECK(client.read_until("Too large").starts_with("HTTP/1.1 413 "));
  CHECK(upstream.requests().at(0).body.empty());
  client.send("{}" + head);  // the body is thrown away, the connection goes on
  CHECK(client.read_until("100 Continue").find("100 Continue") != std::string::npos);
  client.send("{}");
  CHECK(client.read_until("Hello from sk-a.").find("Hello from sk-a.") != std::string::npos);
  CHECK(upstream.requests().at(1).body == "{}");
  CHECK(upstream.counts().connections == 1);
}

TEST_CASE("an upstream that is destroyed lets go of everything that waits") {
  auto upstream = std::make_unique<ScriptedUpstream>();
  Reply never;
  never.before_head = {Step::gate("never opened")};
  upstream->on_key("sk-a", {never});
  httplib::Client client = client_of(*upstream);
  std::thread waiting([&client] { CHECK_FALSE(post(client, "sk-a", "{}")); });
  CHECK(upstream->wait_for_requests(1));
  upstream.reset();
  waiting.join();
}

TEST_CASE("streams have every event in order") {
  const auto events = events_of(sse_stream("resp_1", {"a", "b"}, {.input = 3, .output = 2}));
  std::vector<std::string> types;
  for (std::size_t i = 0; i < events.size(); ++i) {
    CHECK(events[i]["sequence_number"] == i);
    types.push_back(events[i]["type"]);
  }
  CHECK(types ==
        std::vector<std::string>{"response.created", "response.in_progress",
                                 "response.output_item.added", "response.content_part.added",
                                 "response.output_text.delta", "response.output_text.delta",
                                 "response.output_text.done", "response.content_part.done",
                                 "response.output_item.done", "response.completed"});
  const Json& response = events.back()["response"];
  CHECK(response["id"] == "resp_1");
  CHECK(response["output"][0]["content"][0]["text"] == "ab");
  CHECK(response["usage"]["total_tokens"] == 5);
}

}  // namespace responses_proxy::testing
