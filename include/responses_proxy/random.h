// Random: the only source of randomness in the library (tie breaks, request ids, jitter).
//
// Role       Lets a test or simulation reproduce a run from its seed.
// Threads    Safe to call from any thread.
// Ownership  Passed by reference; outlives everything it is given to.
// Cost       One atomic add and a few multiplications, never blocks.
// Limits     Not for secrets: keys and nonces come from OpenSSL.
#pragma once

#include <atomic>
#include <cstdint>

#include "responses_proxy/export.h"

namespace RP_PUBLIC responses_proxy {

class Random {
 public:
  virtual ~Random() = default;
  // Uniform over all 64-bit values.
  virtual std::uint64_t next() = 0;
};

// SplitMix64 (Steele, Lea, Flood: "Fast splittable pseudorandom number generators", OOPSLA 2014): a
// counter that grows by kSplitMixStep, and what each of its values is mixed to.
inline constexpr std::uint64_t kSplitMixStep = 0x9E3779B97F4A7C15ULL;
constexpr std::uint64_t split_mix(std::uint64_t counter) {
  std::uint64_t z = (counter ^ (counter >> 30)) * 0xBF58476D1CE4E5B9ULL;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBULL;
  return z ^ (z >> 31);
}

// SplitMix64 over an atomic counter: one thread sees the same sequence for the same seed.
class SeededRandom final : public Random {
 public:
  explicit SeededRandom(std::uint64_t seed) : state_(seed) {}
  std::uint64_t next() override {
    return split_mix(state_.fetch_add(kSplitMixStep, std::memory_order_relaxed) + kSplitMixStep);
  }

 private:
  std::atomic<std::uint64_t> state_;
};

// A seed from the operating system: for a process, not for a test. Blocks for no longer than a
// system call.
std::uint64_t random_seed();

}  // namespace responses_proxy
