// A conversation of /v1/conversations that is kept here, as phases and local answers read and
// change it: what is told of it (KeptConversations), and all that has been said in it
// (Conversations).
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string_view>

#include "core/task.h"
#include "responses_proxy/conversations.h"
#include "responses_proxy/kept_conversations.h"
#include "responses_proxy/result.h"

namespace responses_proxy {

struct ExchangeContext;

struct OpenConversation {
  KeptConversation kept;
  std::shared_ptr<const History> history;  // ends with kept.head; never null
};

// As the API says it: 404.
Error conversation_not_found(std::string_view id);

// Whether nothing more can be added to it: it is as long as a History may be.
bool is_full(const History& history, std::size_t more_bytes);
Error conversation_full(std::string_view id);

// Error: there is none, or nobody can say so now.
Task<Result<OpenConversation>> open_conversation(ExchangeContext& exchange, std::string_view id);

// A new one, which begins with that turn.
Task<Result<OpenConversation>> begin_conversation(ExchangeContext& exchange,
                                                  KeptConversation conversation,
                                                  std::shared_ptr<const History> history);

// Puts what `change` makes of it in its place; where somebody was faster, of what it is by then.
// A change may alter the document, and gives what is said in it from now on: the same history, or
// one that is kept then. Error: that of the change, or it could not be kept.
using ConversationChange =
    std::function<Result<std::shared_ptr<const History>>(OpenConversation& conversation)>;
Task<Result<OpenConversation>> change_conversation(ExchangeContext& exchange,
                                                   OpenConversation conversation,
                                                   ConversationChange change);

// A turn that is added to it.
std::shared_ptr<const History> turn_in(const OpenConversation& conversation, StoredTurn turn);

}  // namespace responses_proxy
