// Policy weighted_least_connections: the fewest active requests for its weight.
#pragma once

#include "responses_proxy/balancing_policy.h"

namespace responses_proxy {

class WeightedLeastConnections final : public BalancingPolicy {
 public:
  std::string_view name() const override { return "weighted_least_connections"; }
  const Target* choose(EligibleTargets& eligible) const override;
};

}  // namespace responses_proxy
