// Policy weighted_least_connections: the smallest (active + 1) / weight wins.
#pragma once

#include <cstdint>

#include "responses_proxy/random.h"
#include "responses_proxy/router.h"

namespace responses_proxy {

// Sees the eligible candidates one by one and keeps the best. Among equals each is kept with the
// same probability (reservoir sampling), so ties do not favour a position.
class WeightedLeastConnections {
 public:
  explicit WeightedLeastConnections(Random& random) : random_(random) {}

  // `share`: the part of its weight that counts at the moment, (0, 1].
  void consider(const Candidate& candidate, double share) {
    const double score =
        static_cast<double>(candidate.state->active() + 1) / (candidate.resource->weight * share);
    if (best_ == nullptr || score < best_score_) {
      best_ = &candidate;
      best_score_ = score;
      ties_ = 1;
    } else if (score == best_score_ && random_.next() % ++ties_ == 0) {
      best_ = &candidate;
    }
  }

  const Candidate* best() const { return best_; }

 private:
  Random& random_;
  const Candidate* best_ = nullptr;
  double best_score_ = 0;
  std::uint64_t ties_ = 0;
};

}  // namespace responses_proxy
