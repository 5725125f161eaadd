// Eligibility: may this resource be used now, and if not, why not. Comes before every policy.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "responses_proxy/load_balancer.h"

namespace responses_proxy {

enum class Tier : std::uint8_t {
  first,        // healthy, not yet known, or degraded with its cooldown over
  last_resort,  // degraded and cooling down, or unhealthy some time ago: only if no other is left
};

struct Eligibility {
  std::optional<DropReason> dropped;  // absent: eligible
  Tier tier = Tier::first;
  Millis back_in{0};  // dropped as blocked or unhealthy: when it may be eligible again
};

Eligibility eligibility(const ResourceState& state, SteadyTime now,
                        const std::vector<std::string>& tried);

}  // namespace responses_proxy
