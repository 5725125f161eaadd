// TokenUsage: the tokens of one answer, as the upstream counts them.
//
// Ownership  A plain value.
#pragma once

#include <cstdint>
#include <optional>

namespace responses_proxy {

// Token counts; absent where the upstream did not say.
struct TokenUsage {
  std::optional<std::int64_t> input;
  std::optional<std::int64_t> output;
  std::optional<std::int64_t> total;
  std::optional<std::int64_t> cached;     // part of input that the prompt cache served
  std::optional<std::int64_t> reasoning;  // part of output
  bool empty() const { return !input && !output && !total; }
  friend bool operator==(const TokenUsage&, const TokenUsage&) = default;
};

}  // namespace responses_proxy
