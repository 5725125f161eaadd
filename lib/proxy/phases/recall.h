// Phase "recall": who knows what the request continues, the conversation behind it if its resource
// does not keep that, and where its session sticks.
#pragma once

#include <optional>

#include "core/task.h"
#include "responses_proxy/error.h"

namespace responses_proxy {

struct ExchangeContext;

namespace phases {

// Fills `affinity` and `history`, and puts items of ours that the input only names in their places.
// What the request names outright goes before what its input refers to. Error: what it continues
// may be here, but cannot be looked up now, or is too long.
Task<std::optional<Error>> recall(ExchangeContext& exchange);

}  // namespace phases
}  // namespace responses_proxy
