// Conversations where several providers stand behind one name, some of which keep their own.
#include <doctest/doctest.h>

#include "core/response_id.h"
#include "integration/anthropic_provider.h"
#include "integration/chat_provider.h"
#include "integration/post.h"
#include "integration/session_client.h"

using namespace responses_proxy;
using namespace responses_proxy::testing;

TEST_CASE("conversations: where an upstream keeps its own they are its affair") {
  ScriptedUpstream upstream;
  upstream.add(
      {"", "", "", {json_reply({{"id", "conv_theirs"}, {"object", "conversation"}})}, true});
  const TestProxy proxy(config_for(upstream));
  httplib::Client http("127.0.0.1", proxy.port());
  CHECK(given(http.Post("/v1/conversations", "{}", "application/json")).body["id"] ==
        "conv_theirs");
  const std::string own = "conv_0123456789abcdef0123456789abcdef";
  http.Get("/v1/conversations/" + own);
  http.Get("/v1/conversations/conv_theirs/items");
  post(proxy, dump({{"model", "m"}, {"input", "x"}, {"conversation", own}}));
  const auto requests = upstream.requests();
  REQUIRE(requests.size() == 4);
  CHECK(requests[1].target == "/v1/conversations/" + own);
  CHECK(requests[2].target == "/v1/conversations/conv_theirs/items");
  CHECK(Json::parse(requests[3].body)["conversation"] == own);
}

TEST_CASE("conversations: a turn goes to whichever dialect answers, and is added all the same") {
  ScriptedUpstream upstream;
  answer_chat(upstream, {document("From chat"), error_reply(500, "server_error", "", "x")});
  upstream.add({"", "POST", "/v1/responses", {json_response("resp_1", "From OpenAI")}, true});
  Config config = config_for(upstream, {"sk-a", "sk-b"});
  config.resources[0].wire_api = "chat_completions";
  config.resources[0].pool_id = "chat";
  ModelAlias alias;
  alias.name = "m";
  alias.targets = {{.resource_ids = {"openai-1"}, .model = "kimi", .priority = 0},
                   {.resource_ids = {"openai-2"}, .model = "gpt", .priority = 1}};
  config.aliases = {alias};
  for (const bool socket : {false, true}) {
    CAPTURE(socket);
    TestProxy proxy(config);
    httplib::Client http("127.0.0.1", proxy.port());
    const std::string id = given(http.Post("/v1/conversations", {{"X-Proxy-Pool-ID", "chat"}}, "{}",
                                           "application/json"))
                               .body["id"];
    REQUIRE(is_own_conversation_id(id));
    post(proxy, dump({{"model", "m"}, {"input", "Hello"}, {"conversation", id}}));
    take_out(proxy, "openai-1");
    for (const char* text : {"Again", "And again"}) {
      if (!socket) {
        post(proxy, dump({{"model", "m"}, {"input", text}, {"conversation", id}}));
      } else {
        SessionClient client(proxy);
        client.ask(create(text, {{"model", "m"}, {"conversation", id}}));
      }
    }
    const Json sent = Json::parse(upstream.requests().back().body);
    CHECK_FALSE(sent.contains("conversation"));
    CHECK(sent["input"].size() == 5);
    const Json items = given(http.Get("/v1/conversations/" + id + "/items")).body["data"];
    REQUIRE(items.size() == 6);
    CHECK(items[0]["content"][0]["text"] == "From OpenAI");
  }
}

TEST_CASE(
    "conversations: what another account has encrypted is left out where nobody can read it") {
  for (const bool socket : {false, true}) {
    CAPTURE(socket);
    ScriptedUpstream upstream;
    upstream.add({"",
                  "POST",
                  "/v1/responses",
                  {error_reply(400, "invalid_request_error", "invalid_encrypted_content", "x"),
                   json_response("resp_1", "Hi")},
                  true});
    Config config = config_for(upstream, {"sk-a", "sk-b"});
    config.resources[0].wire_api = "chat_completions";
    config.resources[0].pool_id = "chat";
    config.resources[1].websocket = false;
    ModelAlias alias;
    alias.name = "m";
    alias.targets = {{.resource_ids = {"openai-2"}, .model = "gpt"}};
    config.aliases = {alias};
    TestProxy proxy(config);
    httplib::Client http("127.0.0.1", proxy.port());
    const Json thought{
        {"type", "reasoning"}, {"summary", Json::array()}, {"encrypted_content", "e"}};
    const Json items = Json::array({Json{{"role", "user"}, {"content", "Hello"}}, thought});
    const std::string id = given(http.Post("/v1/conversations", {{"X-Proxy-Pool-ID", "chat"}},
                                           dump({{"items", items}}), "application/json"))
                               .body["id"];
    if (!socket) {
      post(proxy, dump({{"model", "m"}, {"input", "Again"}, {"conversation", id}}));
    } else {
      SessionClient client(proxy);
      client.ask(create("Again", {{"model", "m"}, {"conversation", id}}));
    }
    const auto requests = upstream.requests();
    REQUIRE(requests.size() == 2);
    CHECK(Json::parse(requests[0].body)["input"].size() == 3);
    CHECK(Json::parse(requests[1].body)["input"].size() == 2);
    CHECK(requests[1].body.find("encrypted_content") == std::string::npos);
    const Json now = given(http.Get("/v1/conversations/" + id + "/items?order=asc")).body["data"];
    REQUIRE(now.size() == 4);
    CHECK(now[1]["encrypted_content"] == "e");
    CHECK(now[2]["content"][0]["text"] == "Again");
  }
}
