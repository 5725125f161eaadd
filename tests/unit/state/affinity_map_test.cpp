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

AffinityMap::Options of_an_hour(std::size_t entries, Expiry expiry = Expiry::since_use) {
  return {entries, kHour, expiry};
}

}  // namespace

TEST_CASE("an entry lives until its lifetime is over, not longer") {
  ManualClock clock;
  AffinityMap map(clock, of_an_hour(1000));
  map.put("a", "r");
  clock.advance(kHour - kAffinityTick);
  CHECK(map.find("a"));
  clock.advance(kHour - kAffinityTick);
  CHECK(map.find("a"));
  clock.advance(kHour);
  CHECK_FALSE(map.find("a"));
  CHECK(map.size() == 0);
}

TEST_CASE("since_stored: looking does not renew, storing does") {
  ManualClock clock;
  AffinityMap map(clock, of_an_hour(1000, Expiry::since_stored));
  map.put("a", "r");
  clock.advance(kHour - kAffinityTick);
  CHECK(map.find("a"));
  clock.advance(kAffinityTick);
  CHECK_FALSE(map.find("a"));
  map.put("b", "r");
  clock.advance(kHour - kAffinityTick);
  map.put("b", "r");
  clock.advance(kHour - kAffinityTick);
  CHECK(map.find("b"));
}

TEST_CASE("whoever else keeps an entry hears from time to time that it is in use") {
  ManualClock clock;
  AffinityMap map(clock, of_an_hour(256));
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

TEST_CASE("the smallest bound still holds something") {
  ManualClock clock;
  AffinityMap map(clock, of_an_hour(0));
  map.put("a", "r");
  CHECK(map.find("a") == FoundId("r"));
  for (int i = 0; i < 1000; ++i) map.put(std::to_string(i), "r");
  CHECK(map.size() <= AffinityMap::kShards);
}

TEST_CASE("threads that hammer the map see whole values and keep its bound") {
  ManualClock clock;
  AffinityMap map(clock, of_an_hour(256));
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

TEST_CASE("an id is the same whether it is given whole or as it is kept elsewhere") {
  ManualClock clock;
  AffinityMap map(clock, of_an_hour(1024));
  const std::string common(1'000'000, 'x');
  map.put(common + "1", "a");
  map.put(bounded_id(common + "2"), "b");
  CHECK(map.find(bounded_id(common + "1")) == FoundId("a"));
  CHECK(map.find(common + "2") == FoundId("b"));
  map.erase(common + "1");
  CHECK_FALSE(map.find(common + "1"));
  CHECK(map.size() == 1);
}

TEST_CASE("a full map takes at most 32 bytes an entry, whatever the length of ids") {
  ManualClock clock;
  constexpr std::size_t kEntries = 64'000;
  AffinityMap map(clock, of_an_hour(kEntries));
  const std::string prefix(200, 'p');
  for (std::size_t i = 0; i < 2 * kEntries; ++i) map.put(prefix + std::to_string(i), "openai-1");
  CHECK(map.size() == kEntries);
  CHECK(map.bytes() <= 32 * kEntries);
}

TEST_CASE("who does not know the seed cannot choose where an id goes") {
  ManualClock clock;
  AffinityMap::Options options = of_an_hour(AffinityMap::kShards);  // one entry a shard
  const auto survivors = [&](std::uint64_t seed) {
    options.hash_seed = seed;
    AffinityMap map(clock, options);
    std::string left;
    for (int i = 0; i < 200; ++i) map.put(std::to_string(i), "r");
    for (int i = 0; i < 200; ++i) left += map.find(std::to_string(i)) ? '1' : '0';
    return left;
  };
  CHECK(survivors(1) == survivors(1));
  CHECK(survivors(1) != survivors(2));
}

}  // namespace responses_proxy
