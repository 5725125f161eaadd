// A resource as /admin/state shows it.
#pragma once

#include "core/json.h"
#include "responses_proxy/clock.h"
#include "responses_proxy/router.h"

namespace responses_proxy::control {

Json resource_json(const Target& target, const Clock& clock);

// The longer of cooldown and the wait that was asked for, in whole seconds, rounded up: "1" until
// it is over, then 0.
std::int64_t seconds_to_wait(const ResourceState& state, SteadyTime now);

}  // namespace responses_proxy::control
