// The live state as /admin/state and /admin/events show it.
#pragma once

#include "core/json.h"
#include "responses_proxy/control_plane.h"

namespace responses_proxy::control {

// Everything but the time of day, so that two snapshots can be compared.
Json live_state(const ControlPlaneContext& context);
// With "time" in front.
Json stamped(const Json& state, const Clock& clock);

}  // namespace responses_proxy::control
