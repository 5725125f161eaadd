// What is known of Anthropic's models, by generation, as the JSON that anthropic_settings() reads.
#pragma once

#include <string_view>

namespace responses_proxy {

// Of the generation in a model's name, wherever it is served ("claude-opus-4-7",
// "anthropic/claude-sonnet-4.5", "us.anthropic.claude-3-7-sonnet-20250219-v1:0"); of a Claude
// without a number the newest; "{}": it is none.
std::string_view claude_family(std::string_view model);

}  // namespace responses_proxy
