// What the headers of an answer say about the provider's limits, in one form.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "responses_proxy/clock.h"
#include "responses_proxy/limit_meter.h"
#include "responses_proxy/request.h"

namespace responses_proxy {

// The fields that tells_limits() knows, and Anthropic's of single tiers, grouped into meters:
//   x-ratelimit-{limit,remaining,reset}-<meter> and its relatives
//   anthropic-ratelimit-<meter>-{limit,remaining,reset}
//   anthropic-{priority,fast}-<meter>-{limit,remaining,reset}
//   anthropic-ratelimit-unified-<window>-{utilization,reset}
//   x-codex-<window>-{used-percent,window-minutes,reset-at,reset-after-seconds}
// What is negative or has a limit of 0 is not known and left out, as is a window that says nothing
// (all of it 0); but a fast mode with a limit of 0 is one that the account has nothing of.
// `model`: of whom the limits are, unless they are a plan's.
std::vector<LimitMeter> limit_meters(const Headers& headers, const std::string& model,
                                     WallTime now);

// The event in which a ChatGPT plan tells its windows within a stream.
constexpr std::string_view kLimitsEvent = "codex.rate_limits";
// What such an event says, as if the same had stood in headers. Nothing, if it cannot be read.
std::vector<LimitMeter> limit_meters(std::string_view event_json, WallTime now);

}  // namespace responses_proxy
