// Draws by weight in constant time: Walker's alias method, built as Vose does ("A linear algorithm
// for generating random numbers with a given distribution", 1991).
//
// Each target gets a cell of the same size, whatever its weight. One that weighs less than the
// average leaves room in its cell, which one that weighs more takes: a draw falls on a cell, and in
// it on one of two.
#include <algorithm>
#include <cstddef>
#include <limits>

#include "responses_proxy/routing_table.h"

namespace responses_proxy {

void prepare_draws(std::span<Target> range) {
  std::uint32_t first = std::numeric_limits<std::uint32_t>::max();
  for (const Target& target : range) first = std::min(first, target.priority);
  const auto weight = [first](const Target& target) {
    return target.priority == first ? target.weight : 0.0;
  };
  double all = 0;
  for (const Target& target : range) all += weight(target);
  std::vector<double> parts;  // of a cell that are not placed yet
  std::vector<std::uint32_t> below;
  std::vector<std::uint32_t> above;
  for (std::uint32_t i = 0; i < range.size(); ++i) {
    range[i].keeps = 1;
    range[i].other = i;
    parts.push_back(weight(range[i]) / all * static_cast<double>(range.size()));
    (parts[i] < 1 ? below : above).push_back(i);
  }
  // What is left in one of the two lists at the end fills its cell, but for rounding.
  while (!below.empty() && !above.empty()) {
    const std::uint32_t small = below.back();
    const std::uint32_t large = above.back();
    below.pop_back();
    range[small].keeps = static_cast<float>(parts[small]);
    range[small].other = large;
    parts[large] -= 1 - parts[small];
    if (parts[large] >= 1) continue;
    above.pop_back();
    below.push_back(large);
  }
}

const Target& drawn_by_weight(std::span<const Target> range, double fraction) {
  const double at = fraction * static_cast<double>(range.size());
  const auto cell = static_cast<std::size_t>(at);
  const Target& target = range[cell];
  return at - static_cast<double>(cell) < static_cast<double>(target.keeps) ? target
                                                                            : range[target.other];
}

}  // namespace responses_proxy
