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

// The part of its weight that a resource gets this long after it recovered: kFirstShare at first,
// all of it after `slow_start`.
inline constexpr double kFirstShare = 0.1;
double slow_start_share(const ResourceState& state, SteadyTime now, Millis slow_start);

}  // namespace responses_proxy
