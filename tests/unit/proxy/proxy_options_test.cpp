#include "responses_proxy/proxy_options.h"

#include <doctest/doctest.h>

#include <boost/asio/io_context.hpp>
#include <memory>
#include <stdexcept>
#include <vector>

#include "fakes/fake_response_writer.h"
#include "fakes/fake_upstream.h"
#include "fakes/manual_clock.h"
#include "responses_proxy/event_loop.h"
#include "responses_proxy/proxy.h"
#include "responses_proxy/table_router.h"

using namespace responses_proxy;

namespace {

// What a Proxy cannot do without, but for loops and upstreams.
struct ProxyParts {
  ProxyOptions options(EventLoops& loops, testing::FakeUpstream& upstream) {
    return {.clock = clock,
            .random = random,
            .state = *state,
            .router = router,
            .balancer = balancer,
            .telemetry = sink,
            .loops = loops,
            .upstreams = {&upstream},
            .dialects = {}};
  }

  testing::ManualClock clock;
  SeededRandom random{1};
  const std::unique_ptr<StateStore> state = make_memory_state_store(clock);
  const TableRouter router{*state};
  const LoadBalancer balancer{clock, random};
  NullTelemetrySink sink;
};

}  // namespace

TEST_CASE("a loop without an upstream client is refused by name, before anything is served") {
  ProxyParts parts;
  EventLoops loops(2);
  testing::FakeUpstream upstream;
  ProxyOptions options = parts.options(loops, upstream);
  CHECK_THROWS_WITH_AS(Proxy({}, options),
                       "ProxyOptions::upstreams: 1 for 2 event loops; each needs one of its own",
                       std::invalid_argument);
  options.upstreams = {&upstream, nullptr};
  CHECK_THROWS_WITH_AS(Proxy({}, options),
                       "ProxyOptions::upstreams: 1 for 2 event loops; each needs one of its own",
                       std::invalid_argument);
}

TEST_CASE("loops of a host are at least one, and none of them is null") {
  CHECK_THROWS_AS(EventLoops(std::vector<EventLoop*>{}), std::invalid_argument);
  CHECK_THROWS_AS(EventLoops(std::vector<EventLoop*>{nullptr}), std::invalid_argument);
}

// A host's loop may run again after the proxy has gone.
TEST_CASE("what a proxy has posted to a loop does not run once it has gone") {
  ProxyParts parts;
  boost::asio::io_context context;
  EventLoop loop(context);
  EventLoops loops({&loop});
  testing::FakeUpstream upstream;
  auto proxy = std::make_unique<Proxy>(Config(), parts.options(loops, upstream));
  const auto client = std::make_shared<testing::FakeResponseWriter>();
  proxy->handle(Request(), client);
  proxy->cancel_all();
  proxy.reset();
  context.run();
  CHECK(client->end == testing::FakeResponseWriter::End::none);
}
