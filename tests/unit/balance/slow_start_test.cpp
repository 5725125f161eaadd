#include <doctest/doctest.h>

#include "balance/eligibility.h"
#include "unit/balance/pool_of.h"

namespace responses_proxy {

namespace {

using testing::ManualClock;
using testing::PoolOf;

constexpr Millis kSlowStart{10'000};

struct Subject {
  ManualClock clock;
  ResourceState state{"r"};
  void apply(Health health, Millis cooldown = Millis(0)) {
    state.apply({health, cooldown, Millis(0), false, ""}, clock.steady());
  }
  double share() const { return slow_start_share(state, clock.steady(), kSlowStart); }
};

}  // namespace

TEST_CASE("a resource that never was down has its whole share") {
  Subject subject;
  CHECK(subject.share() == 1.0);
  subject.apply(Health::healthy);
  CHECK(subject.share() == 1.0);
  subject.apply(Health::healthy);
  CHECK(subject.share() == 1.0);
}

TEST_CASE("after a success that ends a breakdown the share grows") {
  for (const Health broken : {Health::unhealthy, Health::degraded}) {
    Subject subject;
    subject.apply(broken, Millis(60'000));
    subject.clock.advance(Millis(1'000));
    subject.apply(Health::healthy);
    CHECK(subject.share() == kFirstShare);
    subject.clock.advance(Millis(5'000));
    CHECK(subject.share() == doctest::Approx(0.5));
    subject.apply(Health::healthy);  // one success more changes nothing
    CHECK(subject.share() == doctest::Approx(0.5));
    subject.clock.advance(Millis(4'000));
    CHECK(subject.share() == doctest::Approx(0.9));
    subject.clock.advance(Millis(1'000));
    CHECK(subject.share() == 1.0);
  }
}

TEST_CASE(
    "a cooldown that runs out starts the share, too, and the success after it does not again") {
  Subject subject;
  subject.apply(Health::degraded, Millis(1'000));
  subject.clock.advance(Millis(1'000));
  CHECK(subject.share() == kFirstShare);
  subject.clock.advance(Millis(5'000));
  CHECK(subject.share() == doctest::Approx(0.5));
  subject.apply(Health::healthy);
  CHECK(subject.share() == doctest::Approx(0.5));
}

TEST_CASE("slow start can be off") {
  Subject subject;
  subject.apply(Health::unhealthy, Millis(1'000));
  subject.apply(Health::healthy);
  CHECK(slow_start_share(subject.state, subject.clock.steady(), Millis(0)) == 1.0);
}

TEST_CASE("a resource that has just recovered is not flooded") {
  PoolOf pool({{"a", 1}, {"b", 1}});
  const LoadBalancer balancer(pool.clock, pool.random,
                              {.recheck = Millis(30'000), .slow_start = kSlowStart});
  pool.break_down("a", Millis(5'000));
  pool.give("a", {Health::healthy, {}, {}, false, ""});
  const std::vector<std::string> tried;
  const Route route = pool.route();
  std::vector<PickResult> running;
  for (int i = 0; i < 22; ++i) running.push_back(balancer.pick({.route = route, .tried = tried}));
  CHECK(pool.state("a").active() == 2);  // a tenth of what b has
  CHECK(pool.state("b").active() == 20);
  pool.clock.advance(kSlowStart);
  for (int i = 0; i < 18; ++i) running.push_back(balancer.pick({.route = route, .tried = tried}));
  CHECK(pool.state("a").active() == 20);
}

}  // namespace responses_proxy
