// What passes a proxy and what must not: headers both ways, and keys that an upstream echoes.
#include <doctest/doctest.h>

#include "core/bounded_id.h"
#include "core/json.h"
#include "fakes/responses_bodies.h"
#include "fakes/scripted_socket_upstream.h"
#include "integration/post.h"
#include "integration/session_client.h"
#include "integration/test_proxy.h"
#include "responses_proxy/metrics.h"

using namespace responses_proxy;
using namespace responses_proxy::testing;

namespace {

const std::string kKey = "sk-proj-qwertyuiopasdfgQWERTY";
const std::string kToken = "tk9f8e7d6c5b4a-zyxwvu";

// The key in the forms an upstream could put it into a JSON string.
std::vector<std::string> spellings(const std::string& secret) {
  std::string percent;
  for (const char c : secret) percent += c == '-' ? std::string("%2D") : std::string(1, c);
  return {secret, "Bearer " + secret, "x-" + secret + "-y", percent,
          "\\u00" + std::string(secret[0] == 's' ? "73" : "63") + secret.substr(1)};
}

// Every text of a record, one after the other.
std::string texts_of(const RequestRecord& record) {
  std::string all;
  for (const std::string& text :
       {record.client_request_id, record.path, record.session_id, record.session_name,
        record.requested_pool_id, record.model, record.model_alias, record.previous_response_id,
        record.response_id, record.error, record.adjusted, record.request_body,
        record.response_body}) {
    all += text + "\n";
  }
  for (const AttemptRecord& attempt : record.attempts) {
    all += attempt.error + "\n" + attempt.upstream_request_id + "\n" + attempt.resource_id + "\n";
  }
  return all;
}

// Neither secret, nor any five characters of it in a row.
void check_free_of(const std::string& text, const std::string& secret) {
  for (std::size_t at = 0; at + 5 <= secret.size(); ++at) {
    CAPTURE(text);
    REQUIRE(text.find(secret.substr(at, 5)) == std::string::npos);
  }
}

Reply echo_in_error(int status, const std::string& spelling) {
  Reply reply;
  reply.status = status;
  reply.headers = {{"Content-Type", "application/json"}, {"x-request-id", "req_" + kKey}};
  reply.body = R"({"error":{"type":")" + spelling + R"(","code":")" + spelling +
               R"(","message":"Incorrect API key provided: )" + spelling + R"(","param":null}})";
  return reply;
}

std::vector<std::string> echoing_events(const std::string& spelling) {
  return {R"({"type":"response.created","response":{"id":"resp_)" + spelling +
              R"(","conversation":{"id":"conv_)" + spelling + R"("}}})",
          R"({"type":"response.failed","response":{"id":"resp_)" + spelling +
              R"(","error":{"code":")" + spelling + R"(","message":")" + spelling + R"("}}})"};
}

Reply echo_in_stream(const std::string& spelling) {
  Reply reply;
  reply.headers = {{"Content-Type", "text/event-stream"}, {"x-request-id", kKey}};
  for (const std::string& event : echoing_events(spelling)) {
    reply.steps.push_back(Step::write("data: " + event + "\n\n"));
  }
  return reply;
}

// What one connection of a WebSocket upstream says: nothing but a refusal, an error, or a stream.
std::vector<SocketScript> echoes_by_socket(const std::string& spelling) {
  SocketScript refusal;
  refusal.refusal = echo_in_error(401, spelling);
  SocketScript error;
  error.answers = {SocketSteps{
      SocketStep::message(R"({"type":"error","status":401,"headers":{"x-request-id":")" + kKey +
                          "\"}," + echo_in_error(401, spelling).body.substr(1))}};
  SocketScript stream;
  SocketSteps events;
  for (const std::string& event : echoing_events(spelling)) {
    events.push_back(SocketStep::message(event));
  }
  stream.answers = {events};
  return {refusal, error, stream};
}

Reply echo_in_document(const std::string& spelling) {
  Reply reply;
  reply.headers = {{"Content-Type", "application/json"}, {"x-request-id", kKey}};
  reply.body = R"({"id":"resp_)" + spelling + R"(","status":"failed","error":{"code":")" +
               spelling + R"(","message":")" + spelling + R"("}})";
  return reply;
}

// Of the one request, where somebody may look: neither the key nor the client's token.
void check_nothing_kept(TestProxy& proxy) {
  const auto records = proxy.records().wait_for(1);
  REQUIRE(records.size() == 1);
  REQUIRE(proxy.wait_until_idle());
  std::string kept = texts_of(records[0]) + proxy.resource("openai-1")->last_error();
  for (const Decision& decision : proxy.decisions()) {
    kept += decision.session_id + decision.session_name + decision.resource_id;
  }
  Metrics metrics;
  metrics.count(records[0]);
  kept += metrics.text({});
  // "sk-pr" of "sk-proj-": what a key begins with is no secret, but nothing of it is left.
  check_free_of(kept, kKey);
  check_free_of(kept, kToken);
  CHECK(kept.find("***") != std::string::npos);
}

}  // namespace

TEST_CASE("a key that the upstream echoes, and the client's token, are kept nowhere") {
  for (const std::string& spelling : spellings(kKey)) {
    std::vector<Reply> replies;
    for (const int status : {400, 401, 403, 404, 429, 500}) {
      replies.push_back(echo_in_error(status, spelling));
    }
    replies.push_back(echo_in_stream(spelling));
    replies.push_back(echo_in_document(spelling));
    for (const Reply& reply : replies) {
      CAPTURE(spelling);
      CAPTURE(reply.status);
      ScriptedUpstream upstream;
      upstream.on_key(kKey, {reply});
      Config config = config_for(upstream, {kKey});
      config.client_tokens = {{"alice", Secret(kToken)}};
      config.capture_bodies = true;
      TestProxy proxy(config);
      const auto result = post(proxy,
                               R"({"model":"m-)" + kToken + R"(","stream":true,"metadata":)" +
                                   R"({"session_name":")" + kToken + "\"}}",
                               {{"Authorization", "Bearer " + kToken},
                                {"X-Proxy-Session-ID", "s-" + kToken},
                                {"X-Request-Id", "r-" + kToken}});
      REQUIRE(result);
      check_nothing_kept(proxy);
    }
  }
}

TEST_CASE("nor by a client's socket, be the key of the environment or registered") {
  for (const std::string& spelling : spellings(kKey)) {
    for (const SocketScript& script : echoes_by_socket(spelling)) {
      for (const bool registered : {false, true}) {
        CAPTURE(spelling);
        CAPTURE(registered);
        ScriptedSocketUpstream upstream;
        upstream.on_connection({script});
        const auto resources = resources_at(upstream.base_url(), {kKey});
        Config config;
        config.client_tokens = {{"alice", Secret(kToken)}};
        config.capture_bodies = true;
        if (!registered) config.resources = resources;
        TestProxy proxy(config);
        if (registered) proxy.router().update(resources);
        SessionClient client(proxy, {{"Authorization", "Bearer " + kToken},
                                     {"X-Proxy-Session-ID", "s-" + kToken},
                                     {"X-Request-Id", "r-" + kToken}});
        client.ask(
            create("hi", {{"model", "m-" + kToken}, {"metadata", {{"session_name", kToken}}}}));
        CHECK(upstream.handshakes().at(0).key == kKey);
        check_nothing_kept(proxy);
      }
    }
  }
}

TEST_CASE("an answer whose id holds the key can be continued") {
  ScriptedUpstream upstream;
  Reply reply = json_response("resp_" + kKey, "x");
  upstream.on_key(kKey, {reply});
  TestProxy proxy(config_for(upstream, {kKey, "sk-another-key"}));
  {
    const auto busy = proxy.keep_busy({"openai-2"});
    REQUIRE(post(proxy, R"({"model":"m"})"));
  }
  const auto busy = proxy.keep_busy({"openai-1"});
  const auto next = post(proxy, R"({"model":"m","previous_response_id":"resp_)" + kKey + "\"}");
  REQUIRE(next);
  CHECK(next->get_header_value("x-proxy-resource-id") == "openai-1");
  CHECK(Json::parse(upstream.requests().back().body)["previous_response_id"] == "resp_" + kKey);
}

TEST_CASE("what is true of the provider's host alone does not come down") {
  ScriptedUpstream upstream;
  Reply reply = json_response("resp_1", "x");
  for (const char* name : {"Set-Cookie", "Alt-Svc", "Strict-Transport-Security", "Keep-Alive",
                           "Proxy-Authenticate", "X-Proxy-Decision", "X-Proxy-Resource-Id"}) {
    reply.headers.add(name, "of-the-provider");
  }
  reply.headers.add("openai-processing-ms", "12");
  reply.headers.add("x-ratelimit-remaining-tokens", "7");
  upstream.on_key("sk-a", {reply});
  TestProxy proxy(config_for(upstream));
  const auto result = post(proxy, R"({"model":"m"})");
  REQUIRE(result);
  for (const auto& [name, value] : result->headers) {
    CAPTURE(name);
    CHECK(value != "of-the-provider");
  }
  CHECK(result->get_header_value("x-proxy-decision") == "weighted_least_connections");
  CHECK(result->get_header_value("openai-processing-ms") == "12");
  CHECK(result->get_header_value("x-ratelimit-remaining-tokens") == "7");
}

TEST_CASE("session and trace headers reach every resource as they came; credentials none") {
  const httplib::Headers kept = {
      {"session_id", "s-1"},          {"session-id", "s-2"},
      {"thread-id", "t-1"},           {"conversation_id", "c-1"},
      {"x-client-request-id", "r-1"}, {"x-codex-turn-state", "abc=="},
      {"x-codex-window-id", "w:0"},   {"traceparent", "00-0af7651916cd43dd8448eb211c80319c-01-01"},
      {"tracestate", "a=1"}};
  httplib::Headers sent = kept;
  for (const char* name : {"X-Api-Key", "Api-Key", "X-Goog-Api-Key", "Cookie", "Authorization"}) {
    sent.emplace(name, "of-the-client");
  }
  ScriptedUpstream upstream;
  upstream.on_key("sk-a", {error_reply(500, "server_error", "", "broken")});
  TestProxy proxy(config_for(upstream, {"sk-a", "sk-b"}));
  const auto busy = proxy.keep_busy({"openai-2"});
  const auto result = post(proxy, R"({"model":"m"})", sent);
  REQUIRE(result);
  CHECK(result->status == 200);
  const auto requests = upstream.requests();
  REQUIRE(requests.size() == 2);
  for (const RecordedRequest& request : requests) {
    for (const auto& [name, value] : kept) {
      CAPTURE(name);
      CHECK(request.headers.get(name) == value);
    }
    for (const Header& field : request.headers) CHECK(field.value != "of-the-client");
    CHECK(request.headers.get("authorization") == "Bearer " + request.key);
  }
}

TEST_CASE("the client's own request id is kept on record, and not in place of the proxy's") {
  ScriptedUpstream upstream;
  TestProxy proxy(config_for(upstream));
  const auto result = post(proxy, R"({"model":"m"})", {{"X-Request-Id", "mine-1"}});
  REQUIRE(result);
  REQUIRE(post(proxy, R"({"model":"m"})"));
  REQUIRE(post(proxy, R"({"model":"m"})", {{"X-Request-Id", std::string(5000, 'x')}}));
  const auto records = proxy.records().wait_for(3);
  REQUIRE(records.size() == 3);
  CHECK(records[0].client_request_id == "mine-1");
  CHECK(result->get_header_value("x-request-id") == records[0].request_id);
  CHECK(upstream.requests().at(0).headers.get("x-request-id") == "mine-1");
  CHECK(records[1].client_request_id.empty());
  CHECK(records[2].client_request_id == bounded_id(std::string(5000, 'x')));
}
