// Policy weighted_least_connections: the smallest (active + 1) / weight wins.
#pragma once

#include <cstdint>
#include <random>

#include "responses_proxy/router.h"

namespace responses_proxy {

// Sees the eligible candidates one by one and keeps the best. Among equals each is kept with the
// same probability (reservoir sampling), so ties do not favour a position.
class WeightedLeastConnections {
 public:
  // One draw for all ties of a pick: `random` is shared between threads.
  explicit WeightedLeastConnections(std::uint64_t seed)
      : random_(static_cast<std::minstd_rand::result_type>(seed)) {}

  // `share`: the part of its weight that counts at the moment, (0, 1].
  void consider(const Candidate& candidate, double share) {
    const double score =
        static_cast<double>(candidate.state->active() + 1) / (candidate.resource->weight * share);
    if (best_ == nullptr || score < best_score_) {
      best_ = &candidate;
      best_score_ = score;
      ties_ = 1;
    } else if (score == best_score_ && random_() % ++ties_ == 0) {
      best_ = &candidate;
    }
  }

  const Candidate* best() const { return best_; }

 private:
  std::minstd_rand random_;
  const Candidate* best_ = nullptr;
  double best_score_ = 0;
  std::uint64_t ties_ = 0;
};

}  // namespace responses_proxy
