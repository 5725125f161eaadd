// MemoryStateStore: the StateStore of one process, and the local part of a shared one.
#pragma once

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

  std::shared_ptr<ResourceState> resource(std::string_view id) override;
  void find_affinity(const AffinityKey& key, Found found) override;
  void remember_affinity(const AffinityKey& key, std::string_view resource_id, Done done) override;
  void forget_affinity(const AffinityKey& key) override;
  AffinityStats affinity_stats() const override;
  void observe_health(HealthObserver observer) override { observer_ = std::move(observer); }

  AffinityMap& affinity(AffinityKind kind) {
    switch (kind) {
      case AffinityKind::response:
        return responses_;
      case AffinityKind::item:
        return items_;
      case AffinityKind::session:
        break;
    }
    return sessions_;
  }
  // All but the first `known`, in the order they came.
  std::vector<std::shared_ptr<ResourceState>> resources_after(std::size_t known) const;

 private:
  HealthObserver observer_;
  mutable std::mutex mutex_;  // guards by_id_ and in_order_
  std::map<std::string, std::shared_ptr<ResourceState>, std::less<>> by_id_;
  std::vector<std::shared_ptr<ResourceState>> in_order_;
  AffinityMap responses_;
  AffinityMap items_;
  AffinityMap sessions_;
};

}  // namespace responses_proxy
