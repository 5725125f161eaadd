#include "balance/eligibility.h"

#include <algorithm>

namespace responses_proxy {

namespace {

Eligibility dropped(DropReason reason, SteadyTime back_at, SteadyTime now, bool by_time) {
  const bool known = now < back_at;
  return {reason, Tier::first, known ? std::chrono::ceil<Millis>(back_at - now) : Millis::zero(),
          known && by_time};
}

// Another request may use it again when its block has ended; without a block, when it has cooled
// down.
Eligibility dropped_as_tried(const ResourceState& state, SteadyTime now) {
  const SteadyTime blocked = state.blocked_until();
  return dropped(DropReason::tried, now < blocked ? blocked : state.cooldown_until(), now,
                 state.health() != Health::unhealthy);
}

// Without a health checker only traffic can find out that a key works again.
Eligibility of_unhealthy(const ResourceState& state, SteadyTime now) {
  if (now < state.cooldown_until() || state.trial_under_way()) {
    return dropped(DropReason::unhealthy, state.cooldown_until(), now, false);
  }
  return {std::nullopt, Tier::last_resort, {}, false};
}

}  // namespace

Eligibility eligibility(const ResourceState& state, SteadyTime now,
                        std::span<const std::string> tried, std::string_view model) {
  if (!tried.empty() && std::find(tried.begin(), tried.end(), state.id()) != tried.end()) {
    return dropped_as_tried(state, now);
  }
  if (const SteadyTime blocked = state.blocked_until(); now < blocked) {
    const bool by_time = state.health() != Health::unhealthy;
    return dropped(DropReason::blocked, blocked, now, by_time);
  }
  Eligibility verdict;
  if (state.health() == Health::unhealthy) {
    verdict = of_unhealthy(state, now);
  } else if (state.health() == Health::degraded) {
    const bool busy = state.on_trial() && state.trial_under_way();
    if (busy || now < state.cooldown_until()) verdict.tier = Tier::last_resort;
  }
  if (!verdict.dropped && state.refuses_model(model, now)) verdict.tier = Tier::not_for_it;
  return verdict;
}

double slow_start_share(const ResourceState& state, SteadyTime now, Millis slow_start) {
  const SteadyTime recovered = state.recovered_at();
  if (recovered == SteadyTime{} || now - recovered >= slow_start) return 1.0;
  const double passed = std::chrono::duration<double>(now - recovered) / slow_start;
  return std::clamp(passed, kFirstShare, 1.0);
}

}  // namespace responses_proxy
