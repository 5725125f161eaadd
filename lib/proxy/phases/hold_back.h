// Between "send" and "stream": the beginning of an answer is held back while it may show that the
// answer is not for the client.
#pragma once

#include "core/task.h"
#include "responses_proxy/clock.h"

namespace responses_proxy {

struct ExchangeContext;

namespace phases {

// For the body of an error whose head is there.
inline constexpr Millis kErrorBodyPatience{2'000};

// Until the answer has shown what it is worth, a stream at most for the hold-back time. The body of
// an error tells whether the key is bad, the money gone, the id or the model unknown; one that does
// not come must not keep the request from moving.
Task<> hold_back(ExchangeContext& exchange);

}  // namespace phases
}  // namespace responses_proxy
