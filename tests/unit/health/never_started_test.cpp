#include <doctest/doctest.h>

#include "responses_proxy/dialects.h"
#include "responses_proxy/event_loop.h"
#include "responses_proxy/health_checker.h"
#include "responses_proxy/table_router.h"
#include "responses_proxy/upstream_client.h"

using namespace responses_proxy;

// A server that cannot bind its port destroys what it has built before any loop has run.
TEST_CASE("a checker whose loop never ran can be destroyed") {
  SystemClock clock;
  const auto state = make_memory_state_store(clock);
  TableRouter router(*state);
  EventLoops loops(1);
  struct NoUpstream final : UpstreamClient {
    std::unique_ptr<UpstreamTransfer> start(UpstreamRequest, UpstreamHandler&) override {
      return nullptr;
    }
  } upstream;
  const Dialects dialects;
  const auto checker = make_health_checker({}, router, loops.at(0), upstream, clock, dialects);
  checker->stop();
}
