// Between "send" and "stream": what follows from how an attempt has begun.
#pragma once

#include <cstddef>
#include <string_view>

#include "core/task.h"
#include "responses_proxy/resource.h"

namespace responses_proxy {

struct ExchangeContext;

namespace phases {

// Tries at resources that do not know an id nobody remembers: they cost the provider nothing and
// do not count against PROXY_MAX_ATTEMPTS.
inline constexpr std::size_t kMaxNotFoundTries = 16;

// The request cannot be said to that resource for that model: no other try at it, nor at those that
// differ from it by their key alone.
void leave_out(ExchangeContext& exchange, const Resource& resource, std::string_view model);

std::size_t attempts_left(const ExchangeContext& exchange);

// Whether something else is tried in the attempt's place, if there is anything; a bad beginning
// counts against its resource from here on. false: this answer is the client's.
Task<bool> moves_on(ExchangeContext& exchange);

}  // namespace phases
}  // namespace responses_proxy
