// RouteTargets: the targets of one pick, each with the verdict on it.
#pragma once

#include <array>
#include <boost/container/small_vector.hpp>
#include <cstddef>
#include <optional>
#include <span>
#include <utility>

#include "balance/eligibility.h"
#include "responses_proxy/balancing_policy.h"
#include "responses_proxy/load_balancer.h"

namespace responses_proxy {

// Counts who was dropped and why, and when the first of them comes back.
struct Dropped {
  std::array<std::size_t, kDropReasons> by_reason{};
  std::optional<Millis> soonest;          // that one may be used again, if only as a trial
  std::optional<Millis> soonest_by_time;  // ... and is as good as it was

  void add(const Eligibility& verdict);
  std::size_t count(DropReason reason) const { return by_reason[static_cast<std::size_t>(reason)]; }
};

// The verdict on it for that request: a refusal concerns the name that the model has at the target.
Eligibility look_at(const Target& target, const PickRequest& request, SteadyTime now);

class RouteTargets final : public EligibleTargets {
 public:
  RouteTargets(const PickRequest& request, const LoadBalancerOptions& options, SteadyTime now,
               std::uint64_t seed)
      : request_(request), options_(options), now_(now), random_(seed) {}

  std::span<const Target> targets() const override { return request_.route.targets; }
  bool many() const override { return targets().size() > options_.scan_up_to; }
  std::span<const EligibleTarget> all() override;
  std::optional<EligibleTarget> at(double point) override;
  PickRandom& random() override { return random_; }

  // Whether it is one of all(); looks at every target, as that does.
  bool takes(const Target& target);
  // Those that all() has left out.
  const Dropped& dropped() const { return dropped_; }

 private:
  const PickRequest& request_;
  const LoadBalancerOptions& options_;
  const SteadyTime now_;
  PickRandom random_;
  bool looked_at_all_ = false;
  // A target of a lower priority that is well goes before one of a higher that is not.
  using Rank = std::pair<Tier, std::uint32_t>;
  Rank rank_{Tier::first, 0};  // of those in best_
  boost::container::small_vector<EligibleTarget, 8> best_;
  Dropped dropped_;
};

}  // namespace responses_proxy
