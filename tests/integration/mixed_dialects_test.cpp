// One alias, providers that speak differently: each attempt is said in the words of the one that is
// asked.
#include <doctest/doctest.h>

#include <array>

#include "fakes/responses_bodies.h"
#include "fakes/responses_stream_rules.h"
#include "integration/anthropic_provider.h"
#include "integration/post.h"
#include "integration/session_client.h"

using namespace responses_proxy;
using namespace responses_proxy::testing;

namespace {

constexpr const char* kAlias = "team/fast";

Json chat_message(const std::string& text) {
  return {{"index", 0},
          {"message", {{"role", "assistant"}, {"content", text}}},
          {"finish_reason", "stop"}};
}

// openai-1 speaks Responses, openai-2 Chat Completions, openai-3 Anthropic Messages.
struct Mixed {
  // Smaller numbers go first.
  explicit Mixed(std::array<std::uint32_t, 3> priorities = {0, 0, 0})
      : proxy(configured(priorities)) {}

  Config configured(std::array<std::uint32_t, 3> priorities) {
    Config config = config_for(upstream, {"sk-a", "sk-b", "sk-c"});
    config.resources[1].wire_api = "chat_completions";
    config.resources[2].wire_api = "anthropic_messages";
    ModelAlias alias;
    alias.name = kAlias;
    alias.targets = {
        {.resource_ids = {"openai-1"}, .model = "gpt-mini", .priority = priorities[0]},
        {.resource_ids = {"openai-2"}, .model = "kimi-k2.6", .priority = priorities[1]},
        {.resource_ids = {"openai-3"}, .model = "claude-opus-4-7", .priority = priorities[2]}};
    config.aliases = {alias};
    return config;
  }

  void responses(Reply reply) { upstream.add({"", "POST", "/v1/responses", {reply}, true}); }
  void chat(Reply reply) { upstream.add({"", "POST", "/v1/chat/completions", {reply}, true}); }
  void anthropic(Reply reply) { answer_anthropic(upstream, {reply}); }

  std::vector<std::string> asked() const {
    std::vector<std::string> targets;
    for (const RecordedRequest& request : upstream.requests()) targets.push_back(request.target);
    return targets;
  }

  ScriptedUpstream upstream;
  TestProxy proxy;
};

const Reply kChat = json_reply({{"id", "c"}, {"choices", {chat_message("From chat")}}});
const Reply kOut = error_reply(500, "server_error", "", "x");

std::string text_in(const Json& response) {
  for (const Json& item : response["output"]) {
    if (item["type"] == "message") return item["content"][0]["text"];
  }
  return {};
}

Json posted(Mixed& mixed, Json body) {
  body["model"] = kAlias;
  const auto result = post(mixed.proxy, dump(body));
  REQUIRE(result);
  CHECK(result->status == 200);
  return Json::parse(result->body);
}

}  // namespace

TEST_CASE("mixed dialects: a request moves from one to the next, as a document and as a stream") {
  for (const bool stream : {false, true}) {
    CAPTURE(stream);
    Mixed mixed({0, 1, 2});
    mixed.responses(kOut);
    mixed.chat(kOut);
    mixed.anthropic(stream ? anthropic_says("From Claude") : anthropic_document("From Claude"));
    const auto result =
        post(mixed.proxy, dump({{"model", kAlias}, {"input", "x"}, {"stream", stream}}));
    REQUIRE(result);
    CHECK(result->status == 200);
    CHECK(result->body.find("From Claude") != std::string::npos);
    CHECK(result->body.find("\"model\":\"team/fast\"") != std::string::npos);
    CHECK(mixed.asked() ==
          std::vector<std::string>{"/v1/responses", "/v1/chat/completions", "/v1/messages"});
    const auto requests = mixed.upstream.requests();
    CHECK(Json::parse(requests[0].body)["model"] == "gpt-mini");
    CHECK(Json::parse(requests[1].body)["model"] == "kimi-k2.6");
    CHECK(Json::parse(requests[2].body)["model"] == "claude-opus-4-7");
    CHECK(requests[2].headers.get("x-api-key") == "sk-c");
    CHECK_FALSE(requests[2].headers.find("authorization"));
  }
}

TEST_CASE("mixed dialects: a lower priority serves only while nobody of a higher one can") {
  Mixed mixed({1, 1, 0});
  mixed.responses(json_response("resp_1", "From OpenAI"));
  mixed.chat(kChat);
  mixed.anthropic(anthropic_document("From Claude"));
  for (int i = 0; i < 3; ++i) CHECK(text_in(posted(mixed, {{"input", "x"}})) == "From Claude");
  take_out(mixed.proxy, "openai-3");
  for (int i = 0; i < 3; ++i) CHECK(text_in(posted(mixed, {{"input", "x"}})) != "From Claude");
}

TEST_CASE("mixed dialects: a conversation goes on where it is told whole, over HTTP and a socket") {
  for (const bool socket : {false, true}) {
    CAPTURE(socket);
    Mixed mixed({2, 1, 0});
    mixed.anthropic(anthropic_calls("toolu_1", "{}"));
    mixed.chat(kChat);
    mixed.responses(kOut);
    SessionClient client(mixed.proxy);
    const Json tools = Json::parse(R"([{"type":"namespace","name":"ns","tools":[
        {"type":"function","name":"look"}]}])");
    const auto ask = [&](Json body) {
      body["model"] = kAlias;
      body["tools"] = tools;
      if (!socket) return posted(mixed, body);
      body["type"] = "response.create";
      return client.ask(body).back()["response"];
    };
    const Json first = ask({{"input", "go"}});
    take_out(mixed.proxy, "openai-3");
    const Json second =
        ask({{"input",
              {{{"type", "function_call_output"}, {"call_id", "toolu_1"}, {"output", "seen"}}}},
             {"previous_response_id", first["id"]}});
    CHECK(text_in(second) == "From chat");
    const Json messages = Json::parse(mixed.upstream.requests().back().body)["messages"];
    REQUIRE(messages.size() == 3);
    CHECK(messages[0]["content"] == "go");
    CHECK(messages[1]["tool_calls"][0]["id"] == "toolu_1");
    CHECK(messages[1]["tool_calls"][0]["function"]["name"] == "ns__look");
    CHECK(messages[2]["tool_call_id"] == "toolu_1");
    // What Claude has signed is for Claude alone.
    CHECK(mixed.upstream.requests().back().body.find("signed") == std::string::npos);
  }
}
