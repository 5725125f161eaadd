#include "record_stream/stream_gauge.h"

#include <doctest/doctest.h>

#include "fakes/manual_clock.h"
#include "unit/record_stream/stream_fixture.h"

using namespace responses_proxy;
using namespace responses_proxy::testing;

TEST_CASE_FIXTURE(StreamFixture, "the gauge shows what waits, and asks once in a while") {
  ManualClock clock;
  StreamGauge gauge(stream(), Millis(1'000), clock);
  StreamStats stats = gauge.read();
  CHECK(stats.reachable);
  CHECK(stats.length == 0);
  CHECK(stats.pending == 0);

  add(0, 5);
  deliver_to("busy", 2);
  redis.command({"HSET", "events:totals", "written", "70", "poison", "3"});
  CHECK(gauge.read().length == 0);  // still the first answer
  clock.advance(StreamGauge::kFresh);
  stats = gauge.read();
  CHECK(stats.length == 5);
  CHECK(stats.pending == 2);
  CHECK(stats.written == 70);
  CHECK(stats.poison == 3);
  CHECK(redis.calls("xlen") == 2);
}

TEST_CASE_FIXTURE(StreamFixture, "without Redis the gauge says so, and recovers") {
  ManualClock clock;
  StreamGauge gauge(stream(), Millis(1'000), clock);
  add(0, 1);
  CHECK(gauge.read().length == 1);
  redis.stop();
  clock.advance(StreamGauge::kFresh);
  CHECK_FALSE(gauge.read().reachable);
  CHECK(gauge.read().length == 0);
  redis.start();
  clock.advance(StreamGauge::kFresh);
  CHECK(gauge.read().reachable);
}

TEST_CASE_FIXTURE(StreamFixture, "a Redis that does not answer costs a viewer the time-out, once") {
  ManualClock clock;
  StreamGauge gauge(stream(), Millis(20), clock);
  CHECK(gauge.read().reachable);
  redis.pause();
  clock.advance(StreamGauge::kFresh);
  CHECK_FALSE(gauge.read().reachable);
  redis.resume();
  CHECK_FALSE(gauge.read().reachable);  // not asked again so soon
  clock.advance(StreamGauge::kFresh);
  CHECK(gauge.read().reachable);
}
