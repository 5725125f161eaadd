// The routing table is replaced while threads pick from it.
#include <doctest/doctest.h>

#include <atomic>
#include <deque>
#include <set>
#include <thread>

#include "unit/balance/pool_of.h"

namespace responses_proxy {

namespace {

// Resources come, go, and point elsewhere; "stays" does not.
std::vector<Resource> version(int number) {
  std::vector<Resource> resources;
  for (int i = number % 4; i < 12 + number % 3; ++i) {
    resources.push_back({"r" + std::to_string(i),
                         "",
                         "environment",
                         "main",
                         "http://h" + std::to_string(i % 2 == 0 ? 0 : number),
                         "responses",
                         {},
                         1.0});
  }
  resources.push_back({"stays", "", "environment", "main", "http://h", "responses", {}, 1.0});
  return resources;
}

// A loop: picks through a cache of its own, and has up to 50 requests under way.
int pick_until(const std::atomic<bool>& stop, testing::PoolOf& pool) {
  RoutingCache cache(pool.router);
  const std::vector<std::string> none;
  std::deque<PickResult> running;
  int picks = 0;
  while (!stop || picks < 1'000) {
    const auto route = cache.route({picks % 3 == 0 ? "alias" : "", "main"});
    running.push_back(pool.balancer.pick({.route = *route, .tried = none}));
    auto& lease = std::get<Picked>(running.front());
    if (running.size() > 50) {
      Verdict good;
      good.health = Health::healthy;
      if (picks % 2 == 0) lease.finish(good, std::chrono::microseconds(1), pool.clock.steady());
      running.pop_front();
    }
    ++picks;
  }
  return picks;
}

}  // namespace

TEST_CASE("no lease is lost and none stays counted, however often the table is replaced") {
  testing::PoolOf pool({{"stays", 1}});
  std::vector<std::shared_ptr<const RoutingTable>> tables{pool.router.table()};
  const auto replace = [&](int number) {
    pool.router.update(version(number), {{"alias", {{.model = "m"}}}});
    tables.push_back(pool.router.table());
  };
  replace(0);
  std::atomic<bool> stop{false};
  std::atomic<int> picks{0};
  std::vector<std::thread> loops;
  for (int i = 0; i < 3; ++i) loops.emplace_back([&] { picks += pick_until(stop, pool); });
  for (int number = 1; number < 300; ++number) replace(number);
  stop = true;
  for (std::thread& loop : loops) loop.join();

  std::set<const ResourceState*> seen;
  std::int64_t requests = 0;
  for (const auto& table : tables) {
    for (const Target& target : table->all()) {
      if (!seen.insert(target.state).second) continue;
      CHECK(target.state->active() == 0);
      requests += target.state->total_requests();
    }
  }
  CHECK(requests == picks);
  CHECK(tables.back()->find("stays")->state == tables[1]->find("stays")->state);
}

}  // namespace responses_proxy
