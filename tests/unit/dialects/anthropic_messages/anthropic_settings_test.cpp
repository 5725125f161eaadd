#include "dialects/anthropic_messages/anthropic_settings.h"

#include <doctest/doctest.h>

using namespace responses_proxy;

namespace {

AnthropicSettings settings_of(std::string_view model, const char* config = "{}",
                              std::string_view capabilities = {}) {
  Resource resource;
  resource.base_url = "http://x/v1";
  resource.dialect_config = config;
  return anthropic_settings(resource, model, capabilities);
}

}  // namespace

TEST_CASE("anthropic settings: what a model takes follows from its generation, wherever it is") {
  const struct {
    const char* model;
    const char* thinking;
    bool sampling;
    bool structured_output;
    int max_tokens;
  } rows[] = {
      {"claude-opus-4-7", "adaptive", false, true, 16384},
      {"claude-sonnet-5-20260901", "adaptive", false, true, 16384},
      {"claude-opus-10", "adaptive", false, true, 16384},
      {"claude-latest", "adaptive", false, true, 16384},
      {"claude-sonnet-4-6", "adaptive", true, true, 16384},
      {"anthropic/claude-opus-4.6", "adaptive", true, true, 16384},
      {"claude-haiku-4-5-20251001", "budget", true, true, 16384},
      {"claude-opus-4-1-20250805", "budget", true, false, 16384},
      {"claude-opus-4-20250514", "budget", true, false, 16384},
      {"us.anthropic.claude-3-7-sonnet-20250219-v1:0", "budget", true, false, 16384},
      {"claude-3-5-haiku-20241022", "none", true, false, 8192},
      {"claude-3-opus-20240229", "none", true, false, 4096},
      {"claude-instant-1.2", "none", true, false, 4096},
      {"kimi-k2", "none", true, false, 8192},
  };
  for (const auto& row : rows) {
    CAPTURE(row.model);
    const AnthropicSettings settings = settings_of(row.model);
    CHECK(settings.thinking == row.thinking);
    CHECK(settings.sampling == row.sampling);
    CHECK(settings.structured_output == row.structured_output);
    CHECK(settings.default_max_tokens == row.max_tokens);
  }
}

TEST_CASE("anthropic settings: the provider's come after the model's, the alias's own last") {
  const AnthropicSettings own =
      settings_of("claude-opus-4-7", R"({"thinking":"budget","efforts":["low"],"images":false})",
                  R"({"thinking":"none","budgets":{"low":3000,"odd":7,"high":"x"}})");
  CHECK(own.thinking == "none");
  CHECK(own.efforts == std::vector<std::string>{"low"});
  CHECK_FALSE(own.images);
  const auto budget = [&](std::string_view effort) {
    for (const auto& [name, tokens] : own.budgets) {
      if (name == effort) return tokens;
    }
    return std::int64_t{0};
  };
  CHECK(budget("low") == 3000);
  CHECK(budget("odd") == 7);
  CHECK(budget("high") == 16384);
  CHECK(settings_of("mine", R"({"family":"claude-opus-4-5"})").thinking == "budget");
  CHECK(settings_of("mine", R"({"family":"claude-opus-4-5"})", R"({"family":"claude-opus-5"})")
            .thinking == "adaptive");
  CHECK(settings_of("m", R"({"default_max_tokens":-1,"endpoint_path":7})").default_max_tokens ==
        8192);
  CHECK_FALSE(settings_of("m", "{}", R"({"input_modalities":["text"]})").images);
}

TEST_CASE("anthropic settings: the newer version of the API knows no sampling") {
  CHECK(settings_of("m").version == "2023-06-01");
  CHECK(settings_of("m").sampling);
  CHECK_FALSE(settings_of("m", R"({"version":"2026-10-21"})").sampling);
  CHECK_FALSE(settings_of("m", R"({"version":"2026-10-21","sampling":true})").sampling);
  Resource resource;
  resource.base_url = "https://api.anthropic.com/v1";
  resource.headers.add("Anthropic-Version", "2026-10-21");
  CHECK_FALSE(anthropic_settings(resource, "m", {}).sampling);
  CHECK(anthropic_settings(resource, "m", {}).automatic_caching);
  CHECK_FALSE(settings_of("m").automatic_caching);
}
