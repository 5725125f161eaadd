// TokenUsage: the tokens of one answer, as the upstream counts them.
//
// Ownership  A plain value.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>

#include "responses_proxy/export.h"

namespace RP_PUBLIC responses_proxy {

// Token counts; absent where the upstream did not say.
struct TokenUsage {
  std::optional<std::int64_t> input;
  std::optional<std::int64_t> output;
  std::optional<std::int64_t> total;
  std::optional<std::int64_t> cached;     // part of input that the prompt cache served
  std::optional<std::int64_t> reasoning;  // part of output
  bool empty() const { return !input && !output && !total; }
  // A count stays absent while nobody has said it.
  TokenUsage& operator+=(const TokenUsage& more) {
    for (const auto count : {&TokenUsage::input, &TokenUsage::output, &TokenUsage::total,
                             &TokenUsage::cached, &TokenUsage::reasoning}) {
      if (more.*count) this->*count = (this->*count).value_or(0) + *(more.*count);
    }
    return *this;
  }
  friend bool operator==(const TokenUsage&, const TokenUsage&) = default;
};

}  // namespace responses_proxy
