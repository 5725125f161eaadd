// What clients send to /v1/conversations, read and checked.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "responses_proxy/result.h"

namespace responses_proxy::local_answers {

struct ConversationRequest {
  static constexpr std::size_t kMaxItems = 20;  // at once, as in the API
  static constexpr std::size_t kMaxPairs = 16;  // of metadata
  static constexpr std::size_t kMaxKeyChars = 64;
  static constexpr std::size_t kMaxValueChars = 512;

  std::optional<std::string> metadata;  // a JSON object
  std::optional<std::string> items;     // comma-separated JSON
};

// "" is taken for {}. Error: a member that is not as it has to be, by its name.
Result<ConversationRequest> read_conversation_request(std::string_view body);

}  // namespace responses_proxy::local_answers
