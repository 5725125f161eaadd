#include "state/affinity_map.h"

#include <doctest/doctest.h>

#include <atomic>
#include <thread>
#include <vector>

#include "core/bounded_id.h"
#include "fakes/manual_clock.h"

namespace responses_proxy {

namespace {

using testing::ManualClock;

constexpr Millis kHour = std::chrono::hours(1);
using FoundId = std::optional<std::string>;

// `n` ids that share a shard: in a map with one entry per shard they push each other out.
std::vector<std::string> neighbours(std::size_t n) {
  ManualClock clock;
  AffinityMap probe(clock, AffinityMap::kShards, kHour, Expiry::since_use);
  std::vector<std::string> ids = {"id"};
  for (int i = 0; ids.size() < n; ++i) {
    const std::string id = "id" + std::to_string(i);
    probe.put("id", "r");
    probe.put(id, "r");
    if (!probe.find("id")) ids.push_back(id);
  }
  return ids;
}

}  // namespace

TEST_CASE("at the bound the least recently used entry goes first") {
  const auto ids = neighbours(5);
  ManualClock clock;
  AffinityMap map(clock, 3 * AffinityMap::kShards, kHour, Expiry::since_use);
  for (std::size_t i = 0; i < 3; ++i) map.put(ids[i], "r");
  REQUIRE(map.find(ids[0]));  // now 1 is the oldest
  map.put(ids[3], "r");
  CHECK_FALSE(map.find(ids[1]));
  map.put(ids[2], "other");  // storing is using: now 0 is the oldest
  map.put(ids[4], "r");
  CHECK_FALSE(map.find(ids[0]));
  CHECK(map.find(ids[2]) == FoundId("other"));
  CHECK(map.find(ids[3]));
  CHECK(map.find(ids[4]));
  CHECK(map.size() == 3);
  CHECK(map.evicted() == 2);
}

TEST_CASE("an entry erased or expired makes room without an eviction") {
  const auto ids = neighbours(4);
  ManualClock clock;
  AffinityMap map(clock, 2 * AffinityMap::kShards, kHour, Expiry::since_use);
  map.put(ids[0], "r");
  map.put(ids[1], "r");
  map.erase(ids[0]);
  map.put(ids[2], "r");
  clock.advance(kHour);
  CHECK_FALSE(map.find(ids[1]));
  CHECK(map.size() == 1);
  map.put(ids[3], "r");
  CHECK(map.evicted() == 0);
}

TEST_CASE("an entry lives until its lifetime is over, not longer") {
  ManualClock clock;
  AffinityMap map(clock, 1000, kHour, Expiry::since_use);
  map.put("a", "r");
  clock.advance(kHour - Millis(1));
  CHECK(map.find("a"));
  clock.advance(kHour - Millis(1));
  CHECK(map.find("a"));
  clock.advance(kHour);
  CHECK_FALSE(map.find("a"));
  CHECK(map.size() == 0);
}

TEST_CASE("since_stored: looking does not renew, storing does") {
  ManualClock clock;
  AffinityMap map(clock, 1000, kHour, Expiry::since_stored);
  map.put("a", "r");
  clock.advance(kHour - Millis(1));
  CHECK(map.find("a"));
  clock.advance(Millis(1));
  CHECK_FALSE(map.find("a"));
  map.put("b", "r");
  clock.advance(kHour - Millis(1));
  map.put("b", "r");
  clock.advance(kHour - Millis(1));
  CHECK(map.find("b"));
}

TEST_CASE("whoever else keeps an entry hears from time to time that it is in use") {
  ManualClock clock;
  AffinityMap map(clock, 256, kHour, Expiry::since_use);
  const Millis every = kHour / 8;
  bool renew = true;
  map.put("a", "r");
  CHECK(map.find("a", every, renew));
  CHECK_FALSE(renew);
  clock.advance(every);
  CHECK(map.find("a"));  // does not count as telling
  CHECK(map.find("a", every, renew));
  CHECK(renew);
  CHECK(map.find("a", every, renew));
  CHECK_FALSE(renew);
  clock.advance(every);
  map.put("a", "r");
  CHECK(map.find("a", every, renew));
  CHECK_FALSE(renew);
}

TEST_CASE("the newest entries are those used last") {
  const auto ids = neighbours(4);
  ManualClock clock;
  AffinityMap map(clock, 10 * AffinityMap::kShards, kHour, Expiry::since_use);
  for (const std::string& id : ids) map.put(id, "r" + id);
  REQUIRE(map.find(ids[0]));
  const auto newest = map.newest(2 * AffinityMap::kShards);  // two of a shard
  REQUIRE(newest.size() == 2);
  CHECK(newest[0] == std::pair{ids[0], "r" + ids[0]});
  CHECK(newest[1] == std::pair{ids[3], "r" + ids[3]});
}

TEST_CASE("the smallest bound still holds something") {
  ManualClock clock;
  AffinityMap map(clock, 0, kHour, Expiry::since_use);
  map.put("a", "r");
  CHECK(map.find("a") == FoundId("r"));
  for (int i = 0; i < 1000; ++i) map.put(std::to_string(i), "r");
  CHECK(map.size() <= AffinityMap::kShards);
}

TEST_CASE("threads that hammer the map see whole values and keep its bound") {
  ManualClock clock;
  AffinityMap map(clock, 256, kHour, Expiry::since_use);
  std::atomic<int> wrong{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 5000; ++i) {
        const std::string id = "a rather long session id " + std::to_string((i * 13 + t) % 600);
        map.put(id, "the resource of " + id);
        const FoundId found = map.find(id);
        if (found && *found != "the resource of " + id) ++wrong;
        if (i % 7 == 0) map.erase(id);
        if (i % 50 == 0) clock.advance(std::chrono::minutes(5));
        if (map.size() > 256) ++wrong;
      }
    });
  }
  for (auto& thread : threads) thread.join();
  CHECK(wrong == 0);
  CHECK(map.evicted() > 0);
}

TEST_CASE("whatever the length of an id, an entry keeps kMaxIdBytes of it at most") {
  ManualClock clock;
  AffinityMap map(clock, 1024, kHour, Expiry::since_use);
  const std::string common(1'000'000, 'x');
  map.put(common + "1", "a");
  map.put(common + "2", "b");
  CHECK(map.find(common + "1") == FoundId("a"));
  CHECK(map.find(common + "2") == FoundId("b"));
  for (const auto& [id, resource_id] : map.newest(10 * AffinityMap::kShards)) {
    CHECK(id.size() <= kMaxIdBytes);
    CHECK(map.find(id) == FoundId(resource_id));  // what is kept stands for the whole
  }
  map.erase(common + "1");
  CHECK_FALSE(map.find(common + "1"));
  CHECK(map.size() == 1);
}

}  // namespace responses_proxy
