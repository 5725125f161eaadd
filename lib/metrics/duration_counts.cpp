#include "metrics/duration_counts.h"

#include <algorithm>
#include <cmath>

namespace responses_proxy {

namespace {

using Bounds = std::array<double, DurationCounts::kBuckets>;

// The upper bounds in milliseconds. The last one only ends the scale.
const Bounds& bounds() {
  static const Bounds kBounds = [] {
    Bounds list{};
    for (std::size_t i = 0; i < list.size(); ++i) {
      list[i] = std::exp2(static_cast<double>(i) / 2);
    }
    return list;
  }();
  return kBounds;
}

}  // namespace

std::size_t DurationCounts::bucket(std::chrono::microseconds duration) {
  const double ms = static_cast<double>(duration.count()) / 1000.0;
  const auto bound = std::lower_bound(bounds().begin(), bounds().end() - 1, ms);
  return static_cast<std::size_t>(bound - bounds().begin());
}

DurationCounts& DurationCounts::operator+=(const DurationCounts& more) {
  for (std::size_t i = 0; i < kBuckets; ++i) counts_[i] += more.counts_[i];
  return *this;
}

std::optional<double> DurationCounts::quantile_ms(double share) const {
  std::uint64_t all = 0;
  for (const std::uint32_t count : counts_) all += count;
  if (all == 0) return std::nullopt;
  const double wanted = std::clamp(share, 0.0, 1.0) * static_cast<double>(all);
  double below = 0;
  for (std::size_t i = 0; i < kBuckets; ++i) {
    const auto here = static_cast<double>(counts_[i]);
    if (here == 0 || below + here < wanted) {
      below += here;
      continue;
    }
    const double from = i == 0 ? 0 : bounds()[i - 1];
    return from + (bounds()[i] - from) * (wanted - below) / here;
  }
  return bounds().back();
}

}  // namespace responses_proxy
