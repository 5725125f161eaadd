#include "dialects/anthropic_messages/anthropic_token_count.h"

#include <doctest/doctest.h>

#include <string>

#include "core/json.h"
#include "responses_proxy/dialect.h"

namespace responses_proxy {

namespace {

struct CountedAnswer final : AnswerSink {
  void event(const AnswerEvent&) override { FAIL("no stream was asked for"); }
  void bytes(std::string_view bytes) override { text.append(bytes); }
  std::string text;
};

Request count_of(const std::string& body) {
  Request request;
  request.method = "POST";
  request.path = "/v1/responses/input_tokens";
  request.headers = {{"content-type", "application/json"}};
  request.body = body;
  return request;
}

Resource claude() {
  Resource resource;
  resource.id = "r";
  resource.wire_api = "anthropic_messages";
  resource.base_url = "https://api.anthropic.com/v1";
  resource.credential = Secret("sk-resource");
  return resource;
}

Json answered(int status, const std::string& body, int expected_status) {
  AnthropicTokenCount count("claude");
  CHECK_FALSE(count.head(status, {{"content-type", "application/json"}}).event_stream);
  CountedAnswer answer;
  for (const char byte : body) count.read(std::string_view(&byte, 1), answer);
  count.finish(answer);
  CHECK((count.revised_status() != 0 ? count.revised_status() : status) == expected_status);
  CHECK(count.facts().usage.empty());
  CHECK(count.facts().complete);
  return Json::parse(answer.text);
}

}  // namespace

TEST_CASE("tokens are counted by the provider, of what counts alone") {
  const auto dialect = make_anthropic_messages_dialect();
  const Request request =
      count_of(R"({"model":"claude-opus-4-7","instructions":"be kind","input":"hi","stream":true,)"
               R"("max_output_tokens":5,"user":"u","temperature":1,"prompt_cache_key":"k",)"
               R"("tools":[{"type":"function","name":"f","parameters":{"type":"object"}}]})");
  const auto translated = dialect->translate({request, "claude-opus-4-7", {}}, claude());
  REQUIRE(translated);
  CHECK(translated->call.url == "https://api.anthropic.com/v1/messages/count_tokens");
  CHECK(translated->call.headers.get("accept") == "application/json");
  const Json sent = Json::parse(translated->call.body.value());
  CHECK(sent["model"] == "claude-opus-4-7");
  CHECK(sent["system"][0]["text"] == "be kind");
  CHECK(sent["messages"][0]["role"] == "user");
  CHECK(sent["tools"][0]["name"] == "f");
  for (const char* member : {"max_tokens", "stream", "metadata", "temperature", "cache_control"}) {
    CAPTURE(member);
    CHECK_FALSE(sent.contains(member));
  }
}

TEST_CASE("what a conversation has said counts, too") {
  const auto dialect = make_anthropic_messages_dialect();
  const Request request =
      count_of(R"({"model":"claude","input":"more","previous_response_id":"resp_1"})");
  Turn turn{request, "claude", {}};
  turn.history = R"({"role":"user","content":"first"},{"role":"assistant","content":"second"})";
  const auto translated = dialect->translate(turn, claude());
  REQUIRE(translated);
  const Json messages = Json::parse(translated->call.body.value())["messages"];
  REQUIRE(messages.size() == 3);
  CHECK(messages[0]["content"].dump().find("first") != std::string::npos);
}

TEST_CASE("the count comes back as the Responses API gives it") {
  CHECK(dump(answered(200, R"({"input_tokens":42})", 200)) ==
        R"({"object":"response.input_tokens","input_tokens":42})");
  CHECK(answered(200, "{}", 502)["error"]["code"] == "server_error");
  CHECK(answered(200, "nonsense", 502)["error"]["code"] == "server_error");
}

TEST_CASE("a server that cannot count is told from a model that it does not have") {
  for (const int status : {404, 405, 501}) {
    const Json error = answered(status, "Not Found", 501)["error"];
    CHECK(error["code"] == "unsupported_endpoint");
    CHECK(error["message"].get<std::string>().find("counts the tokens") != std::string::npos);
  }
  const Json error = answered(
      404, R"({"type":"error","error":{"type":"not_found_error","message":"model: claude"}})",
      404)["error"];
  CHECK(error["message"] == "model: claude");
  CHECK(answered(429, R"({"type":"error","error":{"type":"rate_limit_error","message":"x"}})",
                 429)["error"]["code"] == "rate_limit_exceeded");
}

TEST_CASE("Chat Completions has no such endpoint") {
  const auto dialect = make_chat_completions_dialect();
  const Request request = count_of(R"({"model":"m","input":"hi"})");
  const auto translated = dialect->translate({request, "m", {}}, claude());
  REQUIRE_FALSE(translated);
  CHECK(translated.error().status == 501);
  CHECK(translated.error().code == "unsupported_endpoint");
  CHECK(translated.error().message.find("usage.input_tokens") != std::string::npos);
}

}  // namespace responses_proxy
