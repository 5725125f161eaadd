// Whole exchanges on simulated time: Proxy::handle and Proxy::open_socket with providers that fail
// in every way, clients that leave at any moment and keys that come and go. What must hold whatever
// happens is in exchange/checks.cpp.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include <cstdlib>
#include <map>
#include <random>
#include <vector>

#include "sim/exchange/world.h"

namespace responses_proxy {

namespace {

constexpr std::size_t kRequests = 2'000;  // of each run; some of them are sockets with many turns

// Errors on record that the runs together must have brought about; "" = none.
const std::vector<std::string> kMustHappen{"",
                                           "client_closed",
                                           "truncated",
                                           "shutting_down",
                                           "previous_response_not_found",
                                           "rate_limit_exceeded",
                                           "server_is_overloaded",
                                           "no_available_resources",
                                           "response_resource_unavailable",
                                           "upstream_connect_refused",
                                           "upstream_closed",
                                           "upstream_protocol",
                                           "upstream_truncated",
                                           "upstream_first_byte_timeout",
                                           "upstream_idle_timeout",
                                           "invalid_json",
                                           "body_too_large",
                                           "unknown_pool"};

std::vector<std::uint64_t> seeds() {
  if (const char* given = std::getenv("RP_SIM_SEED")) {
    return {std::strtoull(given, nullptr, 10)};
  }
  std::vector<std::uint64_t> seeds{std::random_device{}()};
  for (std::uint64_t seed = 1; seed <= 10; ++seed) seeds.push_back(seed);
  return seeds;
}

}  // namespace

TEST_CASE("every exchange keeps its promises whatever its client and its upstream do") {
  std::map<std::string, std::size_t> outcomes;
  const std::vector<std::uint64_t> all = seeds();
  for (const std::uint64_t seed : all) {
    CAPTURE(seed);
    sim::World world(seed, kRequests);
    world.run();
    fmt::print("RP_SIM_SEED={}: {}\n", seed, world.summary());
    const std::string told = world.promises().told();
    CAPTURE(told);
    CHECK(world.promises().broken() == 0);
    for (const auto& [error, count] : world.outcomes()) outcomes[error] += count;
  }
  if (all.size() == 1) return;  // one run alone need not have seen everything
  for (const std::string& error : kMustHappen) {
    CAPTURE(error);
    CHECK(outcomes[error] > 0);
  }
}

TEST_CASE("a seed tells the same story every time") {
  std::vector<std::string> stories;
  for (int time = 0; time < 2; ++time) {
    sim::World world(20261127, kRequests / 10);
    world.run();
    stories.push_back(world.story());
  }
  CHECK(stories[0] == stories[1]);
}

}  // namespace responses_proxy
