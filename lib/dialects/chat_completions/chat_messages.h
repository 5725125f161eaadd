// The messages of a request of the Chat Completions API.
#pragma once

#include <optional>

#include "core/json_text.h"
#include "dialects/chat_completions/chat_request.h"
#include "dialects/translation/conversation.h"
#include "responses_proxy/error.h"

namespace responses_proxy {

// The elements of the array. Error: a part that this provider does not take.
std::optional<Error> put_chat_messages(JsonText& out, Conversation& conversation,
                                       const ChatTarget& target);

}  // namespace responses_proxy
