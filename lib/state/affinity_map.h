// AffinityMap: id -> resource id, bounded, least recently used out first, entries expire.
//
// Threads    Safe from any thread: kShards independent maps, one short lock each.
// Cost       One hash, one lock, one list splice; memory about 200 bytes per entry, and twice the
//            length of ids and resource ids that are longer than 15 bytes.
// Limits     max_entries is divided over the shards, so the bound is exact per shard. Of an id that
//            is longer than kMaxIdBytes its bounded_id() is kept.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <list>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "responses_proxy/clock.h"

namespace responses_proxy {

// What an entry's age is counted from.
enum class Expiry : std::uint8_t { since_use, since_stored };

class AffinityMap {
 public:
  static constexpr std::size_t kShards = 64;

  AffinityMap(const Clock& clock, std::size_t max_entries, Millis lifetime, Expiry expiry);

  std::optional<std::string> find(std::string_view id);
  // As find(). `renew` becomes true when the entry is used for the first time since `every` has
  // passed: whoever else keeps it should hear that it is still in use.
  std::optional<std::string> find(std::string_view id, Millis every, bool& renew);
  void put(std::string_view id, std::string_view resource_id);
  void erase(std::string_view id);

  // About `count` of the entries used last, as (id, resource id).
  std::vector<std::pair<std::string, std::string>> newest(std::size_t count) const;
  std::size_t size() const;
  std::uint64_t evicted() const;

 private:
  struct Entry {
    std::string id;
    std::string resource_id;
    SteadyTime since;
    SteadyTime renewed;
  };
  using Entries = std::list<Entry>;  // most recently used first
  struct alignas(64) Shard {
    mutable std::mutex mutex;
    Entries entries;
    std::unordered_map<std::string_view, Entries::iterator> by_id;  // keys point into entries
    std::uint64_t evicted = 0;

    void drop(Entries::iterator entry);
  };

  Shard& shard_of(std::string_view id);

  const Clock& clock_;
  const std::size_t max_per_shard_;
  const Millis lifetime_;
  const Expiry expiry_;
  std::array<Shard, kShards> shards_;
};

}  // namespace responses_proxy
