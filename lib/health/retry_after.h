// How long a provider asks us to stay away, read from its answer's headers.
#pragma once

#include <optional>

#include "responses_proxy/clock.h"
#include "responses_proxy/request.h"

namespace responses_proxy {

// The longest of what these ask for, at most `cap`:
//   retry-after-ms            milliseconds (OpenAI SDKs)
//   retry-after               seconds or an HTTP date (RFC 9110 section 10.2.3)
//   x-ratelimit-reset-*       "1s", "6m0s", "20ms", where x-ratelimit-remaining-* is 0
// Negative, past and unreadable values ask for nothing. nullopt: nothing was asked.
std::optional<Millis> asked_to_wait(const Headers& headers, WallTime now, Millis cap);

}  // namespace responses_proxy
