// Eligibility: may this resource be used now, and if not, why not. Comes before every policy.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "responses_proxy/load_balancer.h"

namespace responses_proxy {

// In the order in which they are used: one only if nothing is left in those before it.
enum class Tier : std::uint8_t {
  first,        // healthy, not yet known, or degraded with its cooldown over
  last_resort,  // degraded and cooling down, or being tried out; unhealthy some time ago
  not_for_it,   // the resource has refused the model lately
};
inline constexpr std::size_t kTiers = 3;

struct Eligibility {
  std::optional<DropReason> dropped;  // absent: eligible
  Tier tier = Tier::first;
  Millis back_in{0};     // dropped: when it may be used again; 0 = not known
  bool by_time = false;  // ... and then it is as good as it was: nothing but time has to pass
};

Eligibility eligibility(const ResourceState& state, SteadyTime now,
                        std::span<const std::string> tried, std::string_view model = {});

// The part of its weight that a resource gets this long after it recovered: kFirstShare at first,
// all of it after `slow_start`.
inline constexpr double kFirstShare = 0.1;
double slow_start_share(const ResourceState& state, SteadyTime now, Millis slow_start);

}  // namespace responses_proxy
