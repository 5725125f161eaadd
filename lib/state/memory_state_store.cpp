#include "state/memory_state_store.h"

namespace responses_proxy {

namespace {

AffinityMap::Options kept_from_storing(const AffinityLimits& limits) {
  return {limits.max_entries, limits.response_age, Expiry::since_stored, limits.hash_seed};
}

}  // namespace

MemoryStateStore::MemoryStateStore(const Clock& clock, const AffinityLimits& limits)
    : responses_(clock, kept_from_storing(limits)),
      items_(clock, kept_from_storing(limits)),
      sessions_(clock,
                {limits.max_entries, limits.session_idle, Expiry::since_use, limits.hash_seed}),
      aliases_(clock, kept_from_storing(limits)) {}

std::shared_ptr<ResourceState> MemoryStateStore::resource(std::string_view id,
                                                          std::string_view points_at) {
  const std::scoped_lock lock(states_->mutex);
  auto& entry = states_->by_name[ResourceState::name_of(id, points_at)];
  if (auto state = entry.lock()) return state;
  std::shared_ptr<ResourceState> state(new ResourceState(std::string(id), observers_, points_at),
                                       [states = std::weak_ptr(states_)](ResourceState* gone) {
                                         const std::unique_ptr<ResourceState> owned(gone);
                                         if (const auto alive = states.lock())
                                           alive->forget(owned->name());
                                       });
  entry = state;
  ++states_->made;
  return state;
}

// Unless it has been made anew in the meantime.
void MemoryStateStore::States::forget(const std::string& name) {
  const std::scoped_lock lock(mutex);
  const auto found = by_name.find(name);
  if (found != by_name.end() && found->second.expired()) by_name.erase(found);
}

std::vector<std::shared_ptr<ResourceState>> MemoryStateStore::resources() const {
  std::vector<std::shared_ptr<ResourceState>> held;
  const std::scoped_lock lock(states_->mutex);
  for (const auto& [name, entry] : states_->by_name) {
    if (auto state = entry.lock()) held.push_back(std::move(state));
  }
  return held;
}

std::uint64_t MemoryStateStore::resources_made() const {
  const std::scoped_lock lock(states_->mutex);
  return states_->made;
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
          responses_.evicted() + items_.evicted() + sessions_.evicted() + aliases_.evicted()};
}

std::unique_ptr<StateStore> make_memory_state_store(const Clock& clock, AffinityLimits limits) {
  return std::make_unique<MemoryStateStore>(clock, limits);
}

}  // namespace responses_proxy
