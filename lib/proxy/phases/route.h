// Phase "route": which targets may serve the request.
#pragma once

#include <optional>

#include "responses_proxy/error.h"

namespace responses_proxy {

struct ExchangeContext;

namespace phases {

// What the host has to say against the request; it may choose its pool.
std::optional<Error> ask_host(ExchangeContext& exchange);

// Fills `route`. Error: there is no such pool, or nothing in it.
std::optional<Error> route(ExchangeContext& exchange);

}  // namespace phases
}  // namespace responses_proxy
