// MemoryStateStore: the StateStore of one process, and the local part of a shared one.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "responses_proxy/state_store.h"
#include "state/affinity_map.h"

namespace responses_proxy {

class MemoryStateStore : public StateStore {
 public:
  MemoryStateStore(const Clock& clock, const AffinityLimits& limits);

  std::shared_ptr<ResourceState> resource(std::string_view id, std::string_view points_at) override;
  void find_affinity(const AffinityKey& key, Found found) override;
  void remember_affinity(const AffinityKey& key, std::string_view resource_id, Done done) override;
  void forget_affinity(const AffinityKey& key) override;
  AffinityStats affinity_stats() const override;
  HealthSubscription observe_health(HealthObserver observer) override {
    return observers_->add(std::move(observer));
  }

  AffinityMap& affinity(AffinityKind kind) {
    switch (kind) {
      case AffinityKind::response:
        return responses_;
      case AffinityKind::item:
        return items_;
      case AffinityKind::alias:
        return aliases_;
      case AffinityKind::session:
        break;
    }
    return sessions_;
  }
  // Those that somebody holds.
  std::vector<std::shared_ptr<ResourceState>> resources() const;
  // How many have been made so far: while it stays, resources() has none that it had not.
  std::uint64_t resources_made() const;

 private:
  // Shared with the states, which go from here when nobody holds them any more.
  struct States {
    void forget(const std::string& name);

    std::mutex mutex;  // guards all of it
    std::map<std::string, std::weak_ptr<ResourceState>, std::less<>> by_name;
    std::uint64_t made = 0;
  };

  const std::shared_ptr<HealthObservers> observers_ = std::make_shared<HealthObservers>();
  const std::shared_ptr<States> states_ = std::make_shared<States>();
  AffinityMap responses_;
  AffinityMap items_;
  AffinityMap sessions_;
  AffinityMap aliases_;
};

}  // namespace responses_proxy
