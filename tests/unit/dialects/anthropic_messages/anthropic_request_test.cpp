#include "dialects/anthropic_messages/anthropic_request.h"

#include <doctest/doctest.h>

#include <string>

#include "core/json.h"
#include "unit/dialects/translation/parsed.h"

using namespace responses_proxy;

namespace {

std::string body_of(const Json& items, int tools = 3) {
  Json request{{"model", "m"}, {"instructions", "be kind"}, {"reasoning", {{"effort", "low"}}}};
  for (int i = 0; i < tools; ++i) {
    request["tools"].push_back({{"type", "function"}, {"name", "f" + std::to_string(i)}});
  }
  request["input"] = items;
  const auto parsed = testing::parsed(dump(request));
  Resource resource;
  const AnthropicSettings settings = anthropic_settings(resource, "claude-opus-4-7", {});
  auto written = anthropic_request(parsed->conversation(), {settings, "claude-opus-4-7", "o"});
  REQUIRE(written);
  return written->body;
}

}  // namespace

TEST_CASE("anthropic request: a later turn begins with the bytes of the one before") {
  Json items = {{{"role", "user"}, {"content", "go"}}};
  std::string before = body_of(items);
  for (int turn = 0; turn < 5; ++turn) {
    const std::string id = "call_" + std::to_string(turn);
    items.push_back({{"type", "function_call"},
                     {"call_id", id},
                     {"name", "f1"},
                     {"arguments", R"({"z":1,"a":2})"}});
    items.push_back({{"type", "function_call_output"}, {"call_id", id}, {"output", "done"}});
    const std::string after = body_of(items);
    CHECK(after.starts_with(before.substr(0, before.size() - 2)));  // but the end of both
    before = after;
  }
  CHECK(before.find(R"("input":{"z":1,"a":2})") != std::string::npos);
}
