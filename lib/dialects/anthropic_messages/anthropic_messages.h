// The system and the messages of a request of the Messages API: turns of user and assistant, each
// of blocks.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "dialects/anthropic_messages/anthropic_settings.h"
#include "dialects/anthropic_messages/cache_marks.h"
#include "dialects/translation/conversation.h"
#include "dialects/translation/grouped_turns.h"
#include "responses_proxy/result.h"

namespace responses_proxy {

struct AnthropicTarget {
  const AnthropicSettings& settings;
  std::string_view model;   // as the upstream knows it
  std::string_view origin;  // reasoning_origin() of the resource
};

struct AnthropicMessages {
  std::string system;    // its blocks, comma-separated
  std::string messages;  // the same
};

// Error: a part that this provider does not take.
Result<AnthropicMessages> anthropic_messages(const Conversation& conversation,
                                             const std::vector<ConversationTurn>& turns,
                                             const AnthropicTarget& target, CacheMarks& marks);

}  // namespace responses_proxy
