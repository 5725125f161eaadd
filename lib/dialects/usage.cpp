#include "dialects/usage.h"

#include <optional>

namespace responses_proxy {

namespace {

using Count = std::optional<std::int64_t>;

// More is no count of tokens, and sums of such numbers would overflow.
constexpr std::int64_t kMaxTokens = 1'000'000'000'000;

Count count_of(const JsonField& field) {
  const bool counts =
      field.kind == JsonField::Kind::integer && field.integer >= 0 && field.integer <= kMaxTokens;
  return counts ? Count(field.integer) : std::nullopt;
}

Count first_count(const JsonField& one, const JsonField& other) {
  const Count count = count_of(one);
  return count ? count : count_of(other);
}

// Of the first holder that is there.
Count detail_of(const JsonField& one, const JsonField& other) {
  const JsonField& holder = one.kind != JsonField::Kind::none ? one : other;
  return holder.kind == JsonField::Kind::object ? count_of(holder.children[0]) : std::nullopt;
}

}  // namespace

TokenUsage UsageFields::usage() const {
  const auto& [input, prompt, output, completion, total, input_details, prompt_details,
               output_details, completion_details] = fields_;
  TokenUsage tokens;
  tokens.input = first_count(input, prompt);
  tokens.output = first_count(output, completion);
  tokens.total = count_of(total);
  if (!tokens.total && tokens.input && tokens.output) tokens.total = *tokens.input + *tokens.output;
  tokens.cached = detail_of(input_details, prompt_details);
  tokens.reasoning = detail_of(output_details, completion_details);
  return tokens;
}

TokenUsage usage_of(std::string_view usage) {
  UsageFields fields;
  const bool read = read_json_fields(usage, fields.fields()) == JsonOutcome::read;
  return read ? fields.usage() : TokenUsage{};
}

}  // namespace responses_proxy
