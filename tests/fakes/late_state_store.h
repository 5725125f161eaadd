// A memory StateStore that behaves like a shared one: what is remembered is confirmed only when the
// test says so.
#pragma once

#include <memory>
#include <string_view>
#include <utility>
#include <vector>

#include "responses_proxy/state_store.h"

namespace responses_proxy::testing {

class LateStateStore final : public StateStore {
 public:
  explicit LateStateStore(const Clock& clock, AffinityLimits limits = {})
      : memory_(make_memory_state_store(clock, limits)) {}

  bool late = false;
  void confirm_all() {
    for (const Done& done : std::exchange(waiting_, {})) done();
  }
  std::size_t waiting() const { return waiting_.size(); }

  std::shared_ptr<ResourceState> resource(std::string_view id,
                                          std::string_view points_at) override {
    return memory_->resource(id, points_at);
  }
  void find_affinity(const AffinityKey& key, Found found) override {
    memory_->find_affinity(key, std::move(found));
  }
  void remember_affinity(const AffinityKey& key, std::string_view resource_id, Done done) override {
    if (!late || !done) return memory_->remember_affinity(key, resource_id, std::move(done));
    memory_->remember_affinity(key, resource_id, {});
    waiting_.push_back(std::move(done));
  }
  void forget_affinity(const AffinityKey& key) override { memory_->forget_affinity(key); }
  AffinityStats affinity_stats() const override { return memory_->affinity_stats(); }
  HealthSubscription observe_health(HealthObserver observer) override {
    return memory_->observe_health(std::move(observer));
  }

 private:
  std::unique_ptr<StateStore> memory_;
  std::vector<Done> waiting_;
};

}  // namespace responses_proxy::testing
