#include "balance/eligibility.h"

#include <algorithm>

namespace responses_proxy {

namespace {

Millis until(SteadyTime time, SteadyTime now) {
  return std::max(Millis(1), std::chrono::ceil<Millis>(time - now));
}

}  // namespace

Eligibility eligibility(const ResourceState& state, SteadyTime now,
                        const std::vector<std::string>& tried) {
  if (!tried.empty() && std::find(tried.begin(), tried.end(), state.id()) != tried.end()) {
    return {DropReason::tried, {}, {}};
  }
  if (const SteadyTime blocked = state.blocked_until(); now < blocked) {
    return {DropReason::blocked, {}, until(blocked, now)};
  }
  const bool cooling = now < state.cooldown_until();
  switch (state.health()) {
    case Health::unknown:
    case Health::healthy:
      return {};
    case Health::degraded:
      return {std::nullopt, cooling ? Tier::last_resort : Tier::first, {}};
    case Health::unhealthy:
      // Without a health checker only traffic can find out that a key works again.
      if (!cooling) return {std::nullopt, Tier::last_resort, {}};
      return {DropReason::unhealthy, {}, until(state.cooldown_until(), now)};
  }
  return {};
}

double slow_start_share(const ResourceState& state, SteadyTime now, Millis slow_start) {
  const SteadyTime recovered = state.recovered_at();
  if (recovered == SteadyTime{} || now - recovered >= slow_start) return 1.0;
  const double passed = std::chrono::duration<double>(now - recovered) / slow_start;
  return std::clamp(passed, kFirstShare, 1.0);
}

}  // namespace responses_proxy
