// BalancingPolicy: which of the targets that can be used gets the request.
//
// Role       The last step of a pick. What is out, or worse than what is left, it does not see;
//            affinity comes before it. A policy is a score (how bad a choice is a target now) and a
//            distributor (which targets are compared): least_score() is the distributor to begin
//            with. docs/extending.md shows how to write one.
// Threads    choose() is called from any thread, by several at once. The targets it is given belong
//            to the call.
// Ownership  Shared by the LoadBalancer that it is given to. name() is valid as long as the policy.
// Errors     None.
// Blocking   Never: it runs on event loops. It should look at all targets only where they are few.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string_view>

#include "responses_proxy/export.h"
#include "responses_proxy/random.h"
#include "responses_proxy/routing_table.h"

namespace RP_PUBLIC responses_proxy {

// One seed for all of a pick: the random source behind it is shared between threads. SplitMix64, as
// SeededRandom.
class PickRandom {
 public:
  explicit PickRandom(std::uint64_t seed) : state_(seed) {}
  double fraction() { return static_cast<double>(next() >> 11) * 0x1p-53; }  // [0, 1)
  bool one_in(std::uint64_t n) { return next() % n == 0; }

 private:
  std::uint64_t next() { return split_mix(state_ += kSplitMixStep); }

  std::uint64_t state_;
};

struct EligibleTarget {
  const Target* target = nullptr;
  double weight = 0;  // > 0; for a while after a recovery less than the configured one
};

// What a pick can choose from. Some targets of a route are out, and the others are not all as good:
// one that cools down is a last resort, say. Only the best ones are eligible.
class EligibleTargets {
 public:
  virtual ~EligibleTargets() = default;
  // Those of the route, eligible or not.
  virtual std::span<const Target> targets() const = 0;
  // More of them than a pick should look at: at() first, all() if that finds nothing.
  virtual bool many() const = 0;
  // The eligible ones. Looks at every target of the route, once per pick.
  virtual std::span<const EligibleTarget> all() = 0;
  // The one at that point, [0, 1), of the route's weights, in constant time; nothing if it is not
  // as good as any.
  virtual std::optional<EligibleTarget> at(double point) = 0;
  // Of this pick alone.
  virtual PickRandom& random() = 0;
};

class BalancingPolicy {
 public:
  virtual ~BalancingPolicy() = default;
  // The word for it in PROXY_BALANCING_POLICY, x-proxy-decision, records and metrics.
  virtual std::string_view name() const = 0;
  // Null only if all() is empty.
  virtual const Target* choose(EligibleTargets& eligible) const = 0;
};

// How bad a choice it is; >= 0.
using Score = std::function<double(const EligibleTarget&)>;

// The distributor that compares: the smallest score wins, among equals each with the same
// probability. Where many are left, or other replicas pick at the same time and would all take the
// same one, it is the better of two that are drawn by weight.
const Target* least_score(EligibleTargets& eligible, const Score& score);

// The policies that come with the library, the default first.
inline constexpr std::array<std::string_view, 2> kBalancingPolicies{"weighted_least_connections",
                                                                    "round_robin"};
// Null for a name that is not one of them.
std::unique_ptr<const BalancingPolicy> make_balancing_policy(std::string_view name);

}  // namespace responses_proxy
