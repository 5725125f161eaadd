// How long a provider asks us to stay away, read from its answer's headers.
#pragma once

#include <optional>
#include <string_view>

#include "responses_proxy/clock.h"
#include "responses_proxy/request.h"

namespace responses_proxy {

// The longest of what these ask for:
//   retry-after, retry-after-ms
//   x-ratelimit-reset-<what>, x-ratelimit-reset, ratelimit-reset, anthropic-ratelimit-<what>-reset,
//   x-codex-<meter>-reset-at, ...-reset-after-seconds
//                  where the field beside it with "remaining" says 0, "status" says rejected, or
//                  "used-percent" 100
// Each in any of these forms, whatever is usual for its name:
//   1.5            seconds (milliseconds for retry-after-ms)
//   1764201600     a time near now, in seconds or (from 1e11 on) milliseconds since 1970
//   6m0s, 12ms     as Go writes durations
//   an HTTP date (RFC 9110 section 5.6.7), or a time of RFC 3339
// Negative, past and unreadable values ask for nothing, and a limit of 0 or less is not known.
// nullopt: nothing was asked.
std::optional<Millis> asked_to_wait(const Headers& headers, WallTime now);

// Says so in an answer to a client, in each of the fields that it has for it.
void ask_to_wait(Headers& headers, Millis wait);

// How long it is until the time that one of these forms says; nullopt: it says none, or one that is
// past.
std::optional<Millis> time_left(std::string_view value, WallTime now);

// Whether a field of that name, in lower case, is one of those in which providers tell their
// limits.
bool tells_limits(std::string_view name);

}  // namespace responses_proxy
