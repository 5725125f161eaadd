// Long runs with a seeded random source: shares follow weights, ties favour nobody.
#include <doctest/doctest.h>

#include <deque>
#include <map>

#include "unit/balance/pool_of.h"

namespace responses_proxy {

namespace {

using testing::picked;
using testing::PoolOf;

constexpr std::uint64_t kSeeds[] = {1, 2, 3, 20261121};

// Sum of (seen - expected)^2 / expected over equal expectations.
double chi_square(const std::map<std::string, int>& seen, double expected) {
  double sum = 0;
  for (const auto& [id, count] : seen) sum += (count - expected) * (count - expected) / expected;
  return sum;
}

}  // namespace

TEST_CASE("under load the shares follow the weights") {
  for (const std::uint64_t seed : kSeeds) {
    CAPTURE(seed);
    PoolOf pool({{"a", 1}, {"b", 2}, {"c", 5}}, seed);
    std::deque<PickResult> running;
    std::map<std::string, int> seen;
    constexpr int kPicks = 20'000;
    for (int i = 0; i < kPicks; ++i) {
      running.push_back(pool.pick());
      ++seen[picked(running.back())];
      if (running.size() > 400) {  // any one of them ends
        std::swap(running[pool.random.next() % running.size()], running.front());
        running.pop_front();
      }
    }
    CHECK(seen["a"] == doctest::Approx(kPicks * 1 / 8.0).epsilon(0.1));
    CHECK(seen["b"] == doctest::Approx(kPicks * 2 / 8.0).epsilon(0.1));
    CHECK(seen["c"] == doctest::Approx(kPicks * 5 / 8.0).epsilon(0.1));
  }
}

TEST_CASE("ties go to each with the same probability") {
  for (const std::uint64_t seed : kSeeds) {
    CAPTURE(seed);
    PoolOf pool({{"a", 1}, {"b", 1}, {"c", 1}, {"d", 1}, {"e", 1}}, seed);
    std::map<std::string, int> seen;
    constexpr int kPicks = 10'000;
    for (int i = 0; i < kPicks; ++i) ++seen[picked(pool.pick())];
    REQUIRE(seen.size() == 5);
    CHECK(chi_square(seen, kPicks / 5.0) < 18.5);  // 4 degrees of freedom, p = 0.001
  }
}

TEST_CASE("ties stay fair when a better or worse resource stands between them") {
  PoolOf pool({{"worse", 1}, {"a", 1}, {"worse-too", 1}, {"b", 1}}, 7);
  pool.state("worse").set_remote_active(1);
  pool.state("worse-too").set_remote_active(1);
  std::map<std::string, int> seen;
  for (int i = 0; i < 10'000; ++i) ++seen[picked(pool.pick())];
  CHECK(seen.size() == 2);
  CHECK(chi_square(seen, 5'000) < 10.8);  // 1 degree of freedom, p = 0.001
}

TEST_CASE("with other replicas the better of two that are drawn by weight is picked") {
  PoolOf pool({{"a", 1}, {"b", 1}, {"c", 2}}, 7);
  for (const char* id : {"a", "b", "c"}) pool.state(id).set_has_peers(true);
  pool.state("b").set_remote_active(100);
  std::map<std::string, int> seen;
  constexpr int kPicks = 20'000;
  for (int i = 0; i < kPicks; ++i) ++seen[picked(pool.pick())];
  // c scores best: unless neither draw is c. b only when it is drawn twice.
  CHECK(seen["c"] == doctest::Approx(kPicks * 3 / 4.0).epsilon(0.05));
  CHECK(seen["b"] == doctest::Approx(kPicks * 1 / 16.0).epsilon(0.1));
  CHECK(seen["a"] == doctest::Approx(kPicks * 3 / 16.0).epsilon(0.1));
}

TEST_CASE("with other replicas the draw is among the eligible only") {
  PoolOf pool({{"a", 1}, {"b", 1}, {"c", 1}}, 7);
  for (const char* id : {"a", "b", "c"}) pool.state(id).set_has_peers(true);
  pool.block("b", Millis(5'000));
  pool.degrade("c", Millis(5'000));
  for (int i = 0; i < 1'000; ++i) REQUIRE(picked(pool.pick()) == "a");
}

TEST_CASE("of many targets the better of two that are drawn by weight is picked") {
  std::vector<std::pair<std::string, double>> weights;
  for (int i = 0; i < 12; ++i) weights.emplace_back("r" + std::to_string(i), i == 0 ? 4.0 : 1.0);
  PoolOf pool(weights, 7);
  pool.state("r1").set_remote_active(100);
  std::map<std::string, int> seen;
  constexpr int kPicks = 30'000;
  for (int i = 0; i < kPicks; ++i) ++seen[picked(pool.pick())];
  // r0 scores best: unless neither draw of 15 parts is one of its 4. r1 only when drawn twice.
  CHECK(seen["r0"] == doctest::Approx(kPicks * (1 - 121.0 / 225)).epsilon(0.05));
  CHECK(seen["r1"] == doctest::Approx(kPicks / 225.0).epsilon(0.3));
  std::map<std::string, int> equals(seen);
  equals.erase("r0");
  equals.erase("r1");
  REQUIRE(equals.size() == 10);
  CHECK(chi_square(equals, kPicks * 120.0 / 225 / 10) < 27.9);  // 9 degrees of freedom, p = 0.001
}

TEST_CASE("of many targets, too, the draw is among the eligible only, however few they are") {
  std::vector<std::pair<std::string, double>> weights;
  for (int i = 0; i < 40; ++i) weights.emplace_back("r" + std::to_string(i), 1.0);
  PoolOf pool(weights, 7);
  for (int i = 2; i < 40; ++i) pool.degrade("r" + std::to_string(i), Millis(5'000));
  std::map<std::string, int> seen;
  for (int i = 0; i < 2'000; ++i) ++seen[picked(pool.pick())];
  CHECK(seen.size() == 2);
  CHECK(seen["r0"] == doctest::Approx(1'000).epsilon(0.1));
  pool.block("r0", Millis(5'000));
  pool.block("r1", Millis(5'000));
  CHECK(pool.route().targets.size() == 40);
  CHECK_FALSE(picked(pool.pick()).empty());  // a last resort is left
  for (int i = 2; i < 40; ++i) pool.block("r" + std::to_string(i), Millis(3'000));
  const PickResult out = pool.pick();
  REQUIRE(std::holds_alternative<Wait>(out));
  CHECK(std::get<Wait>(out).retry_in == Millis(3'000));
}

TEST_CASE("of many targets one that has just recovered is drawn less often") {
  std::vector<std::pair<std::string, double>> weights;
  for (int i = 0; i < 10; ++i) weights.emplace_back("r" + std::to_string(i), 1.0);
  PoolOf pool(weights, 7);
  const LoadBalancer balancer(pool.clock, pool.random, {Millis(30'000), Millis(10'000)});
  pool.break_down("r0", Millis(1'000));
  pool.give("r0", {Health::healthy, {}, {}, false, ""});
  std::map<std::string, int> seen;
  const std::vector<std::string> tried;
  const Route route = pool.route();
  for (int i = 0; i < 10'000; ++i) ++seen[picked(balancer.pick({.route = route, .tried = tried}))];
  CHECK(seen["r0"] < 50);  // an equal share would be 1000
}

}  // namespace responses_proxy
