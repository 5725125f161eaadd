// The in-memory StateStore: complete for one process.
#include <map>
#include <mutex>

#include "responses_proxy/state_store.h"
#include "state/affinity_map.h"

namespace responses_proxy {

namespace {

class MemoryStateStore final : public StateStore {
 public:
  MemoryStateStore(const Clock& clock, const AffinityLimits& limits)
      : responses_(clock, limits.max_entries, limits.response_age, Expiry::since_stored),
        sessions_(clock, limits.max_entries, limits.session_idle, Expiry::since_use) {}

  std::shared_ptr<ResourceState> resource(std::string_view id) override {
    const std::scoped_lock lock(mutex_);
    auto found = resources_.find(id);
    if (found == resources_.end()) {
      found = resources_.emplace(id, std::make_shared<ResourceState>(std::string(id))).first;
    }
    return found->second;
  }

  void find_affinity(const AffinityKey& key, Found found) override { found(map(key).find(key.id)); }

  void remember_affinity(const AffinityKey& key, std::string_view resource_id, Done done) override {
    map(key).put(key.id, resource_id);
    if (done) done();
  }

  void forget_affinity(const AffinityKey& key) override { map(key).erase(key.id); }

  AffinityStats affinity_stats() const override {
    return {responses_.size(), sessions_.size(), responses_.evicted() + sessions_.evicted()};
  }

 private:
  AffinityMap& map(const AffinityKey& key) {
    return key.kind == AffinityKind::response ? responses_ : sessions_;
  }

  std::mutex mutex_;  // guards resources_
  std::map<std::string, std::shared_ptr<ResourceState>, std::less<>> resources_;
  AffinityMap responses_;
  AffinityMap sessions_;
};

}  // namespace

std::unique_ptr<StateStore> make_memory_state_store(const Clock& clock, AffinityLimits limits) {
  return std::make_unique<MemoryStateStore>(clock, limits);
}

}  // namespace responses_proxy
