// Items that an input refers to are known to the account that made them, as its responses are.
#include <doctest/doctest.h>

#include "fakes/responses_bodies.h"
#include "integration/post.h"
#include "integration/session_client.h"
#include "integration/test_proxy.h"

using namespace responses_proxy;
using namespace responses_proxy::testing;

namespace {

struct Seen {
  int status;
  std::string resource;
  std::string decision;
  friend bool operator==(const Seen&, const Seen&) = default;
};

Seen ask(const TestProxy& proxy, const Json& more) {
  Json body = {{"model", "m"}};
  body.update(more);
  const auto result = post(proxy, dump(body));
  REQUIRE(result);
  return {result->status, result->get_header_value("x-proxy-resource-id"),
          result->get_header_value("x-proxy-decision")};
}

Json reference(const std::string& id) {
  return {{"type", "item_reference"}, {"id", id}};
}

Json input(const std::vector<std::string>& ids) {
  Json items = Json::array();
  for (const std::string& id : ids) items.push_back(reference(id));
  return {{"input", items}};
}

Reply item_not_found(const std::string& id) {
  return error_reply(404, "invalid_request_error", "", "Item with id '" + id + "' not found.",
                     "input");
}

// Two keys; the first request goes to openai-1.
struct Rig {
  Rig() : proxy(config_for(upstream, {"sk-a", "sk-b"})) {}

  Seen ask_first(const Json& more = Json::object()) {
    const auto busy = proxy.keep_busy({"openai-2"});
    return ask(proxy, more);
  }

  ScriptedUpstream upstream;
  TestProxy proxy;
};

const Seen kFound{200, "openai-1", "response_affinity"};

}  // namespace

TEST_CASE("a reference finds the account, whatever form the answer had") {
  for (const bool stream : {false, true}) {
    CAPTURE(stream);
    Rig rig;
    CHECK(rig.ask_first({{"stream", stream}}).resource == "openai-1");
    const auto busy = rig.proxy.keep_busy({"openai-1"});
    CHECK(ask(rig.proxy, input({"msg_resp_1"})) == kFound);
    CHECK(ask(rig.proxy, input({"msg_never"})).resource == "openai-2");
  }
}

TEST_CASE("a reference finds the account of a turn over a WebSocket, and from one") {
  Rig rig;
  std::string id;
  {
    const auto busy = rig.proxy.keep_busy({"openai-2"});
    SessionClient client(rig.proxy);
    const Json end = client.ask(create("Hi", {{"store", true}})).back();
    REQUIRE(type_of(end) == "response.completed");
    id = end.at("response").at("output").at(0).at("id");
  }
  const auto busy = rig.proxy.keep_busy({"openai-1"});
  CHECK(ask(rig.proxy, input({id})) == kFound);
  SessionClient client(rig.proxy);
  client.ask(create("Hi", input({id})));
  const auto records = rig.proxy.records().wait_for(3);
  REQUIRE(records.size() == 3);
  CHECK(records[2].attempts.at(0).resource_id == "openai-1");
  CHECK(records[2].attempts.at(0).reason == SelectionReason::response_affinity);
}

TEST_CASE("what was not stored cannot be referred to") {
  Rig rig;
  rig.ask_first({{"store", false}});
  CHECK(ask(rig.proxy, input({"msg_resp_1"})).decision != "response_affinity");
  Json unstored = response_object("resp_x", "x");
  unstored["store"] = false;
  rig.upstream.on_key("sk-a", {json_reply(unstored)});
  rig.ask_first();
  CHECK(ask(rig.proxy, input({"msg_resp_x"})).decision != "response_affinity");
}

TEST_CASE("what is named outright goes first, then the last item that anybody remembers") {
  Rig rig;
  auto& state = rig.proxy.state();
  state.remember_affinity({AffinityKind::item, "msg_a"}, "openai-1", {});
  state.remember_affinity({AffinityKind::item, "msg_b"}, "openai-2", {});
  state.remember_affinity({AffinityKind::response, "resp_b"}, "openai-2", {});
  CHECK(ask(rig.proxy, input({"msg_b", "msg_a", "msg_new"})) == kFound);
  CHECK(ask(rig.proxy, input({"msg_a", "msg_b"})).resource == "openai-2");
  for (const Json& named :
       {Json{{"previous_response_id", "resp_b"}}, Json{{"conversation", "resp_b"}}}) {
    Json body = input({"msg_a"});
    body.update(named);
    CHECK(ask(rig.proxy, body).resource == "openai-2");
  }
  // The id of a response is none of an item.
  CHECK(ask(rig.proxy, input({"resp_b"})).decision != "response_affinity");
}

TEST_CASE("an item that nobody remembers is tried on the next resource, and remembered") {
  Rig rig;
  rig.upstream.on_key("sk-a", {item_not_found("msg_old")});
  CHECK(rig.ask_first(input({"msg_old"})) == Seen{200, "openai-2", "failover"});
  CHECK(ask(rig.proxy, input({"msg_old"})) == Seen{200, "openai-2", "response_affinity"});
  CHECK(rig.upstream.counts().requests == 3);
}

TEST_CASE("what a request only compares with is preferred, not required") {
  Rig rig;
  rig.ask_first();
  const Json compared = {{"prompt_cache_options", {{"comparison_response_id", "resp_1"}}}};
  {
    const auto busy = rig.proxy.keep_busy({"openai-1"});
    CHECK(ask(rig.proxy, compared) == kFound);
  }
  REQUIRE(rig.proxy.wait_until_idle());  // its own verdict is in
  Verdict out{Health::unhealthy, std::chrono::minutes(1), Millis(0), true, "HTTP 401"};
  rig.proxy.resource("openai-1")->apply(out, rig.proxy.wall_and_cooldowns().steady());
  Json in_session = compared;
  in_session["prompt_cache_key"] = "s";
  CHECK(ask(rig.proxy, in_session).resource == "openai-2");
  CHECK(ask(rig.proxy, {{"prompt_cache_key", "s"}}) == Seen{200, "openai-2", "session_affinity"});
}

TEST_CASE("an id in the path is known however it is encoded, and goes up as it came") {
  Rig rig;
  rig.ask_first();
  const auto busy = rig.proxy.keep_busy({"openai-1"});
  httplib::Client client("127.0.0.1", rig.proxy.port());
  client.set_url_encode(false);
  for (const char* path : {"/v1/responses/resp%5F1", "/v1/responses/resp_%31/input_items"}) {
    CAPTURE(path);
    const auto result = client.Get(path);
    REQUIRE(result);
    CHECK(result->get_header_value("x-proxy-decision") == "response_affinity");
    CHECK(rig.upstream.requests().back().target == path);
  }
  REQUIRE(client.Delete("/v1/responses/resp%5F1"));
  CHECK(ask(rig.proxy, {{"previous_response_id", "resp_1"}}).decision != "response_affinity");
}

TEST_CASE("sessions whose ids have much in common stay apart") {
  Rig rig;
  const std::string common(4000, 's');
  const auto turn = [&](const std::string& session) {
    const auto result = post(rig.proxy, R"({"model":"m"})", {{"session-id", session}});
    REQUIRE(result);
    return Seen{result->status, result->get_header_value("x-proxy-resource-id"),
                result->get_header_value("x-proxy-decision")};
  };
  {
    const auto busy = rig.proxy.keep_busy({"openai-2"});
    CHECK(turn(common + "1").resource == "openai-1");
  }
  const auto busy = rig.proxy.keep_busy({"openai-1"});
  CHECK(turn(common + "2") == Seen{200, "openai-2", "weighted_least_connections"});
  CHECK(turn(common + "1") == Seen{200, "openai-1", "session_affinity"});
  const auto records = rig.proxy.records().wait_for(3);
  CHECK(records.at(0).session_id != records.at(1).session_id);
  CHECK(records.at(0).session_id == records.at(2).session_id);
}

TEST_CASE("the records are asked for what an id in the path decodes to, and for no items") {
  struct Index final : ResponseIndex {
    void find(EventLoop& loop, std::string response_id, Found found) override {
      loop.post([this, response_id, found] {
        asked.push_back(response_id);
        found(response_id == "resp_1" ? std::optional<std::string>("openai-2") : std::nullopt);
      });
    }
    std::vector<std::string> asked;  // on the loop, until its requests are over
  } index;
  ScriptedUpstream upstream;
  TestProxy proxy(config_for(upstream, {"sk-a", "sk-b"}), 1, &index);
  const auto busy = proxy.keep_busy({"openai-2"});
  httplib::Client client("127.0.0.1", proxy.port());
  client.set_url_encode(false);
  const auto result = client.Get("/v1/responses/%72esp%5F1");
  REQUIRE(result);
  CHECK(result->get_header_value("x-proxy-resource-id") == "openai-2");
  CHECK(ask(proxy, input({"msg_1"})).resource == "openai-1");
  REQUIRE(proxy.wait_until_idle());
  CHECK(index.asked == std::vector<std::string>{"resp_1"});
}
