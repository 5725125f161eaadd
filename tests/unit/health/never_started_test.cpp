#include <doctest/doctest.h>

#include <boost/asio/io_context.hpp>

#include "responses_proxy/dialects.h"
#include "responses_proxy/event_loop.h"
#include "responses_proxy/health_checker.h"
#include "responses_proxy/table_router.h"
#include "responses_proxy/upstream_client.h"

using namespace responses_proxy;

namespace {

struct NoUpstream final : UpstreamClient {
  std::unique_ptr<UpstreamTransfer> start(UpstreamRequest, UpstreamHandler&) override {
    return nullptr;
  }
};

// A checker of no resources, on a loop of the test's.
struct Idle {
  SystemClock clock;
  std::unique_ptr<StateStore> state = make_memory_state_store(clock);
  TableRouter router{*state};
  boost::asio::io_context context{1};
  EventLoop loop{context};
  NoUpstream upstream;
  const Dialects dialects{};
  std::unique_ptr<HealthChecker> checker =
      make_health_checker({}, router, loop, upstream, clock, dialects);
};

}  // namespace

// A server that cannot bind its port destroys what it has built before any loop has run.
TEST_CASE_FIXTURE(Idle, "a checker whose loop never ran can be destroyed") {
  checker->start();
  checker->stop();
}

TEST_CASE_FIXTURE(Idle, "a loop that merely is not run any more holds nobody up") {
  checker->start();
  context.poll();  // the timer of the next round keeps the context from ending
  CHECK_FALSE(context.stopped());
  checker->stop();
}

TEST_CASE_FIXTURE(Idle, "what a checker has posted does not run once it has gone") {
  bool answered = false;
  checker->start();
  checker->check("any");
  checker->check_all([&answered](const auto&) { answered = true; });
  checker.reset();
  context.run();
  CHECK_FALSE(answered);
}
