// Who is calling: the gate's word, on record and at the door.
#include <doctest/doctest.h>

#include "fakes/responses_bodies.h"
#include "fakes/scripted_socket_upstream.h"
#include "integration/post.h"
#include "integration/session_client.h"
#include "integration/socket_client.h"

using namespace responses_proxy;
using namespace responses_proxy::testing;

namespace {

Config config_at(const ScriptedSocketUpstream& upstream) {
  Config config;
  config.resources = resources_at(upstream.base_url(), {"sk-a"});
  return config;
}

int status_of_post(const TestProxy& proxy, const httplib::Headers& headers) {
  const auto result = post(proxy, R"({"model":"m"})", headers);
  REQUIRE(result);
  return result->status;
}

// Knows its users by a header, and one of them may do nothing.
struct HeaderGate final : Gate {
  Result<Caller> admit(const Request& request) override {
    const std::string name(request.headers.get("x-user"));
    if (name == "mallory") {
      return Error::refused(403, "not_allowed", "Not you.");
    }
    return Caller{name};
  }
};

}  // namespace

TEST_CASE("the caller is on record, of a request and of each turn on a socket") {
  ScriptedSocketUpstream upstream;
  Config config = config_at(upstream);
  config.client_tokens = {{"alice", Secret("token-of-alice")}, {"bob", Secret("token-of-bob")}};
  TestProxy proxy(config);
  CHECK(status_of_post(proxy, {{"Authorization", "Bearer token-of-alice"}}) == 200);
  CHECK(status_of_post(proxy, {{"Authorization", "Bearer alice"}}) == 401);
  CHECK(SocketClient(proxy.port()).status() == 401);
  SocketClient socket(proxy.port(), {{"Authorization", "Bearer token-of-bob"}});
  REQUIRE(socket.status() == 101);
  for (int turn = 0; turn < 2; ++turn) {
    REQUIRE(socket.send(create("hi")));
    socket.events_until("response.completed");
  }
  const auto records = proxy.records().wait_for(5);
  REQUIRE(records.size() == 5);
  std::vector<std::string> callers;
  for (const RequestRecord& record : records) callers.push_back(record.caller);
  CHECK(callers == std::vector<std::string>{"alice", "", "", "bob", "bob"});
  CHECK(records[4].method == "WEBSOCKET");
}

TEST_CASE("a host's gate decides about requests and handshakes") {
  ScriptedSocketUpstream upstream;
  HeaderGate gate;
  TestProxy proxy(config_at(upstream), 1, nullptr, {}, false, nullptr, &gate);
  CHECK(status_of_post(proxy, {{"X-User", "carol"}}) == 200);
  CHECK(status_of_post(proxy, {{"X-User", "mallory"}}) == 403);
  CHECK(SocketClient(proxy.port(), {{"X-User", "mallory"}}).status() == 403);
  CHECK(SocketClient(proxy.port(), {{"X-User", "carol"}}).status() == 101);
  const auto records = proxy.records().wait_for(3);
  REQUIRE(records.size() == 3);
  CHECK(records[0].caller == "carol");
  CHECK(records[1].status_code == 403);
  CHECK(records[1].error == "not_allowed");
  CHECK(records[1].attempts.empty());
}
