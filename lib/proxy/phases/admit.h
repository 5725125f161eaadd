// Phase "admit": who is calling, whether that caller may, what is asked for, and whether the proxy
// can read of it what it has to.
#pragma once

#include <optional>

#include "core/task.h"
#include "responses_proxy/error.h"

namespace responses_proxy {

struct ExchangeContext;

namespace phases {

// Fills `endpoint` and `facts`. The body is decoded afterwards.
Task<std::optional<Error>> admit(ExchangeContext& exchange);

}  // namespace phases
}  // namespace responses_proxy
