// Phase "stream": the answer on its way to the client, to its end.
#pragma once

#include <optional>

#include "core/task.h"
#include "responses_proxy/error.h"

namespace responses_proxy {

struct ExchangeContext;

namespace phases {

// Error: there is no answer that could go to the client, not even the beginning of one.
Task<std::optional<Error>> stream(ExchangeContext& exchange);

}  // namespace phases
}  // namespace responses_proxy
