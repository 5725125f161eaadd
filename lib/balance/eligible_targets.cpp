#include "balance/eligible_targets.h"

#include <algorithm>

namespace responses_proxy {

void Dropped::add(const Eligibility& verdict) {
  ++by_reason[static_cast<std::size_t>(*verdict.dropped)];
  if (verdict.back_in == Millis::zero()) return;
  soonest = std::min(soonest.value_or(Millis::max()), verdict.back_in);
  if (!verdict.by_time) return;
  soonest_by_time = std::min(soonest_by_time.value_or(Millis::max()), verdict.back_in);
}

Eligibility look_at(const Target& target, const PickRequest& request, SteadyTime now) {
  return eligibility(*target.state, now, request.tried,
                     target.model.empty() ? request.model : target.model);
}

std::span<const EligibleTarget> RouteTargets::all() {
  if (looked_at_all_) return {best_.data(), best_.size()};
  looked_at_all_ = true;
  for (const Target& target : request_.route.targets) {
    const Eligibility verdict = look_at(target, request_, now_);
    if (verdict.dropped) {
      dropped_.add(verdict);
      continue;
    }
    const Rank rank{verdict.tier, target.priority};
    if (!best_.empty() && rank > rank_) continue;
    if (!best_.empty() && rank < rank_) best_.clear();
    rank_ = rank;
    const double share = slow_start_share(*target.state, now_, options_.slow_start);
    best_.push_back({&target, target.weight * share});
  }
  return {best_.data(), best_.size()};
}

bool RouteTargets::takes(const Target& target) {
  const std::span<const EligibleTarget> best = all();
  return std::any_of(best.begin(), best.end(),
                     [&](const EligibleTarget& one) { return one.target == &target; });
}

// One that gets a part of its weight only is found as often as that part says.
std::optional<EligibleTarget> RouteTargets::at(double point) {
  const Target& target = drawn_by_weight(request_.route.targets, point);
  const Eligibility verdict = look_at(target, request_, now_);
  if (verdict.dropped || verdict.tier != Tier::first) return std::nullopt;
  const double share = slow_start_share(*target.state, now_, options_.slow_start);
  if (random_.fraction() >= share) return std::nullopt;
  return EligibleTarget{&target, target.weight * share};
}

}  // namespace responses_proxy
