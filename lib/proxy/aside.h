// What takes longer than an event loop may be held up, as reading or writing a large body does: it
// happens on a helper thread, and the loop goes on meanwhile.
#pragma once

#include <cstddef>
#include <functional>

#include "core/task.h"
#include "responses_proxy/event_loop.h"
#include "responses_proxy/helper_threads.h"

namespace responses_proxy {

struct ExchangeContext;

// Working on a larger body takes too long for an event loop.
inline constexpr std::size_t kLargeBody = 256 * 1024;

// Runs `work`, elsewhere if it is large and a helper can take it, and then `then` on the loop; that
// comes within the call if nobody helps, and not at all if the helpers go first. `work` is released
// where it has run, `then` on the loop.
void aside(HelperThreads& helpers, EventLoop& loop, bool large, std::function<void()> work,
           std::function<void()> then);

// The same for an exchange. Nothing else of it happens meanwhile, but that its client may leave.
Task<> aside(ExchangeContext& exchange, bool large, std::function<void()> work);

// Lets go of the request's body. Giving back a hundred megabytes takes a while, too.
void release_body(ExchangeContext& exchange);

}  // namespace responses_proxy
