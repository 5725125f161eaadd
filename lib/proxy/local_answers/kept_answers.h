// What is answered here about a response that is kept in its provider's place: GET (also as a
// stream), DELETE, cancel, input_items.
#pragma once

#include <optional>
#include <string>

#include "core/task.h"
#include "responses_proxy/result.h"

namespace responses_proxy {

struct ExchangeContext;

namespace local_answers {

// JSON; "" = it was given as a stream. nullopt: an upstream may know the response.
Task<std::optional<Result<std::string>>> answer_about_kept(ExchangeContext& exchange);

}  // namespace local_answers
}  // namespace responses_proxy
