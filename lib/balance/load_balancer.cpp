#include "responses_proxy/load_balancer.h"

#include <fmt/format.h>
#include <algorithm>
#include <functional>
#include <optional>

#include "balance/eligibility.h"
#include "balance/weighted_least_connections.h"

namespace responses_proxy {

namespace {

// Counts who was dropped and why, and when the first of them comes back.
struct Dropped {
  std::array<std::size_t, kDropReasons> by_reason{};
  std::optional<Millis> soonest;

  void add(const Eligibility& verdict) {
    ++by_reason[static_cast<std::size_t>(*verdict.dropped)];
    if (*verdict.dropped == DropReason::tried) return;
    soonest = soonest ? std::min(*soonest, verdict.back_in) : verdict.back_in;
  }
  std::size_t count(DropReason reason) const { return by_reason[static_cast<std::size_t>(reason)]; }
};

Error all_out(const Dropped& dropped, Millis retry_in) {
  const bool rate_limited =
      dropped.count(DropReason::blocked) > 0 && dropped.count(DropReason::unhealthy) == 0;
  Error error = rate_limited ? Error{429, "rate_limit_error", "rate_limit_exceeded", "", "", {}}
                             : Error::unavailable(503, "no_available_resources", "");
  error.message = "No available resources are registered";
  error.retry_after = retry_in;
  return error;
}

bool contains(std::span<const Candidate> candidates, const Candidate* candidate) {
  const std::less_equal<> not_after;
  return not_after(candidates.data(), candidate) &&
         std::less<>{}(candidate, candidates.data() + candidates.size());
}

Reject gone(std::string_view resource_id) {
  return {{404, "invalid_request_error", "response_resource_gone",
           fmt::format("The resource that made this response ({}) is no longer configured, and no "
                       "other account knows the response. Start a new conversation.",
                       resource_id),
           "", Millis{}}};
}

PickResult pick_required(const PickRequest& request, SteadyTime now) {
  const Candidate* candidate = request.route.snapshot->find(request.required_resource);
  if (candidate == nullptr) return gone(request.required_resource);
  const Eligibility verdict = eligibility(*candidate->state, now, request.tried);
  if (!verdict.dropped) {
    return Lease(request.route.snapshot, *candidate, SelectionReason::response_affinity);
  }
  const bool limited = *verdict.dropped == DropReason::blocked;
  Wait wait{std::max(verdict.back_in, Millis(1)), {}, {}};
  wait.dropped[static_cast<std::size_t>(*verdict.dropped)] = 1;
  wait.error = limited ? Error{429, "rate_limit_error", "rate_limit_exceeded", "", "", {}}
                       : Error::unavailable(503, "response_resource_unavailable", "");
  wait.error.message = fmt::format(
      "The resource that made this response ({}) is {} at the moment, and no other account knows "
      "the response. Try again later.",
      request.required_resource, limited ? "rate limited" : "not available");
  wait.error.retry_after = wait.retry_in;
  return wait;
}

}  // namespace

PickResult LoadBalancer::pick(const PickRequest& request) const {
  const SteadyTime now = clock_.steady();
  if (!request.required_resource.empty()) return pick_required(request, now);

  if (!request.preferred_resource.empty()) {
    const Candidate* preferred = request.route.snapshot->find(request.preferred_resource);
    if (preferred != nullptr && contains(request.route.candidates, preferred)) {
      const Eligibility verdict = eligibility(*preferred->state, now, request.tried);
      if (!verdict.dropped && verdict.tier == Tier::first) {
        return Lease(request.route.snapshot, *preferred, request.preferred_reason);
      }
    }
  }

  const std::uint64_t seed = random_.next();
  WeightedLeastConnections first(seed);
  WeightedLeastConnections last_resort(seed);
  Dropped dropped;
  for (const Candidate& candidate : request.route.candidates) {
    const Eligibility verdict = eligibility(*candidate.state, now, request.tried);
    if (verdict.dropped) {
      dropped.add(verdict);
    } else {
      (verdict.tier == Tier::first ? first : last_resort)
          .consider(candidate, slow_start_share(*candidate.state, now, options_.slow_start));
    }
  }
  const Candidate* best = first.best() != nullptr ? first.best() : last_resort.best();
  if (best != nullptr) {
    return Lease(request.route.snapshot, *best,
                 request.tried.empty() ? SelectionReason::weighted_least_connections
                                       : SelectionReason::failover);
  }
  const Millis retry_in = dropped.soonest.value_or(options_.recheck);
  return Wait{retry_in, dropped.by_reason, all_out(dropped, retry_in)};
}

}  // namespace responses_proxy
