// Policy weighted_least_connections: the smallest (active + 1) / weight wins.
//
// Alone, this process knows every request, and the smallest of all wins. With other replicas it
// does not know what they have picked since their last report, and neither do they: if all of them
// took the smallest, they would all take the same one (docs/adr/0010 has the numbers). Then it is
// the smaller of two that are drawn by weight.
#pragma once

#include <array>
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
    const double weight = candidate.resource->weight * share;
    const double score = static_cast<double>(candidate.state->active() + 1) / weight;
    if (candidate.state->has_peers()) draw({&candidate, score}, weight);
    if (best_.candidate == nullptr || score < best_.score) {
      best_ = {&candidate, score};
      ties_ = 1;
    } else if (score == best_.score && random_() % ++ties_ == 0) {
      best_ = {&candidate, score};
    }
  }

  // Null if there was none.
  const Candidate* best() const {
    if (drawn_[0].candidate == nullptr) return best_.candidate;
    return drawn_[1].score < drawn_[0].score ? drawn_[1].candidate : drawn_[0].candidate;
  }

 private:
  struct Scored {
    const Candidate* candidate = nullptr;
    double score = 0;
  };

  // Each ends up as one of the drawn with a probability that is its part of all the weight.
  void draw(const Scored& scored, double weight) {
    weight_ += weight;
    for (Scored& drawn : drawn_) {
      const double chance = std::generate_canonical<double, 31>(random_);
      if (drawn.candidate == nullptr || chance * weight_ < weight) drawn = scored;
    }
  }

  std::minstd_rand random_;
  Scored best_;
  std::uint64_t ties_ = 0;
  std::array<Scored, 2> drawn_;
  double weight_ = 0;
};

}  // namespace responses_proxy
