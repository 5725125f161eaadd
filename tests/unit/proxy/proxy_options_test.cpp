#include "responses_proxy/proxy_options.h"

#include <doctest/doctest.h>

#include <memory>
#include <stdexcept>

#include "fakes/fake_upstream.h"
#include "fakes/manual_clock.h"
#include "responses_proxy/event_loop.h"
#include "responses_proxy/proxy.h"
#include "responses_proxy/table_router.h"

using namespace responses_proxy;

TEST_CASE("a loop without an upstream client is refused by name, before anything is served") {
  testing::ManualClock clock;
  SeededRandom random(1);
  const auto state = make_memory_state_store(clock);
  const TableRouter router(*state);
  const LoadBalancer balancer(clock, random);
  NullTelemetrySink sink;
  EventLoops loops(2);
  testing::FakeUpstream upstream;
  const ProxyOptions options{.clock = clock,
                             .random = random,
                             .state = *state,
                             .router = router,
                             .balancer = balancer,
                             .telemetry = sink,
                             .loops = loops,
                             .upstreams = {&upstream},
                             .dialects = {}};
  CHECK_THROWS_WITH_AS(Proxy({}, options),
                       "ProxyOptions::upstreams: 1 for 2 event loops; each needs one of its own",
                       std::invalid_argument);
}
