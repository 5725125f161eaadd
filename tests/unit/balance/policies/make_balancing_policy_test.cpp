#include <doctest/doctest.h>

#include "unit/balance/pool_of.h"

namespace responses_proxy {

TEST_CASE("every policy that is listed can be made, and goes by that name") {
  for (const std::string_view name : kBalancingPolicies) {
    const auto policy = make_balancing_policy(name);
    REQUIRE(policy != nullptr);
    CHECK(policy->name() == name);
  }
  CHECK(make_balancing_policy("") == nullptr);
  CHECK(make_balancing_policy("Round_Robin") == nullptr);
}

TEST_CASE("a policy of the host's own is asked, and names its choices") {
  struct TheLast final : BalancingPolicy {
    std::string_view name() const override { return "the_last"; }
    const Target* choose(EligibleTargets& eligible) const override {
      return eligible.all().empty() ? nullptr : eligible.all().back().target;
    }
  };
  testing::PoolOf pool({{"a", 1}, {"b", 1}, {"c", 1}});
  pool.block("c", Millis(1'000));
  const LoadBalancer balancer(pool.clock, pool.random, {.policy = std::make_shared<TheLast>()});
  const Route route = pool.route();
  const std::vector<std::string> none;
  const PickResult result = balancer.pick({.route = route, .tried = none});
  CHECK(testing::picked(result) == "b");  // what is out it does not see
  CHECK(std::get<Picked>(result).reason_word().text() == "the_last");
  pool.block("a", Millis(1'000));
  pool.block("b", Millis(1'000));
  const PickResult out = balancer.pick({.route = route, .tried = none});
  REQUIRE(std::holds_alternative<Wait>(out));
  CHECK(std::get<Wait>(out).error.status == 429);
}

}  // namespace responses_proxy
