#include "dialects/chat_completions/chat_settings.h"

#include <doctest/doctest.h>

using namespace responses_proxy;

TEST_CASE("chat settings: the preset of the host, then the provider's, then the alias's own") {
  const char* const deepseek = "https://api.deepseek.com/v1";
  CHECK(chat_settings(deepseek, "{}", "").reasoning_required);
  CHECK(chat_settings(deepseek, "{}", "").max_tokens_field == "max_tokens");
  const ChatSettings own =
      chat_settings(deepseek, R"({"reasoning_required":false,"sampling":true})",
                    R"({"sampling":false,"input_modalities":["text","image"]})");
  CHECK_FALSE(own.reasoning_required);
  CHECK_FALSE(own.sampling);
  CHECK(own.images);
  CHECK(chat_settings("http://x", R"({"preset":"vllm"})", "").reasoning_field == "reasoning");
  CHECK(chat_settings("https://me.openai.azure.com/openai/v1", "{}", "").developer_role);
  CHECK_FALSE(chat_settings("https://api.openai.com.evil.org/v1", "{}", "").developer_role);
  CHECK(chat_settings("http://x", R"({"endpoint_path":7,"efforts":"low"})", "no JSON")
            .endpoint_path == "chat/completions");
}

TEST_CASE("chat settings: an effort that the model does not know becomes the next one up") {
  const struct {
    const char* config;
    const char* asked;
    const char* sent;
  } rows[] = {
      {R"({})", "medium", "medium"},
      {R"({})", "none", ""},
      {R"({})", "", ""},
      {R"({"efforts":["low","high"]})", "minimal", "low"},
      {R"({"efforts":["low","high"]})", "medium", "high"},
      {R"({"efforts":["low","high"]})", "max", "high"},
      {R"({"efforts":["none","low"]})", "none", "none"},
      {R"({"efforts":["none"]})", "high", ""},
      {R"({"efforts":["low"]})", "none", ""},
      {R"({"effort_field":""})", "high", ""},
      {R"({"effort_field":"","effort_off":{"thinking":false}})", "none", "none"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.config);
    CAPTURE(row.asked);
    CHECK(effective_effort(chat_settings("http://x", row.config, ""), row.asked) == row.sent);
  }
}
