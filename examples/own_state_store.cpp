// A StateStore of the host's own: what sessions and responses belong to which key stands in the
// host's table. A real one would be a database that all its processes share, asked beside the loop.
#include <cstdio>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <variant>

#include "responses_proxy/load_balancer.h"
#include "responses_proxy/table_router.h"

using namespace responses_proxy;

namespace {

class OwnStore final : public StateStore {
 public:
  // The same object for everybody, as long as anybody holds it.
  std::shared_ptr<ResourceState> resource(std::string_view id,
                                          std::string_view points_at) override {
    const std::scoped_lock lock(mutex_);
    auto& kept = states_[ResourceState::name_of(id, points_at)];
    auto state = kept.lock();
    if (!state) {
      state = std::make_shared<ResourceState>(std::string(id), observers_, points_at);
      kept = state;
    }
    return state;
  }
  // Called outside of the lock: `found` may ask for more.
  void find_affinity(const AffinityKey& key, Found found) override { found(look_up(key)); }
  void remember_affinity(const AffinityKey& key, std::string_view resource_id, Done done) override {
    {
      const std::scoped_lock lock(mutex_);
      if (table_.size() >= kMost) table_.erase(table_.begin());
      table_[{key.kind, std::string(key.id)}] = resource_id;
    }
    done();
  }
  void forget_affinity(const AffinityKey& key) override {
    const std::scoped_lock lock(mutex_);
    table_.erase({key.kind, std::string(key.id)});
  }
  [[nodiscard]] HealthSubscription observe_health(HealthObserver observer) override {
    return observers_->add(std::move(observer));
  }

 private:
  static constexpr std::size_t kMost = 10'000;

  std::optional<std::string> look_up(const AffinityKey& key) {
    const std::scoped_lock lock(mutex_);
    const auto found = table_.find({key.kind, std::string(key.id)});
    return found == table_.end() ? std::nullopt : std::optional(found->second);
  }

  const std::shared_ptr<HealthObservers> observers_ = std::make_shared<HealthObservers>();
  std::mutex mutex_;  // guards what follows
  std::map<std::string, std::weak_ptr<ResourceState>> states_;
  std::map<std::pair<AffinityKind, std::string>, std::string> table_;
};

}  // namespace

int main() {
  const SystemClock clock;
  SeededRandom random(1);
  OwnStore store;
  TableRouter router(store);
  const LoadBalancer balancer(clock, random);
  Resource first;
  first.id = "first";
  first.base_url = "https://a.example/v1";
  Resource second = first;
  second.id = "second";
  router.update({first, second});

  std::string told;
  const HealthSubscription watching = store.observe_health([&](const HealthChange& change) {
    told = change.resource_id + " is " + std::string(to_string(change.after));
  });
  store.remember_affinity({AffinityKind::session, "session-7"}, "second", [] {});
  std::string preferred;
  store.find_affinity({AffinityKind::session, "session-7"},
                      [&](const std::optional<std::string>& id) { preferred = id.value_or(""); });

  const auto route = router.route({});
  if (!route) return 1;
  PickResult result = balancer.pick({.route = *route, .preferred_resource = preferred});
  auto* lease = std::get_if<Picked>(&result);
  if (lease == nullptr || lease->resource().id != "second") return 1;
  lease->finish({.health = Health::unhealthy, .error = true, .reason = "no money left"}, Millis(9),
                clock.steady());
  std::printf("%s\n", told.c_str());
  return told == "second is unhealthy" ? 0 : 1;
}
