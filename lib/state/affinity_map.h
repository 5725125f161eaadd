// AffinityMap: id -> resource id, bounded, the least used out first, entries expire.
//
// Threads    Safe from any thread: kShards independent tables, one short lock each.
// Cost       One hash of the id, one lock, a few places next to each other; at most 32 bytes an
//            entry where the map is full, whatever the length of ids.
// Limits     max_entries is divided over the shards, so the bound is exact per shard. Times count
// in
//            steps of kAffinityTick: an entry may go that much early.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "responses_proxy/clock.h"
#include "state/affinity_table.h"

namespace responses_proxy {

// What an entry's age is counted from.
enum class Expiry : std::uint8_t { since_use, since_stored };

class AffinityMap {
 public:
  static constexpr std::size_t kShards = 64;

  struct Options {
    std::size_t max_entries;
    Millis lifetime;  // at most four years
    Expiry expiry;
    std::uint64_t hash_seed = 0;  // what those who choose ids do not know
  };

  AffinityMap(const Clock& clock, Options options);

  std::optional<std::string> find(std::string_view id);
  // As find(). `renew` becomes true when the entry is used for the first time since `every` has
  // passed: whoever else keeps it should hear that it is still in use.
  std::optional<std::string> find(std::string_view id, Millis every, bool& renew);
  void put(std::string_view id, std::string_view resource_id);
  void erase(std::string_view id);

  std::size_t size() const;
  std::uint64_t evicted() const;
  // Of the tables, free places included.
  std::size_t bytes() const;

 private:
  struct alignas(64) Shard {
    Shard(std::size_t max_entries, AffinityTicks lifetime) : table(max_entries, lifetime) {}

    mutable std::mutex mutex;
    AffinityTable table;
  };

  AffinityHash hash_of(std::string_view id) const;
  Shard& shard_of(const AffinityHash& hash) { return *shards_[hash.place % kShards]; }
  AffinityTicks now() const;
  template <class T>
  T sum(T (AffinityTable::*part)() const) const;

  const Clock& clock_;
  const SteadyTime start_;
  const Expiry expiry_;
  const std::uint64_t hash_seed_;
  std::array<std::unique_ptr<Shard>, kShards> shards_;
};

}  // namespace responses_proxy
