#include "state/affinity_map.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <algorithm>
#include <limits>

#include "core/bounded_id.h"

namespace responses_proxy {

namespace {

constexpr AffinityTicks kMaxTicks = std::numeric_limits<std::int32_t>::max();

AffinityTicks ticks_of(Millis time) {
  return static_cast<AffinityTicks>(std::clamp<std::int64_t>(time / kAffinityTick, 0, kMaxTicks));
}

}  // namespace

AffinityMap::AffinityMap(const Clock& clock, Options options)
    : clock_(clock),
      start_(clock.steady()),
      expiry_(options.expiry),
      hash_seed_(options.hash_seed) {
  for (auto& shard : shards_) {
    shard = std::make_unique<Shard>(options.max_entries / kShards, ticks_of(options.lifetime));
  }
}

std::optional<std::string> AffinityMap::find(std::string_view id) {
  bool ignored = false;
  return find(id, Millis::max(), ignored);
}

std::optional<std::string> AffinityMap::find(std::string_view id, Millis every, bool& renew) {
  const AffinityHash hash = hash_of(id);
  const AffinityTicks at = now();
  Shard& shard = shard_of(hash);
  const std::scoped_lock lock(shard.mutex);
  AffinityTable::Entry* entry = shard.table.find(hash, at);
  if (entry == nullptr) return std::nullopt;
  entry->used = 1;
  if (expiry_ == Expiry::since_use) entry->since = at;
  renew = every != Millis::max() && passed(entry->renewed, at) >= ticks_of(every);
  if (renew) entry->renewed = at;
  return shard.table.resource_id(*entry);
}

void AffinityMap::put(std::string_view id, std::string_view resource_id) {
  const AffinityHash hash = hash_of(id);
  const AffinityTicks at = now();
  Shard& shard = shard_of(hash);
  const std::scoped_lock lock(shard.mutex);
  shard.table.put(hash, resource_id, at);
}

void AffinityMap::erase(std::string_view id) {
  const AffinityHash hash = hash_of(id);
  Shard& shard = shard_of(hash);
  const std::scoped_lock lock(shard.mutex);
  shard.table.erase(hash);
}

template <class T>
T AffinityMap::sum(T (AffinityTable::*part)() const) const {
  T total = 0;
  for (const auto& shard : shards_) {
    const std::scoped_lock lock(shard->mutex);
    total += (shard->table.*part)();
  }
  return total;
}

std::size_t AffinityMap::size() const {
  return sum(&AffinityTable::size);
}

std::uint64_t AffinityMap::evicted() const {
  return sum(&AffinityTable::evicted);
}

std::size_t AffinityMap::bytes() const {
  return sum(&AffinityTable::bytes);
}

AffinityHash AffinityMap::hash_of(std::string_view id) const {
  // Some know an id in its bounded form only.
  const BoundedId key(id);
  const std::string_view text = key;
  const XXH128_hash_t hash = XXH3_128bits_withSeed(text.data(), text.size(), hash_seed_);
  return {hash.low64, static_cast<std::uint32_t>(hash.high64)};
}

// Modulo 2^32, as tables count.
AffinityTicks AffinityMap::now() const {
  const auto passed = std::chrono::duration_cast<Millis>(clock_.steady() - start_);
  return static_cast<AffinityTicks>(passed / kAffinityTick);
}

}  // namespace responses_proxy
