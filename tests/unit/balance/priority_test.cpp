// Targets of a lower priority are used only when none of a higher one is available.
#include <doctest/doctest.h>

#include <map>
#include <optional>
#include <vector>

#include "fakes/manual_clock.h"
#include "responses_proxy/load_balancer.h"
#include "responses_proxy/random.h"
#include "responses_proxy/state_store.h"
#include "responses_proxy/table_router.h"

namespace responses_proxy {

namespace {

// Resources "0-0", "0-1", ... of each priority behind the alias "m".
struct Fixture {
  Fixture(std::size_t per_priority, std::string_view policy) {
    std::vector<Resource> resources;
    ModelAlias alias{"m", {}};
    for (std::uint32_t priority = 0; priority < 3; ++priority) {
      for (std::size_t i = 0; i < per_priority; ++i) {
        Resource& made = resources.emplace_back();
        made.id = std::to_string(priority) + "-" + std::to_string(i);
        made.base_url = "http://" + made.id;
        made.registered = true;
        alias.targets.push_back(
            {.resource_ids = {made.id}, .weight = 1.0 + priority * 100, .priority = priority});
      }
    }
    router.update(std::move(resources), {std::move(alias)});
    LoadBalancerOptions options;
    options.slow_start = Millis(0);
    options.policy = make_balancing_policy(policy);
    balancer.emplace(clock, random, options);
  }

  void give(std::string_view prefix, const Verdict& verdict) {
    const auto table = router.table();
    for (const Target& target : table->all()) {
      if (target.resource->id.starts_with(prefix)) target.state->apply(verdict, clock.steady());
    }
  }
  // The priorities of many picks, and how often each.
  std::map<char, int> picks(std::string_view preferred = "", std::vector<std::string> tried = {}) {
    std::map<char, int> counts;
    const Route route = *router.route({"m", ""});
    for (int i = 0; i < 200; ++i) {
      const auto result = balancer->pick(
          {.route = route, .preferred_resource = preferred, .tried = tried, .model = "m"});
      const auto* lease = std::get_if<Picked>(&result);
      ++counts[lease == nullptr ? '-' : lease->resource().id.front()];
    }
    return counts;
  }

  testing::ManualClock clock;
  SeededRandom random{7};
  std::unique_ptr<StateStore> store = make_memory_state_store(clock);
  TableRouter router{*store};
  std::optional<LoadBalancer> balancer;
};
using Counts = std::map<char, int>;

const Verdict kOut{Health::unhealthy, Millis(60'000), Millis(0), true, "HTTP 401"};
const Verdict kCooling{Health::degraded, Millis(60'000), Millis(0), true, "HTTP 503"};

}  // namespace

TEST_CASE("the lowest number that is available gets everything, few targets or many") {
  for (const std::string_view policy : kBalancingPolicies) {
    for (const std::size_t per_priority : {1U, 2U, 20U}) {
      CAPTURE(policy);
      CAPTURE(per_priority);
      Fixture f(per_priority, policy);
      CHECK(f.picks() == Counts{{'0', 200}});
      f.give("0", kOut);
      CHECK(f.picks() == Counts{{'1', 200}});
      f.give("1", kOut);
      CHECK(f.picks() == Counts{{'2', 200}});
    }
  }
}

TEST_CASE("one that is well goes before a higher priority that is not") {
  Fixture f(2, "weighted_least_connections");
  f.give("0", kCooling);
  CHECK(f.picks() == Counts{{'1', 200}});
  f.give("1", kCooling);
  f.give("2", kCooling);
  CHECK(f.picks() == Counts{{'0', 200}});  // all cool down: the first of the last resorts
}

TEST_CASE("a session stays with a lower priority only as long as no higher one is back") {
  Fixture f(2, "weighted_least_connections");
  CHECK(f.picks("1-0") == Counts{{'0', 200}});
  f.give("0", kOut);
  CHECK(f.picks("1-0") == Counts{{'1', 200}});
  CHECK(f.picks("0-0") == Counts{{'1', 200}});
  CHECK(f.picks("", {"1-0", "1-1"}) == Counts{{'2', 200}});
}

}  // namespace responses_proxy
