#include "proxy/phases/translate.h"

#include <doctest/doctest.h>

#include "proxy/phases/pick.h"
#include "proxy/phases/route.h"
#include "unit/proxy/exchange_rig.h"
#include "unit/proxy/phases/run_task.h"

namespace responses_proxy {

namespace {

using testing::ExchangeRig;

std::shared_ptr<ExchangeContext> routed(ExchangeRig& rig, std::string model) {
  auto exchange = rig.context(R"({"model":")" + model + "\"}");
  exchange->facts.model = std::move(model);
  REQUIRE_FALSE(phases::route(*exchange));
  return exchange;
}

Result<phases::Sending> translated(ExchangeContext& exchange) {
  auto lease = phases::pick(exchange);
  REQUIRE(lease);
  auto sending = testing::run_task(phases::translate(exchange, std::move(*lease)));
  REQUIRE(sending->has_value());
  return std::move(**sending);
}

}  // namespace

TEST_CASE("a request goes up as it came, with the key of its resource and the time there is") {
  ExchangeRig rig({"sk-first-key"});
  rig.config.idle_timeout = Millis(7);
  const auto exchange = routed(rig, "m");
  const auto sending = translated(*exchange);
  REQUIRE(sending);
  CHECK(sending->request.method == "POST");
  CHECK(sending->request.url == "http://upstream/v1/responses");
  CHECK(sending->request.headers.get("authorization") == "Bearer sk-first-key");
  CHECK(sending->request.body.data() == exchange->request.body.data());
  CHECK(sending->request.timeouts.idle == Millis(7));
  CHECK(exchange->record.model == "m");
}

TEST_CASE("an alias goes up under the target's name, which is on record") {
  ExchangeRig rig({"sk-first-key"});
  rig.router.update(rig.config.resources, {{"fast", {{.model = "theirs"}}}});
  const auto exchange = routed(rig, "fast");
  const auto sending = translated(*exchange);
  REQUIRE(sending);
  CHECK(sending->request.body == R"({"model":"theirs"})");
  CHECK(exchange->record.model == "theirs");
}

TEST_CASE("what a request continues goes up with it, but not to the resource that has it") {
  ExchangeRig rig({"sk-first-key"});
  const auto exchange = rig.context(R"({"previous_response_id":"resp_1","input":[3],"n":1})");
  exchange->facts.previous_response_id = "resp_1";
  exchange->history = std::make_shared<const History>(StoredTurn{"resp_1", "", "1", "2"}, nullptr);
  REQUIRE_FALSE(phases::route(*exchange));
  auto sending = translated(*exchange);
  REQUIRE(sending);
  CHECK(sending->request.body == R"({"input":[1,2,3],"n":1})");
  exchange->affinity.required = "openai-1";
  sending = translated(*exchange);
  CHECK(sending->request.body == R"({"previous_response_id":"resp_1","input":[3],"n":1})");
}

TEST_CASE("a wire format that nobody speaks is the operator's to mend, and no lease is left") {
  ExchangeRig rig({"sk-first-key"});
  rig.config.resources[0].wire_api = "telegraph";
  rig.router.update(rig.config.resources);
  const auto exchange = routed(rig, "m");
  auto sending = translated(*exchange);
  REQUIRE_FALSE(sending);
  CHECK(sending.error().status == 500);
  CHECK(sending.error().code == "unknown_wire_api");
  CHECK(rig.resource(1)->active() == 0);
}

}  // namespace responses_proxy
