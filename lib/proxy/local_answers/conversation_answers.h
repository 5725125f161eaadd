// What is answered here of /v1/conversations: conversations that are kept in the place of providers
// that keep none, and their items.
#pragma once

#include <optional>
#include <string>

#include "core/task.h"
#include "responses_proxy/result.h"

namespace responses_proxy {

struct ExchangeContext;

namespace local_answers {

// JSON. nullopt: an upstream may know the conversation, or is to begin it.
Task<std::optional<Result<std::string>>> answer_about_conversations(ExchangeContext& exchange);

}  // namespace local_answers
}  // namespace responses_proxy
