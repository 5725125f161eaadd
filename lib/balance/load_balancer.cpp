#include "responses_proxy/load_balancer.h"

#include <fmt/format.h>
#include <algorithm>
#include <optional>

#include "balance/eligibility.h"
#include "balance/weighted_least_connections.h"

namespace responses_proxy {

namespace {

// At most so many of those that are out are told with their reason.
constexpr std::size_t kTold = 3;
// Draws for two targets that can be used; then all are looked at.
constexpr int kMaxDraws = 16;

// Counts who was dropped and why, and when the first of them comes back.
struct Dropped {
  std::array<std::size_t, kDropReasons> by_reason{};
  std::optional<Millis> soonest;          // that one may be used again, if only as a trial
  std::optional<Millis> soonest_by_time;  // ... and is as good as it was

  void add(const Eligibility& verdict) {
    ++by_reason[static_cast<std::size_t>(*verdict.dropped)];
    if (verdict.back_in == Millis::zero()) return;
    soonest = std::min(soonest.value_or(Millis::max()), verdict.back_in);
    if (!verdict.by_time) return;
    soonest_by_time = std::min(soonest_by_time.value_or(Millis::max()), verdict.back_in);
  }
  std::size_t count(DropReason reason) const { return by_reason[static_cast<std::size_t>(reason)]; }
};

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
  Error error = rate_limited ? Error{429, "rate_limit_error", "rate_limit_exceeded", "", "", {}}
                             : Error::unavailable(503, "no_available_resources", "");
  error.message = "No available resources are registered" + reasons(targets, now);
  error.retry_after = dropped.soonest_by_time.value_or(Millis::zero());
  return {dropped.soonest.value_or(recheck), dropped.by_reason, std::move(error)};
}

// A refusal concerns the name that the model has at the target.
Eligibility look_at(const Target& target, const PickRequest& request, SteadyTime now) {
  return eligibility(*target.state, now, request.tried,
                     target.model.empty() ? request.model : target.model);
}

Reject gone(std::string_view resource_id) {
  return {{404, "invalid_request_error", "response_resource_gone",
           fmt::format("The resource that made this response ({}) is no longer configured, and no "
                       "other account knows the response. Start a new conversation.",
                       resource_id),
           "", Millis{}}};
}

PickResult pick_required(const PickRequest& request, SteadyTime now, Millis recheck) {
  const RoutingTable& table = *request.route.table;
  const Target* target = table.find(request.required_resource, request.route.targets);
  // It alone knows the response, in whatever pool it is.
  if (target == nullptr) target = table.find(request.required_resource);
  if (target == nullptr) return gone(request.required_resource);
  const Eligibility verdict = eligibility(*target->state, now, request.tried);
  if (!verdict.dropped) {
    return Lease(request.route.table, *target, SelectionReason::response_affinity);
  }
  Dropped dropped;
  dropped.add(verdict);
  const bool limited = *verdict.dropped == DropReason::blocked;
  Error error = limited ? Error{429, "rate_limit_error", "rate_limit_exceeded", "", "", {}}
                        : Error::unavailable(503, "response_resource_unavailable", "");
  error.message = fmt::format(
      "The resource that made this response ({}) is {} at the moment, and no other account knows "
      "the response. Try again later. {}",
      target->resource->name, limited ? "rate limited" : "not available", told(*target, now));
  error.retry_after = dropped.soonest_by_time.value_or(Millis::zero());
  return Wait{dropped.soonest.value_or(recheck), dropped.by_reason, std::move(error)};
}

// The better of two that are drawn by weight among those of the first tier; null if two were not to
// be found that way.
const Target* better_of_two(const PickRequest& request, SteadyTime now, Millis slow_start,
                            std::uint64_t seed) {
  PickRandom random(seed);
  const Target* best = nullptr;
  double best_score = 0;
  for (int draw = 0; draw < kMaxDraws; ++draw) {
    const Target& target = drawn_by_weight(request.route.targets, random.fraction());
    const Eligibility verdict = look_at(target, request, now);
    if (verdict.dropped || verdict.tier != Tier::first) continue;
    const double share = slow_start_share(*target.state, now, slow_start);
    if (random.fraction() >= share) continue;
    const double score = load_score(target, share);
    if (best != nullptr) return score < best_score ? &target : best;
    best = &target;
    best_score = score;
  }
  return nullptr;
}

// Null if all are out; `dropped` then tells why.
const Target* best_of(const PickRequest& request, SteadyTime now,
                      const LoadBalancerOptions& options, std::uint64_t seed, Dropped& dropped) {
  const std::span<const Target> targets = request.route.targets;
  const bool many = targets.size() > options.scan_up_to;
  if (many) {
    if (const Target* best = better_of_two(request, now, options.slow_start, seed)) return best;
  }
  using Policy = WeightedLeastConnections;
  std::array<Policy, kTiers> tiers = {Policy(seed, many), Policy(seed, many), Policy(seed, many)};
  for (const Target& target : targets) {
    const Eligibility verdict = look_at(target, request, now);
    if (verdict.dropped) {
      dropped.add(verdict);
    } else {
      tiers[static_cast<std::size_t>(verdict.tier)].consider(
          target, slow_start_share(*target.state, now, options.slow_start));
    }
  }
  for (const Policy& tier : tiers) {
    if (tier.best() != nullptr) return tier.best();
  }
  return nullptr;
}

}  // namespace

PickResult LoadBalancer::pick(const PickRequest& request) const {
  const SteadyTime now = clock_.steady();
  if (!request.required_resource.empty()) return pick_required(request, now, options_.recheck);

  if (!request.preferred_resource.empty()) {
    const Target* preferred =
        request.route.table->find(request.preferred_resource, request.route.targets);
    if (preferred != nullptr) {
      const Eligibility verdict = look_at(*preferred, request, now);
      if (!verdict.dropped && verdict.tier == Tier::first) {
        return Lease(request.route.table, *preferred, request.preferred_reason);
      }
    }
  }

  Dropped dropped;
  const Target* best = best_of(request, now, options_, random_.next(), dropped);
  if (best == nullptr) return all_out(dropped, request.route.targets, now, options_.recheck);
  return Lease(request.route.table, *best,
               request.tried.empty() ? SelectionReason::weighted_least_connections
                                     : SelectionReason::failover);
}

}  // namespace responses_proxy
