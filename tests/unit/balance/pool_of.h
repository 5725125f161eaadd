// A routed pool for tests of the load balancer.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "fakes/manual_clock.h"
#include "responses_proxy/load_balancer.h"
#include "responses_proxy/random.h"
#include "responses_proxy/state_store.h"
#include "responses_proxy/table_router.h"

namespace responses_proxy::testing {

struct PoolOf {
  explicit PoolOf(std::vector<std::pair<std::string, double>> weights, std::uint64_t seed = 1)
      : random(seed) {
    std::vector<Resource> resources;
    for (auto& [id, weight] : weights) {
      resources.push_back({id, "", "environment", "main", "http://" + id, "responses", {}, weight});
    }
    resources.push_back(
        {"elsewhere", "", "environment", "other", "http://o", "responses", {}, 1.0});
    router.update(std::move(resources));
  }

  ResourceState& state(std::string_view id) { return *router.table()->find(id)->state; }
  void give(std::string_view id, const Verdict& verdict) {
    state(id).apply(verdict, clock.steady());
  }
  void degrade(std::string_view id, Millis cooldown) {
    give(id, {Health::degraded, cooldown, Millis(0), true, "HTTP 503"});
  }
  void block(std::string_view id, Millis time) {
    give(id, {Health::degraded, time, time, true, "HTTP 429"});
  }
  void break_down(std::string_view id, Millis cooldown) {
    give(id, {Health::unhealthy, cooldown, Millis(0), true, "HTTP 401"});
  }

  Route route(std::string_view pool = "main") const { return *router.route({"", pool}); }
  PickResult pick(std::vector<std::string> tried = {}) {
    return balancer.pick({.route = route(), .tried = tried});
  }
  PickResult prefer(std::string_view id, std::vector<std::string> tried = {}) {
    return balancer.pick({.route = route(), .preferred_resource = id, .tried = tried});
  }
  PickResult require(std::string_view id, std::vector<std::string> tried = {}) {
    return balancer.pick({.route = route(), .required_resource = id, .tried = tried});
  }

  ManualClock clock;
  SeededRandom random;
  std::unique_ptr<StateStore> store = make_memory_state_store(clock);
  TableRouter router{*store};
  LoadBalancer balancer{clock, random, {Millis(30'000), Millis(0)}};
};

// Its id; "" if nothing was picked.
inline std::string picked(const PickResult& result) {
  const auto* lease = std::get_if<Picked>(&result);
  return lease == nullptr ? "" : lease->resource().id;
}

}  // namespace responses_proxy::testing
