// Part of phase "recall": items that an input only names (`item_reference`), where they were made
// by upstreams that keep none. They are put in their places, so that any upstream can be asked.
#pragma once

#include <cstddef>
#include <optional>

#include "core/task.h"
#include "responses_proxy/error.h"

namespace responses_proxy {

struct ExchangeContext;

namespace phases {

// So many responses are looked up for one request; items of others stay unknown.
inline constexpr std::size_t kMaxReferredResponses = 1000;

// Changes the body, or the message of a turn on a socket. Sets `items_known` if no reference
// is left in it. Error: what one of them is cannot be looked up now.
Task<std::optional<Error>> put_referred_items(ExchangeContext& exchange);

}  // namespace phases
}  // namespace responses_proxy
