#include "dialects/usage.h"

#include <doctest/doctest.h>

#include <string_view>

namespace responses_proxy {

TEST_CASE("usage in the words of both APIs") {
  const TokenUsage all{1, 2, 3, 4, 5};
  CHECK(usage_of(R"({"input_tokens":1,"output_tokens":2,"total_tokens":3,
    "input_tokens_details":{"cached_tokens":4},"output_tokens_details":{"reasoning_tokens":5}})") ==
        all);
  CHECK(usage_of(R"({"prompt_tokens":1,"completion_tokens":2,"total_tokens":3,
    "prompt_tokens_details":{"cached_tokens":4},
    "completion_tokens_details":{"reasoning_tokens":5}})") == all);
}

TEST_CASE("a missing total is the sum, if both parts are there") {
  CHECK(usage_of(R"({"input_tokens":1,"output_tokens":2})").total == 3);
  CHECK(usage_of(R"({"input_tokens":1})").total == std::nullopt);
}

TEST_CASE("what is no count stays absent") {
  for (const std::string_view none :
       {"", R"({})", R"([])", R"("x")", "null", R"({"input_tokens":1)",
        R"({"input_tokens":-1,"output_tokens":"2","total_tokens":1.5})",
        R"({"input_tokens":18446744073709551615})", R"({"input_tokens_details":null})",
        R"({"input_tokens_details":{"cached_tokens":-1}})",
        R"({"input_tokens_details":[{"cached_tokens":1}]})"}) {
    CAPTURE(none);
    CHECK(usage_of(none) == TokenUsage{});
  }
}

TEST_CASE("the sum of absurd counts is no count") {
  const TokenUsage usage =
      usage_of(R"({"input_tokens":9223372036854775807,"output_tokens":9223372036854775807})");
  CHECK(usage.total == std::nullopt);
}

TEST_CASE("fields that are read twice say what stood in the second") {
  UsageFields fields;
  REQUIRE(read_json_fields(R"({"input_tokens":1,"input_tokens_details":{"cached_tokens":4}})",
                           fields.fields()) == JsonOutcome::read);
  CHECK(fields.usage() == TokenUsage{1, {}, {}, 4, {}});
  REQUIRE(read_json_fields(R"({"output_tokens":2})", fields.fields()) == JsonOutcome::read);
  CHECK(fields.usage() == TokenUsage{{}, 2, {}, {}, {}});
}

}  // namespace responses_proxy
