// What is kept here in a provider's place, as phases and local answers ask for it: each waits for
// its answer on the exchange's loop.
#pragma once

#include <memory>
#include <optional>
#include <string_view>

#include "core/task.h"
#include "responses_proxy/conversations.h"
#include "responses_proxy/kept_responses.h"
#include "responses_proxy/result.h"

namespace responses_proxy {

struct ExchangeContext;

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

}  // namespace responses_proxy
