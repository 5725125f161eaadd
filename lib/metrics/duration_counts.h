// DurationCounts: how long many things took, in a few counters.
//
// Ownership  A plain value; one thread at a time.
// Limits     Buckets grow by the root of two from 1 ms to 12 minutes: a quantile is read from
//            within its bucket, so it is at most 41 % off, usually a tenth of that.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>

namespace responses_proxy {

class DurationCounts {
 public:
  // The first takes what is below 1 ms, the last what is above the bound before it.
  static constexpr std::size_t kBuckets = 40;

  // Which of the counters it is that counts such a duration.
  static std::size_t bucket(std::chrono::microseconds duration);

  void add(std::chrono::microseconds duration) { add_to(bucket(duration)); }
  void add_to(std::size_t bucket) { ++counts_[bucket]; }
  DurationCounts& operator+=(const DurationCounts& more);

  // 0 <= share <= 1. nullopt: nothing was counted.
  std::optional<double> quantile_ms(double share) const;

 private:
  std::array<std::uint32_t, kBuckets> counts_{};
};

}  // namespace responses_proxy
