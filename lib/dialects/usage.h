// Token usage in the shapes upstreams report it.
#pragma once

#include <simdjson.h>

#include "responses_proxy/token_usage.h"

namespace responses_proxy {

// Reads `usage` of an object, or of its `response`: input_tokens/output_tokens/total_tokens
// (Responses API) or prompt_tokens/completion_tokens (Chat Completions), with their details. What
// is missing, negative, absurdly large or not an integer stays absent; a missing total is the sum
// of the others.
TokenUsage read_usage(simdjson::dom::element root);
// ... of that object itself.
TokenUsage usage_of(simdjson::dom::element usage);

}  // namespace responses_proxy
