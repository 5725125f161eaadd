#include "runtime/loop_lag.h"

#include <doctest/doctest.h>

#include "fakes/manual_timers.h"

using namespace responses_proxy;
using responses_proxy::testing::ManualClock;
using responses_proxy::testing::ManualTimers;

TEST_CASE("a loop that rings in time has no lag, one that was busy has what it was late") {
  ManualClock clock;
  ManualTimers timers(clock);
  std::vector<SteadyTime::duration> seen;
  const LoopLag lag({&timers}, [&](SteadyTime::duration late) { seen.push_back(late); });
  timers.advance(LoopLag::kEvery);
  REQUIRE(seen.size() == 1);
  CHECK(seen[0] == SteadyTime::duration::zero());
  clock.advance(LoopLag::kEvery + Millis(40));  // the loop is busy, and rings only then
  timers.ring_next();
  REQUIRE(seen.size() == 2);
  CHECK(seen[1] == Millis(40));
  CHECK(timers.waiting() == 1);
}
