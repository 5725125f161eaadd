#include <algorithm>

#include "responses_proxy/balancing_policy.h"

namespace responses_proxy {

namespace {

// Draws for two targets that can be used; then all are looked at.
constexpr int kMaxDraws = 16;

// The better of two that are found by weight; null if two were not to be found that way.
const Target* better_of_two_drawn(EligibleTargets& eligible, const Score& score) {
  std::optional<EligibleTarget> first;
  for (int draw = 0; draw < kMaxDraws; ++draw) {
    const auto drawn = eligible.at(eligible.random().fraction());
    if (!drawn) continue;
    if (first) return score(*drawn) < score(*first) ? drawn->target : first->target;
    first = drawn;
  }
  return nullptr;
}

const EligibleTarget& at_point(std::span<const EligibleTarget> all, double point) {
  double left = 0;
  for (const EligibleTarget& one : all) left += one.weight;
  left *= point;
  for (const EligibleTarget& one : all) {
    if ((left -= one.weight) < 0) return one;
  }
  return all.back();
}

const Target* better_of_two(std::span<const EligibleTarget> all, PickRandom& random,
                            const Score& score) {
  const EligibleTarget& first = at_point(all, random.fraction());
  const EligibleTarget& second = at_point(all, random.fraction());
  return score(second) < score(first) ? second.target : first.target;
}

// Among equals each is kept with the same probability (reservoir sampling), so that ties do not
// favour a position.
const Target* least(std::span<const EligibleTarget> all, PickRandom& random, const Score& score) {
  const Target* best = nullptr;
  double best_score = 0;
  std::uint64_t ties = 0;
  for (const EligibleTarget& one : all) {
    const double scored = score(one);
    if (best == nullptr || scored < best_score) {
      best = one.target;
      best_score = scored;
      ties = 1;
    } else if (scored == best_score && random.one_in(++ties)) {
      best = one.target;
    }
  }
  return best;
}

}  // namespace

// Alone, this process knows every request, and the least of all is the best choice. With other
// replicas it does not know what they have picked since their last report, and neither do they
// (docs/adr/0010 has the numbers). And the loads of many cost more to look at than the best of them
// is better than the better of two.
const Target* least_score(EligibleTargets& eligible, const Score& score) {
  const bool many = eligible.many();
  if (many) {
    if (const Target* better = better_of_two_drawn(eligible, score)) return better;
  }
  const std::span<const EligibleTarget> all = eligible.all();
  const bool peers = std::any_of(all.begin(), all.end(), [](const EligibleTarget& one) {
    return one.target->state->has_peers();
  });
  if ((many || peers) && !all.empty()) return better_of_two(all, eligible.random(), score);
  return least(all, eligible.random(), score);
}

}  // namespace responses_proxy
