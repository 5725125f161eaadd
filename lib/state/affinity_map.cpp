#include "state/affinity_map.h"

#include <algorithm>
#include <functional>

#include "core/bounded_id.h"

namespace responses_proxy {

AffinityMap::AffinityMap(const Clock& clock, std::size_t max_entries, Millis lifetime,
                         Expiry expiry)
    : clock_(clock),
      max_per_shard_(std::max<std::size_t>(1, max_entries / kShards)),
      lifetime_(lifetime),
      expiry_(expiry) {}

std::optional<std::string> AffinityMap::find(std::string_view id) {
  bool ignored = false;
  return find(id, Millis::max(), ignored);
}

std::optional<std::string> AffinityMap::find(std::string_view id, Millis every, bool& renew) {
  const BoundedId key(id);
  const SteadyTime now = clock_.steady();
  Shard& shard = shard_of(key);
  const std::scoped_lock lock(shard.mutex);
  const auto found = shard.by_id.find(key);
  if (found == shard.by_id.end()) return std::nullopt;
  const auto entry = found->second;
  if (now - entry->since >= lifetime_) {
    shard.drop(entry);
    return std::nullopt;
  }
  if (expiry_ == Expiry::since_use) entry->since = now;
  renew = every != Millis::max() && now - entry->renewed >= every;
  if (renew) entry->renewed = now;
  shard.entries.splice(shard.entries.begin(), shard.entries, entry);
  return entry->resource_id;
}

void AffinityMap::put(std::string_view id, std::string_view resource_id) {
  const BoundedId key(id);
  const SteadyTime now = clock_.steady();
  Shard& shard = shard_of(key);
  const std::scoped_lock lock(shard.mutex);
  if (const auto found = shard.by_id.find(key); found != shard.by_id.end()) {
    const auto entry = found->second;
    entry->resource_id = resource_id;
    entry->since = now;
    entry->renewed = now;
    shard.entries.splice(shard.entries.begin(), shard.entries, entry);
    return;
  }
  if (shard.entries.size() >= max_per_shard_) {
    shard.drop(std::prev(shard.entries.end()));
    ++shard.evicted;
  }
  shard.entries.push_front({std::string(key), std::string(resource_id), now, now});
  shard.by_id.emplace(shard.entries.front().id, shard.entries.begin());
}

void AffinityMap::erase(std::string_view id) {
  const BoundedId key(id);
  Shard& shard = shard_of(key);
  const std::scoped_lock lock(shard.mutex);
  if (const auto found = shard.by_id.find(key); found != shard.by_id.end()) {
    shard.drop(found->second);
  }
}

std::vector<std::pair<std::string, std::string>> AffinityMap::newest(std::size_t count) const {
  std::vector<std::pair<std::string, std::string>> entries;
  const std::size_t per_shard = (count + kShards - 1) / kShards;
  for (const Shard& shard : shards_) {
    const std::scoped_lock lock(shard.mutex);
    std::size_t left = per_shard;
    for (auto entry = shard.entries.begin(); entry != shard.entries.end() && left > 0; ++entry) {
      entries.emplace_back(entry->id, entry->resource_id);
      --left;
    }
  }
  return entries;
}

std::size_t AffinityMap::size() const {
  std::size_t total = 0;
  for (const Shard& shard : shards_) {
    const std::scoped_lock lock(shard.mutex);
    total += shard.entries.size();
  }
  return total;
}

std::uint64_t AffinityMap::evicted() const {
  std::uint64_t total = 0;
  for (const Shard& shard : shards_) {
    const std::scoped_lock lock(shard.mutex);
    total += shard.evicted;
  }
  return total;
}

AffinityMap::Shard& AffinityMap::shard_of(std::string_view id) {
  // The low bits pick the bucket inside a shard; use high ones here.
  return shards_[(std::hash<std::string_view>{}(id) >> 40) % kShards];
}

void AffinityMap::Shard::drop(Entries::iterator entry) {
  by_id.erase(entry->id);
  entries.erase(entry);
}

}  // namespace responses_proxy
