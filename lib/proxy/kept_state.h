// What is kept here in a provider's place, as phases and local answers ask for it: each waits for
// its answer on the exchange's loop.
#pragma once

#include <memory>
#include <optional>
#include <string_view>

#include "core/task.h"
#include "responses_proxy/conversations.h"
#include "responses_proxy/kept_conversations.h"
#include "responses_proxy/kept_responses.h"
#include "responses_proxy/result.h"
#include "responses_proxy/routing_table.h"

namespace responses_proxy {

struct ExchangeContext;

// Whether this upstream keeps its responses itself. Of one in a wire format that nobody here speaks
// it is not known.
bool upstream_keeps(const ExchangeContext& exchange, const Target& target);
bool upstream_may_keep(const ExchangeContext& exchange, const Target& target);
// Whether one of those that the request may go to may do so, or may not. There is a route.
bool some_upstream_may_keep(const ExchangeContext& exchange);
bool some_upstream_may_keep_none(const ExchangeContext& exchange);

// As the API says it: 404.
Error response_not_found(std::string_view id);

// Null: not known.
Task<Result<std::shared_ptr<const History>>> find_conversation(ExchangeContext& exchange,
                                                               std::string_view response_id);
// nullopt: not kept.
Task<Result<std::optional<KeptResponse>>> find_kept(ExchangeContext& exchange,
                                                    std::string_view response_id);
// See KeptResponses.
Task<Result<bool>> keep_response(ExchangeContext& exchange, KeptResponse response);
Task<Result<bool>> update_response(ExchangeContext& exchange, KeptResponse response);
Task<Result<bool>> forget_kept(ExchangeContext& exchange, std::string_view response_id);
// See KeptConversations.
Task<Result<std::optional<KeptConversation>>> find_kept_conversation(ExchangeContext& exchange,
                                                                     std::string_view id);
Task<Result<bool>> keep_conversation(ExchangeContext& exchange, KeptConversation conversation);
Task<Result<bool>> update_conversation(ExchangeContext& exchange, KeptConversation conversation);
Task<Result<bool>> forget_kept_conversation(ExchangeContext& exchange, std::string_view id);
// Whether other replicas can find it now; see Conversations.
Task<Result<bool>> keep_history(ExchangeContext& exchange, std::shared_ptr<const History> history);

}  // namespace responses_proxy
