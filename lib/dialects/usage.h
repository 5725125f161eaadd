// Token usage in the shapes upstreams report it.
#pragma once

#include <array>
#include <span>
#include <string_view>

#include "core/json_fields.h"
#include "responses_proxy/token_usage.h"

namespace responses_proxy {

// input_tokens/output_tokens/total_tokens (Responses API) or prompt_tokens/completion_tokens (Chat
// Completions), with their details. What is missing, negative, absurdly large or not an integer
// stays absent; a missing total is the sum of the others.
TokenUsage usage_of(std::string_view usage);

// What read_json_fields() is to read of a usage, for who reads more in the same pass.
class UsageFields {
 public:
  UsageFields() = default;
  UsageFields(const UsageFields&) = delete;  // the fields refer to each other
  UsageFields& operator=(const UsageFields&) = delete;

  std::span<JsonField> fields() { return fields_; }
  // Once they have been read.
  TokenUsage usage() const;

 private:
  using Detail = std::array<JsonField, 1>;
  Detail input_{{{"cached_tokens"}}};
  Detail prompt_{{{"cached_tokens"}}};
  Detail output_{{{"reasoning_tokens"}}};
  Detail completion_{{{"reasoning_tokens"}}};
  std::array<JsonField, 9> fields_{{{"input_tokens"},
                                    {"prompt_tokens"},
                                    {"output_tokens"},
                                    {"completion_tokens"},
                                    {"total_tokens"},
                                    {"input_tokens_details", input_},
                                    {"prompt_tokens_details", prompt_},
                                    {"output_tokens_details", output_},
                                    {"completion_tokens_details", completion_}}};
};

}  // namespace responses_proxy
