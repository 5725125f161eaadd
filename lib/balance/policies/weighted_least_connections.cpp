#include "balance/policies/weighted_least_connections.h"

namespace responses_proxy {

// What it would have with this request.
const Target* WeightedLeastConnections::choose(EligibleTargets& eligible) const {
  return least_score(eligible, [](const EligibleTarget& one) {
    return static_cast<double>(one.target->state->active() + 1) / one.weight;
  });
}

}  // namespace responses_proxy
