// Policy round_robin: each target in its turn, as often as its weight says, whatever its load.
//
// Targets of one weight follow each other strictly. With different weights a round visits every
// cell of the range once (routing_table/draw_by_weight.cpp says what a cell is), each time at
// another place.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

#include "responses_proxy/balancing_policy.h"

namespace responses_proxy {

class RoundRobin final : public BalancingPolicy {
 public:
  std::string_view name() const override { return "round_robin"; }
  const Target* choose(EligibleTargets& eligible) const override;

 private:
  // Whose turn it is in a range of targets. Ranges may share one: if so, they only go on from each
  // other's turns.
  struct alignas(64) Turn {
    std::atomic<std::uint64_t> next{0};
  };
  static constexpr std::size_t kTurns = 64;

  Turn& turn_in(std::span<const Target> range) const;

  mutable std::array<Turn, kTurns> turns_;
};

}  // namespace responses_proxy
