#include "state/affinity_table.h"

#include <doctest/doctest.h>

#include <map>
#include <string>
#include <vector>

#include "responses_proxy/random.h"

namespace responses_proxy {

namespace {

constexpr AffinityTicks kLifetime = 1000;

// Spread over the places as a hash would be.
AffinityHash hash(std::uint64_t id) {
  return {split_mix(id * kSplitMixStep), 7};
}

// All of them want the first place.
AffinityHash neighbour(std::uint32_t id) {
  return {id, id};
}

bool holds(AffinityTable& table, const AffinityHash& of, AffinityTicks now = 0) {
  return table.find(of, now) != nullptr;
}

void use(AffinityTable& table, const AffinityHash& of) {
  table.find(of, 0)->used = 1;
}

}  // namespace

TEST_CASE("at the bound an entry that was used stays, one that was not goes") {
  AffinityTable table(3, kLifetime);
  for (std::uint32_t id = 0; id < 4; ++id) table.put(neighbour(id), "r", 0);
  CHECK(table.size() == 3);
  CHECK(table.evicted() == 1);
  REQUIRE(holds(table, neighbour(3)));
  std::vector<AffinityHash> old;
  for (std::uint32_t id = 0; id < 3; ++id) {
    if (holds(table, neighbour(id))) old.push_back(neighbour(id));
  }
  REQUIRE(old.size() == 2);
  use(table, old[0]);
  table.put(neighbour(4), "r", 0);
  CHECK(holds(table, old[0]));
  CHECK_FALSE(holds(table, old[1]));
  CHECK(holds(table, neighbour(3)));  // new, so it has a round
  CHECK(holds(table, neighbour(4)));
  CHECK(table.size() == 3);
}

TEST_CASE("where all are in use, one goes all the same") {
  AffinityTable table(100, kLifetime);
  for (std::uint64_t id = 0; id < 100; ++id) table.put(hash(id), "r", 0);
  table.put(hash(100), "r", 0);
  CHECK(table.size() == 100);
  CHECK(table.evicted() == 1);
  CHECK(holds(table, hash(100)));
}

TEST_CASE("what is over when room is made does not count as evicted") {
  AffinityTable table(2, kLifetime);
  table.put(neighbour(0), "r", 0);
  table.put(neighbour(1), "r", kLifetime - 1);
  table.put(neighbour(2), "r", kLifetime);
  CHECK(table.evicted() == 0);
  CHECK(holds(table, neighbour(1), kLifetime));
  CHECK(holds(table, neighbour(2), kLifetime));
}

TEST_CASE("a clock read before another thread's put is not an age of years") {
  AffinityTable table(2, kLifetime);
  table.put(neighbour(0), "r", 5);
  CHECK(holds(table, neighbour(0), 4));
  CHECK(passed(5, 4) == 0);
  CHECK(passed(0xffff'fff0U, 0x10) == 0x20);
}

TEST_CASE("ticks may come to their end and begin again") {
  AffinityTable table(2, kLifetime);
  table.put(neighbour(0), "r", 0xffff'fff0U);
  CHECK(holds(table, neighbour(0), 0x10));
  CHECK_FALSE(holds(table, neighbour(0), kLifetime));
}

TEST_CASE("half of a hash does not make an id") {
  AffinityTable table(8, kLifetime);
  table.put({1, 1}, "a", 0);
  CHECK_FALSE(holds(table, {1, 2}));
  table.put({1, 2}, "b", 0);
  CHECK(table.resource_id(*table.find({1, 1}, 0)) == "a");
  CHECK(table.resource_id(*table.find({1, 2}, 0)) == "b");
}

TEST_CASE("a table grows in steps and loses nothing") {
  constexpr std::uint64_t kEntries = 10'000;
  AffinityTable table(kEntries, kLifetime);
  for (std::uint64_t id = 0; id < kEntries; ++id) {
    table.put(hash(id), std::to_string(id % 5), 0);
    for (std::uint64_t back = 0; back < 3 && back <= id; ++back) {
      const auto* found = table.find(hash(id - back), 0);
      REQUIRE(found != nullptr);
      REQUIRE(table.resource_id(*found) == std::to_string((id - back) % 5));
    }
  }
  for (std::uint64_t id = 0; id < kEntries; ++id) REQUIRE(holds(table, hash(id)));
  CHECK(table.size() == kEntries);
  CHECK(table.evicted() == 0);
}

// Few hashes that collide and wrap around, in a table that grows, drains and is emptied again.
TEST_CASE("whatever is done to it, a table holds what a map would") {
  for (const std::uint64_t seed : {1U, 2U, 3U}) {
    CAPTURE(seed);
    SeededRandom random(seed);
    AffinityTable table(1000, kLifetime);
    std::map<std::uint64_t, std::string> model;
    for (int step = 0; step < 40'000; ++step) {
      const std::uint64_t id = random.next() % 600;
      const AffinityHash key{((id % 16) << 60) | id, 7};
      if (random.next() % 3 == 0) {
        table.erase(key);
        model.erase(id);
      } else if (random.next() % 2 == 0) {
        const std::string resource = "r" + std::to_string(random.next() % 4);
        table.put(key, resource, 0);
        model[id] = resource;
      }
      const auto* found = table.find(key, 0);
      REQUIRE((found != nullptr) == model.contains(id));
      if (found != nullptr) REQUIRE(table.resource_id(*found) == model[id]);
      REQUIRE(table.size() == model.size());
    }
  }
}

TEST_CASE("a word is kept while it is used, and its number is used again") {
  InternedNames names;
  const std::uint32_t a = names.use("a");
  CHECK(names.use("a") == a);
  const std::uint32_t b = names.use("b");
  CHECK(a >= InternedNames::kFirst);
  CHECK(b != a);
  names.release(a);
  CHECK(names.at(a) == "a");
  names.release(a);
  CHECK(names.use("c") == a);
  CHECK(names.at(a) == "c");
  CHECK(names.at(b) == "b");
}

}  // namespace responses_proxy
