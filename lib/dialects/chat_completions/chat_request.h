// Writes a Conversation as a request of the Chat Completions API.
// https://platform.openai.com/docs/api-reference/chat/create
#pragma once

#include <string>
#include <string_view>

#include "dialects/chat_completions/chat_settings.h"
#include "dialects/translation/conversation.h"
#include "responses_proxy/result.h"

namespace responses_proxy {

struct ChatTarget {
  const ChatSettings& settings;
  std::string_view model;   // as the upstream knows it
  std::string_view origin;  // reasoning_origin() of the resource
};

// The body. Equal requests give equal bytes, and the messages come last: what a later turn adds
// stands behind what was there. `conversation`: its outputs are matched with their calls, and its
// effort becomes the one that is sent.
// Error: a part that this provider does not take; `param` says which.
Result<std::string> chat_request(Conversation& conversation, const ChatTarget& target);

}  // namespace responses_proxy
