#include "responses_proxy/random.h"

#include <doctest/doctest.h>

#include <bit>
#include <set>
#include <thread>
#include <vector>

namespace responses_proxy {

TEST_CASE("the sequence follows from the seed") {
  SeededRandom a(42);
  SeededRandom b(42);
  SeededRandom c(43);
  int different = 0;
  for (int i = 0; i < 100; ++i) {
    const std::uint64_t value = a.next();
    CHECK(value == b.next());
    different += value == c.next() ? 0 : 1;
  }
  CHECK(different == 100);
}

TEST_CASE("the values are those of SplitMix64") {
  SeededRandom random(0);
  CHECK(random.next() == 0xE220A8397B1DCDAFULL);
  CHECK(random.next() == 0x6E789E6AA1B965F4ULL);
  CHECK(random.next() == 0x06C45D188009454FULL);
}

TEST_CASE("threads share one sequence: no value comes twice") {
  SeededRandom random(7);
  std::vector<std::vector<std::uint64_t>> taken(4);
  std::vector<std::thread> threads;
  for (auto& mine : taken) {
    threads.emplace_back([&] {
      for (int i = 0; i < 2000; ++i) mine.push_back(random.next());
    });
  }
  for (auto& thread : threads) thread.join();
  std::set<std::uint64_t> all;
  for (const auto& mine : taken) all.insert(mine.begin(), mine.end());
  CHECK(all.size() == 8000);
}

}  // namespace responses_proxy
