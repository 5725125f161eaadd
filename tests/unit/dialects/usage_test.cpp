#include "dialects/usage.h"

#include <doctest/doctest.h>

#include "core/json_reader.h"

namespace responses_proxy {

namespace {

TokenUsage usage_of(std::string_view text) {
  TokenUsage usage;
  REQUIRE(read_json(text, [&](simdjson::dom::element root) { usage = read_usage(root); }));
  return usage;
}

}  // namespace

TEST_CASE("usage in the words of both APIs, at the top or in a response") {
  const TokenUsage all{1, 2, 3, 4, 5};
  CHECK(usage_of(R"({"usage":{"input_tokens":1,"output_tokens":2,"total_tokens":3,
    "input_tokens_details":{"cached_tokens":4},"output_tokens_details":{"reasoning_tokens":5}}})") ==
        all);
  CHECK(usage_of(R"({"response":{"usage":{"prompt_tokens":1,"completion_tokens":2,"total_tokens":3,
    "prompt_tokens_details":{"cached_tokens":4},
    "completion_tokens_details":{"reasoning_tokens":5}}}})") == all);
}

TEST_CASE("a missing total is the sum, if both parts are there") {
  CHECK(usage_of(R"({"usage":{"input_tokens":1,"output_tokens":2}})").total == 3);
  CHECK(usage_of(R"({"usage":{"input_tokens":1}})").total == std::nullopt);
}

TEST_CASE("what is no count stays absent") {
  for (const std::string_view none :
       {R"({})", R"([])", R"("x")", R"({"usage":null})", R"({"usage":[]})", R"({"response":7})",
        R"({"usage":{"input_tokens":-1,"output_tokens":"2","total_tokens":1.5}})",
        R"({"usage":{"input_tokens":18446744073709551615}})",
        R"({"usage":{"input_tokens_details":null}})"}) {
    CAPTURE(none);
    CHECK(usage_of(none) == TokenUsage{});
  }
}

TEST_CASE("the sum of absurd counts is no count") {
  const TokenUsage usage = usage_of(
      R"({"usage":{"input_tokens":9223372036854775807,"output_tokens":9223372036854775807}})");
  CHECK(usage.total == std::nullopt);
}

}  // namespace responses_proxy
