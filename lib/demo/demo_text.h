// The words of the demo upstream: what was asked, what it answers, how much that counts.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/json.h"

namespace responses_proxy::demo {

// The text of the last user message; `input` is a string or an array of items.
std::string last_user_text(const Json& input);

std::string answer_to(std::string_view prompt);

// Pieces that add up to the text: a word and the white space behind it.
std::vector<std::string> split_into_deltas(std::string_view text);

// Words in all strings of a document: what the demo calls tokens.
std::int64_t count_words(const Json& json);

}  // namespace responses_proxy::demo
