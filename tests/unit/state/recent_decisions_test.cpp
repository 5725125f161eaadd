#include "state/recent_decisions.h"

#include <doctest/doctest.h>

#include <string>
#include <thread>

namespace responses_proxy {

namespace {

Decision decision(std::size_t number) {
  Decision made;
  made.request_id = "req_" + std::to_string(number);
  return made;
}

}  // namespace

TEST_CASE("the last decisions come newest first, however many there were") {
  constexpr std::size_t kCapacity = RecentDecisions::kCapacity;
  RecentDecisions decisions;
  CHECK(decisions.newest_first().empty());
  for (std::size_t made = 1; made <= 3 * kCapacity; ++made) {
    decisions.add(decision(made));
    const auto kept = decisions.newest_first();
    REQUIRE(kept.size() == std::min(made, kCapacity));
    for (std::size_t i = 0; i < kept.size(); ++i) {
      REQUIRE(kept[i].request_id == "req_" + std::to_string(made - i));
    }
  }
}

TEST_CASE("those of all replicas, and the own ones while they cannot be had") {
  std::optional<std::vector<Decision>> all = std::vector{decision(7)};
  RecentDecisions decisions([&] { return all; });
  decisions.add(decision(1));
  REQUIRE(decisions.newest_first().size() == 1);
  CHECK(decisions.newest_first()[0].request_id == "req_7");
  all.reset();
  REQUIRE(decisions.newest_first().size() == 1);
  CHECK(decisions.newest_first()[0].request_id == "req_1");
}

TEST_CASE("decisions are added and read on several threads") {
  RecentDecisions decisions;
  std::vector<std::thread> threads;
  std::atomic<bool> whole{true};
  for (int t = 0; t < 3; ++t) {
    threads.emplace_back([&] {
      for (std::size_t i = 0; i < 500; ++i) {
        decisions.add(decision(i));
        for (const Decision& kept : decisions.newest_first()) {
          if (!kept.request_id.starts_with("req_")) whole = false;
        }
      }
    });
  }
  for (auto& thread : threads) thread.join();
  CHECK(whole);
  CHECK(decisions.newest_first().size() == RecentDecisions::kCapacity);
}

}  // namespace responses_proxy
