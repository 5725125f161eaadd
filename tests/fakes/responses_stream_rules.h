// The rules that every answer of the Responses API keeps, whatever it says.
#pragma once

#include <string>
#include <vector>

#include "core/json.h"

namespace responses_proxy::testing {

// Every documented member is there, and what the request says is echoed.
void check_response_members(const Json& response, const Json& request);

// created, in_progress, then items: added, their parts, deltas that make up what their done events
// say, done; one terminal event; numbers without a gap; ids that stay; the output of the end is
// what was done, in order.
void check_stream_rules(const std::vector<Json>& events, const Json& request);

}  // namespace responses_proxy::testing
