// Policy weighted_least_connections: the smallest (active + 1) / weight wins.
//
// Alone, this process knows every request, and the smallest of all wins. With other replicas it
// does not know what they have picked since their last report, and neither do they: if all of them
// took the smallest, they would all take the same one (docs/adr/0010 has the numbers). Then it is
// the smaller of two that are drawn by weight. So it is with many targets, whose loads cost more
// to look at than the best of them is better than the better of two.
#pragma once

#include <array>
#include <cstdint>
#include <random>

#include "responses_proxy/routing_table.h"

namespace responses_proxy {

// One draw for all of a pick: the random source behind the seed is shared between threads.
class PickRandom {
 public:
  explicit PickRandom(std::uint64_t seed)
      : random_(static_cast<std::minstd_rand::result_type>(seed)) {}
  double fraction() { return std::generate_canonical<double, 31>(random_); }  // [0, 1)
  bool one_in(std::uint64_t n) { return random_() % n == 0; }

 private:
  std::minstd_rand random_;
};

// `share`: the part of its weight that counts at the moment, (0, 1].
inline double load_score(const Target& target, double share) {
  return static_cast<double>(target.state->active() + 1) / (target.weight * share);
}

// Sees the eligible targets one by one and keeps the best. Among equals each is kept with the
// same probability (reservoir sampling), so ties do not favour a position.
class WeightedLeastConnections {
 public:
  // `of_two`: the better of two that are drawn by weight, instead of the best.
  WeightedLeastConnections(std::uint64_t seed, bool of_two) : random_(seed), of_two_(of_two) {}

  void consider(const Target& target, double share) {
    const double weight = target.weight * share;
    const double score = load_score(target, share);
    if (of_two_ || target.state->has_peers()) draw({&target, score}, weight);
    if (best_.target == nullptr || score < best_.score) {
      best_ = {&target, score};
      ties_ = 1;
    } else if (score == best_.score && random_.one_in(++ties_)) {
      best_ = {&target, score};
    }
  }

  // Null if there was none.
  const Target* best() const {
    if (drawn_[0].target == nullptr) return best_.target;
    return drawn_[1].score < drawn_[0].score ? drawn_[1].target : drawn_[0].target;
  }

 private:
  struct Scored {
    const Target* target = nullptr;
    double score = 0;
  };

  // Each ends up as one of the drawn with a probability that is its part of all the weight.
  void draw(const Scored& scored, double weight) {
    weight_ += weight;
    for (Scored& drawn : drawn_) {
      const double chance = random_.fraction();
      if (drawn.target == nullptr || chance * weight_ < weight) drawn = scored;
    }
  }

  PickRandom random_;
  const bool of_two_;
  Scored best_;
  std::uint64_t ties_ = 0;
  std::array<Scored, 2> drawn_;
  double weight_ = 0;
};

}  // namespace responses_proxy
