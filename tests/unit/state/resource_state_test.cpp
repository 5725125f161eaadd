#include <doctest/doctest.h>

#include <thread>
#include <vector>

#include "fakes/manual_clock.h"
#include "responses_proxy/resource.h"

namespace responses_proxy {

namespace {

Verdict degraded(Millis cooldown, Millis blocked = Millis(0)) {
  return {Health::degraded, cooldown, blocked, true, "HTTP 503"};
}
const Verdict kHealthy{Health::healthy, Millis(0), Millis(0), false, ""};

}  // namespace

TEST_CASE("a new resource is unknown, idle and free") {
  const ResourceState state("openai-1");
  CHECK(state.id() == "openai-1");
  CHECK(state.health() == Health::unknown);
  CHECK(state.active() == 0);
  CHECK(state.total_requests() == 0);
  CHECK(state.total_errors() == 0);
  CHECK(state.last_latency_us() == -1);
  CHECK(state.last_error().empty());
  CHECK(state.cooldown_until() == SteadyTime{});
  CHECK(state.blocked_until() == SteadyTime{});
}

TEST_CASE("active requests are the own ones plus those of the other replicas") {
  ResourceState state("r");
  state.acquire();
  state.acquire();
  state.set_remote_active(5);
  CHECK(state.active() == 7);
  CHECK(state.local_active() == 2);
  state.release();
  state.set_remote_active(0);
  CHECK(state.active() == 1);
  CHECK(state.total_requests() == 2);
}

TEST_CASE("a cooldown is made longer by errors, never shorter") {
  testing::ManualClock clock;
  const SteadyTime now = clock.steady();
  ResourceState state("r");
  state.apply(degraded(Millis(30'000), Millis(10'000)), now);
  CHECK(state.health() == Health::degraded);
  CHECK(state.cooldown_until() == now + Millis(30'000));
  CHECK(state.blocked_until() == now + Millis(10'000));
  state.apply(degraded(Millis(1'000), Millis(1'000)), now);
  CHECK(state.cooldown_until() == now + Millis(30'000));
  CHECK(state.blocked_until() == now + Millis(10'000));
  state.apply(degraded(Millis(30'000)), now + Millis(5'000));
  CHECK(state.cooldown_until() == now + Millis(35'000));
  CHECK(state.blocked_until() == now + Millis(10'000));
}

TEST_CASE("a success ends the cooldown, but not what the provider asked for") {
  testing::ManualClock clock;
  const SteadyTime now = clock.steady();
  ResourceState state("r");
  state.apply(degraded(Millis(30'000), Millis(10'000)), now);
  state.apply(kHealthy, now);
  CHECK(state.health() == Health::healthy);
  CHECK(state.cooldown_until() == SteadyTime{});
  CHECK(state.blocked_until() == now + Millis(10'000));
}

TEST_CASE("a verdict that says nothing leaves health and cooldown alone") {
  testing::ManualClock clock;
  ResourceState state("r");
  state.apply({Health::unhealthy, Millis(5'000), Millis(0), true, "HTTP 401"}, clock.steady());
  state.apply({Health::unknown, Millis(60'000), Millis(60'000), false, ""}, clock.steady());
  CHECK(state.health() == Health::unhealthy);
  CHECK(state.cooldown_until() == clock.steady() + Millis(5'000));
  CHECK(state.blocked_until() == SteadyTime{});
}

TEST_CASE("errors are counted and the last one is kept") {
  testing::ManualClock clock;
  ResourceState state("r");
  state.apply({Health::degraded, Millis(0), Millis(0), true, "HTTP 500"}, clock.steady());
  state.apply({Health::unknown, Millis(0), Millis(0), true, "connect"}, clock.steady());
  state.apply(kHealthy, clock.steady());
  CHECK(state.total_errors() == 2);
  CHECK(state.last_error() == "connect");
  state.note_latency(std::chrono::microseconds(1234));
  CHECK(state.last_latency_us() == 1234);
}

TEST_CASE("threads lose no count and tear no text") {
  testing::ManualClock clock;
  ResourceState state("r");
  constexpr int kRounds = 2000;
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      const Verdict verdict{Health::degraded, Millis(t * 1000), Millis(t * 500), true,
                            "a reason too long for the small string " + std::to_string(t)};
      for (int i = 0; i < kRounds; ++i) {
        state.acquire();
        state.apply(verdict, clock.steady());
        if (state.last_error().size() != verdict.reason.size()) state.acquire();
        state.release();
      }
    });
  }
  for (auto& thread : threads) thread.join();
  CHECK(state.active() == 0);
  CHECK(state.total_requests() == 4 * kRounds);
  CHECK(state.total_errors() == 4 * kRounds);
  CHECK(state.cooldown_until() == clock.steady() + Millis(3'000));
  CHECK(state.blocked_until() == clock.steady() + Millis(1'500));
}

}  // namespace responses_proxy
