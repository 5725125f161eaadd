#include "proxy/phases/send.h"

#include <doctest/doctest.h>

#include "proxy/phases/record.h"
#include "unit/proxy/phases/attempt_of.h"

namespace responses_proxy {

using namespace testing;

TEST_CASE("each attempt is told of, and its resource is not tried again") {
  ExchangeRig rig({"sk-first-key", "sk-second-key"});
  const auto exchange = sent_exchange(rig);
  REQUIRE(rig.decisions.size() == 1);
  CHECK(rig.decisions[0].request_id == exchange->record.request_id);
  CHECK(exchange->tries.sent == 1);
  CHECK(exchange->tries.resources == std::vector<std::string>{rig.decisions[0].resource_id});
  CHECK(rig.upstream.last().body == R"({"model":"m"})");

  phases::close_attempt(*exchange);
  send_attempt(*exchange);
  CHECK(exchange->tries.sent == 2);
  REQUIRE(rig.decisions.size() == 2);
  CHECK(rig.decisions[1].resource_id != rig.decisions[0].resource_id);
  CHECK(rig.decisions[1].reason == SelectionReason::failover);
  CHECK(rig.upstream.count() == 2);
}

TEST_CASE("the time spent in here ends with the first attempt") {
  ExchangeRig rig({"sk-first-key", "sk-second-key"});
  const auto exchange = sent_exchange(rig);
  CHECK(exchange->record.proxy_time == std::chrono::microseconds(0));
  rig.clock.advance(Millis(5));
  phases::close_attempt(*exchange);
  send_attempt(*exchange);
  CHECK(exchange->record.proxy_time == std::chrono::microseconds(0));
}

}  // namespace responses_proxy
