#include "balance/policies/round_robin.h"
#include "balance/policies/weighted_least_connections.h"

namespace responses_proxy {

std::unique_ptr<const BalancingPolicy> make_balancing_policy(std::string_view name) {
  if (name == "weighted_least_connections") return std::make_unique<WeightedLeastConnections>();
  if (name == "round_robin") return std::make_unique<RoundRobin>();
  return nullptr;
}

}  // namespace responses_proxy
