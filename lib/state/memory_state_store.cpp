#include "state/memory_state_store.h"

#include <cstddef>

namespace responses_proxy {

MemoryStateStore::MemoryStateStore(const Clock& clock, const AffinityLimits& limits)
    : responses_(clock, limits.max_entries, limits.response_age, Expiry::since_stored),
      items_(clock, limits.max_entries, limits.response_age, Expiry::since_stored),
      sessions_(clock, limits.max_entries, limits.session_idle, Expiry::since_use) {}

std::shared_ptr<ResourceState> MemoryStateStore::resource(std::string_view id) {
  const std::scoped_lock lock(mutex_);
  auto found = by_id_.find(id);
  if (found == by_id_.end()) {
    found = by_id_.emplace(id, std::make_shared<ResourceState>(std::string(id), observer_)).first;
    in_order_.push_back(found->second);
  }
  return found->second;
}

void MemoryStateStore::find_affinity(const AffinityKey& key, Found found) {
  found(affinity(key.kind).find(key.id));
}

void MemoryStateStore::remember_affinity(const AffinityKey& key, std::string_view resource_id,
                                         Done done) {
  affinity(key.kind).put(key.id, resource_id);
  if (done) done();
}

void MemoryStateStore::forget_affinity(const AffinityKey& key) {
  affinity(key.kind).erase(key.id);
}

AffinityStats MemoryStateStore::affinity_stats() const {
  return {responses_.size(), items_.size(), sessions_.size(),
          responses_.evicted() + items_.evicted() + sessions_.evicted()};
}

std::vector<std::shared_ptr<ResourceState>> MemoryStateStore::resources_after(
    std::size_t known) const {
  const std::scoped_lock lock(mutex_);
  return {in_order_.begin() + static_cast<std::ptrdiff_t>(known), in_order_.end()};
}

std::unique_ptr<StateStore> make_memory_state_store(const Clock& clock, AffinityLimits limits) {
  return std::make_unique<MemoryStateStore>(clock, limits);
}

}  // namespace responses_proxy
