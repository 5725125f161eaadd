#include "balance/policies/round_robin.h"

#include <algorithm>

namespace responses_proxy {

namespace {

// Turns that are passed because the target is not eligible; then all are looked at.
constexpr std::size_t kMaxPassed = 16;

// Of the weights of a range of that size. Within a cell the rounds follow the golden ratio, which
// spreads any number of them evenly.
double point_of(std::uint64_t turn, std::size_t size) {
  const std::uint64_t round = turn / size;
  const double within = static_cast<double>((round + 1) * 0x9E3779B97F4A7C15ULL >> 11) * 0x1p-53;
  return (static_cast<double>(turn % size) + within) / static_cast<double>(size);
}

}  // namespace

RoundRobin::Turn& RoundRobin::turn_in(std::span<const Target> range) const {
  return turns_[reinterpret_cast<std::uintptr_t>(range.data()) / alignof(Turn) % kTurns];
}

const Target* RoundRobin::choose(EligibleTargets& eligible) const {
  const std::size_t size = eligible.targets().size();
  std::atomic<std::uint64_t>& next = turn_in(eligible.targets()).next;
  for (std::size_t passed = 0; passed < std::min(size, kMaxPassed); ++passed) {
    const std::uint64_t turn = next.fetch_add(1, std::memory_order_relaxed);
    if (const auto at = eligible.at(point_of(turn, size))) return at->target;
  }
  const std::span<const EligibleTarget> all = eligible.all();
  if (all.empty()) return nullptr;
  return all[next.fetch_add(1, std::memory_order_relaxed) % all.size()].target;
}

}  // namespace responses_proxy
