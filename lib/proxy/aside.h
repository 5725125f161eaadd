// What an exchange does with a body as a whole. For a large one that takes longer than an event
// loop may be held up, so it happens on a helper thread.
#pragma once

#include <cstddef>
#include <functional>

#include "core/task.h"

namespace responses_proxy {

struct ExchangeContext;

// Working on a larger body takes too long for an event loop.
inline constexpr std::size_t kLargeBody = 256 * 1024;

// Runs `work`, elsewhere if it is large and a helper can take it. Nothing else of this exchange
// happens meanwhile, but that its client may leave.
Task<> aside(ExchangeContext& exchange, bool large, std::function<void()> work);

// Lets go of the request's body. Giving back a hundred megabytes takes a while, too.
void release_body(ExchangeContext& exchange);

}  // namespace responses_proxy
