#include "balance/policies/round_robin.h"

#include <doctest/doctest.h>

#include <map>
#include <memory>

#include "unit/balance/pool_of.h"

namespace responses_proxy {

namespace {

using testing::picked;
using testing::PoolOf;
using Weights = std::vector<std::pair<std::string, double>>;

Weights equals(int count) {
  Weights weights;
  for (int i = 0; i < count; ++i) weights.emplace_back("r" + std::to_string(i), 1);
  return weights;
}

struct InTurn : PoolOf {
  explicit InTurn(Weights weights) : PoolOf(std::move(weights)) {}

  PickResult next(std::string_view pool = "main") {
    const Route asked = route(pool);
    return robin.pick({.route = asked, .tried = none});
  }
  std::string order(int picks) {
    std::string ids;
    for (int i = 0; i < picks; ++i) ids += picked(next());
    return ids;
  }
  std::map<std::string, int> shares(int picks) {
    std::map<std::string, int> seen;
    for (int i = 0; i < picks; ++i) ++seen[picked(next())];
    return seen;
  }

  const std::vector<std::string> none;
  LoadBalancer robin{
      clock, random, {.slow_start = Millis(0), .policy = std::make_shared<RoundRobin>()}};
};

}  // namespace

TEST_CASE("targets of one weight are picked strictly in turn, however busy they are") {
  InTurn pool({{"a", 1}, {"b", 1}, {"c", 1}});
  pool.state("b").set_remote_active(1'000);
  CHECK(pool.order(9) == "abcabcabc");
}

TEST_CASE("many are picked strictly in turn, too") {
  InTurn pool(equals(100));
  for (int round = 0; round < 3; ++round) {
    for (int i = 0; i < 100; ++i) REQUIRE(picked(pool.next()) == "r" + std::to_string(i));
  }
}

TEST_CASE("the word for the choice is the policy's name") {
  InTurn pool({{"a", 1}});
  const PickResult result = pool.next();
  CHECK(std::get<Picked>(result).reason() == SelectionReason::policy);
  CHECK(std::get<Picked>(result).reason_word().text() == "round_robin");
}

TEST_CASE("twice the weight is twice the turns") {
  InTurn pool({{"a", 1}, {"b", 2}, {"c", 5}});
  const auto seen = pool.shares(800);
  CHECK(seen.at("a") == doctest::Approx(100).epsilon(0.05));
  CHECK(seen.at("b") == doctest::Approx(200).epsilon(0.05));
  CHECK(seen.at("c") == doctest::Approx(500).epsilon(0.05));
}

TEST_CASE("the turn of one that is out goes to the next, and the others keep their order") {
  InTurn pool({{"a", 1}, {"b", 1}, {"c", 1}});
  pool.block("b", Millis(1'000));
  CHECK(pool.order(6) == "acacac");
  pool.clock.advance(Millis(1'000));
  CHECK(pool.order(6) == "abcabc");
}

TEST_CASE("last resorts take turns when nothing better is left, however many are out") {
  InTurn pool(equals(40));
  for (int i = 0; i < 40; ++i) pool.block("r" + std::to_string(i), Millis(5'000));
  for (const char* id : {"r7", "r30"}) {
    pool.give(id, {Health::healthy, {}, {}, false, ""});
  }
  CHECK(picked(pool.next()).empty());
  pool.clock.advance(Millis(5'000));
  for (int i = 0; i < 40; ++i) {
    if (i != 7 && i != 30) pool.block("r" + std::to_string(i), Millis(5'000));
  }
  for (const char* id : {"r7", "r30"}) pool.degrade(id, Millis(5'000));
  CHECK(pool.shares(100) == std::map<std::string, int>{{"r7", 50}, {"r30", 50}});
}

TEST_CASE("two pools that are asked by turns do not take each other's turns") {
  std::vector<Resource> resources;
  for (const char* id : {"a", "b"}) {
    resources.push_back({id, "", "environment", "one", "http://h", "responses", {}, 1.0});
  }
  for (const char* id : {"x", "y"}) {
    resources.push_back({id, "", "environment", "two", "http://h", "responses", {}, 1.0});
  }
  InTurn pool({{"unused", 1}});
  // Two ranges may share a turn, by where they lie: not in table after table.
  std::vector<std::shared_ptr<const RoutingTable>> tables;
  bool apart = false;
  while (!apart && tables.size() < 20) {
    pool.router.update(resources);
    tables.push_back(pool.router.table());
    std::string one;
    std::string two;
    for (int i = 0; i < 4; ++i) {
      one += picked(pool.next("one"));
      two += picked(pool.next("two"));
    }
    apart = (one == "abab" || one == "baba") && (two == "xyxy" || two == "yxyx");
  }
  CHECK(apart);
}

}  // namespace responses_proxy
