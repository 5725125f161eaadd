#include "dialects/usage.h"

#include <initializer_list>
#include <string_view>

namespace responses_proxy {

namespace {

using simdjson::dom::element;

// More is no count of tokens, and sums of such numbers would overflow.
constexpr std::int64_t kMaxTokens = 1'000'000'000'000;

// The first of `keys` that holds a token count.
std::optional<std::int64_t> count_at(element object, std::initializer_list<std::string_view> keys) {
  for (const std::string_view key : keys) {
    std::int64_t count = 0;
    if (object[key].get(count) == simdjson::SUCCESS && count >= 0 && count <= kMaxTokens) {
      return count;
    }
  }
  return std::nullopt;
}

std::optional<std::int64_t> detail_at(element usage,
                                      std::initializer_list<std::string_view> holders,
                                      std::string_view key) {
  for (const std::string_view holder : holders) {
    element details;
    if (usage[holder].get(details) == simdjson::SUCCESS) return count_at(details, {key});
  }
  return std::nullopt;
}

}  // namespace

TokenUsage read_usage(element root) {
  element usage;
  if (root["usage"].get(usage) != simdjson::SUCCESS || !usage.is_object()) {
    element response;
    if (root["response"].get(response) != simdjson::SUCCESS ||
        response["usage"].get(usage) != simdjson::SUCCESS) {
      return {};
    }
  }
  return usage_of(usage);
}

TokenUsage usage_of(element usage) {
  TokenUsage tokens;
  tokens.input = count_at(usage, {"input_tokens", "prompt_tokens"});
  tokens.output = count_at(usage, {"output_tokens", "completion_tokens"});
  tokens.total = count_at(usage, {"total_tokens"});
  if (!tokens.total && tokens.input && tokens.output) tokens.total = *tokens.input + *tokens.output;
  tokens.cached =
      detail_at(usage, {"input_tokens_details", "prompt_tokens_details"}, "cached_tokens");
  tokens.reasoning =
      detail_at(usage, {"output_tokens_details", "completion_tokens_details"}, "reasoning_tokens");
  return tokens;
}

}  // namespace responses_proxy
