#include "responses_proxy/load_balancer.h"

#include <fmt/format.h>
#include <algorithm>
#include <optional>

#include "balance/eligible_targets.h"

namespace responses_proxy {

namespace {

// At most so many of those that are out are told with their reason.
constexpr std::size_t kTold = 3;

// "openai-1 unhealthy (HTTP 401: Incorrect API key provided)"
std::string told(const Target& target, SteadyTime now) {
  const ResourceState& state = *target.state;
  std::string text = fmt::format("{} {}", target.resource->name, to_string(state.health_at(now)));
  std::string why = state.reason_at(now);
  if (now < state.blocked_until()) {
    const auto left = std::chrono::ceil<std::chrono::seconds>(state.blocked_until() - now);
    why += fmt::format("{}back in {} s", why.empty() ? "" : "; ", left.count());
  }
  if (!why.empty()) text.append(" (").append(why).append(")");
  return text;
}

std::string reasons(std::span<const Target> targets, SteadyTime now) {
  std::string text;
  for (const Target& target : targets.first(std::min(targets.size(), kTold))) {
    text.append(text.empty() ? ": " : ", ").append(told(target, now));
  }
  if (targets.size() > kTold) text += fmt::format(", and {} more", targets.size() - kTold);
  return text;
}

Wait all_out(const Dropped& dropped, std::span<const Target> targets, SteadyTime now,
             Millis recheck) {
  const bool rate_limited =
      dropped.count(DropReason::blocked) > 0 && dropped.count(DropReason::unhealthy) == 0;
  std::string message = "No available resources are registered" + reasons(targets, now);
  Error error = rate_limited
                    ? Error::rate_limited(std::move(message))
                    : Error::unavailable(503, "no_available_resources", std::move(message));
  error.retry_after = dropped.soonest_by_time.value_or(Millis::zero());
  return {dropped.soonest.value_or(recheck), dropped.by_reason, std::move(error)};
}

Reject gone(std::string_view resource_id) {
  return {Error::refused(
      404, "response_resource_gone",
      fmt::format("The resource that made this response ({}) is no longer configured, and no "
                  "other account knows the response. Start a new conversation.",
                  resource_id))};
}

bool stands_for(const Route& route, const Target& target) {
  return route.table->find(target.resource->id, route.targets) != nullptr;
}

Reject outside(std::string_view alias, std::string_view resource) {
  return {Error::invalid_request(
      "response_outside_alias",
      fmt::format("The resource that made this response ({}) is none that the model \"{}\" stands "
                  "for, and no other account knows the response. Name the model that made it, or "
                  "start a new conversation.",
                  resource, alias),
      "model")};
}

PickResult pick_required(const PickRequest& request, SteadyTime now, Millis recheck) {
  const RoutingTable& table = *request.route.table;
  const Target* target = table.find(request.required_resource, request.route.targets);
  // It alone knows the response, in whatever pool it is; but what an alias means there nobody
  // knows.
  if (target == nullptr) target = table.find(request.required_resource);
  if (target == nullptr) return gone(request.required_resource);
  if (!request.route.alias.empty() && !stands_for(request.route, *target)) {
    return outside(request.route.alias, target->resource->name);
  }
  const Eligibility verdict = eligibility(*target->state, now, request.tried);
  if (!verdict.dropped) {
    return Lease(request.route.table, *target, SelectionReason::response_affinity);
  }
  Dropped dropped;
  dropped.add(verdict);
  const bool limited = *verdict.dropped == DropReason::blocked;
  std::string message = fmt::format(
      "The resource that made this response ({}) is {} at the moment, and no other account knows "
      "the response. Try again later. {}",
      target->resource->name, limited ? "rate limited" : "not available", told(*target, now));
  Error error = limited
                    ? Error::rate_limited(std::move(message))
                    : Error::unavailable(503, "response_resource_unavailable", std::move(message));
  error.retry_after = dropped.soonest_by_time.value_or(Millis::zero());
  return Wait{dropped.soonest.value_or(recheck), dropped.by_reason, std::move(error)};
}

}  // namespace

LoadBalancer::LoadBalancer(const Clock& clock, Random& random, LoadBalancerOptions options)
    : clock_(clock), random_(random), options_(std::move(options)) {
  if (!options_.policy) options_.policy = make_balancing_policy(kBalancingPolicies.front());
}

PickResult LoadBalancer::pick(const PickRequest& request) const {
  const SteadyTime now = clock_.steady();
  if (!request.required_resource.empty()) return pick_required(request, now, options_.recheck);
  const Route& route = request.route;
  if (!request.preferred_resource.empty()) {
    const Target* preferred = route.table->find(request.preferred_resource, route.targets);
    if (preferred != nullptr) {
      const Eligibility verdict = look_at(*preferred, request, now);
      // Nobody is kept waiting behind a lower priority once a higher one is back.
      const bool best =
          preferred->priority == 0 || RouteTargets(request, options_, now, 0).takes(*preferred);
      if (!verdict.dropped && verdict.tier == Tier::first && best) {
        return Lease(route.table, *preferred, request.preferred_reason);
      }
    }
  }
  RouteTargets eligible(request, options_, now, random_.next());
  if (const Target* chosen = options_.policy->choose(eligible)) {
    if (!request.tried.empty()) return Lease(route.table, *chosen, SelectionReason::failover);
    return Lease(route.table, *chosen, SelectionReason::policy, options_.policy->name());
  }
  eligible.all();  // tells why, even where the policy has not asked
  return all_out(eligible.dropped(), route.targets, now, options_.recheck);
}

}  // namespace responses_proxy
