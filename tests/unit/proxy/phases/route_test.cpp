#include "proxy/phases/route.h"

#include <doctest/doctest.h>

#include "unit/proxy/exchange_rig.h"

namespace responses_proxy {

using testing::ExchangeRig;

TEST_CASE("an alias has targets of its own, and is on record") {
  ExchangeRig rig({"sk-first-key", "sk-second-key"});
  rig.router.update(rig.config.resources, {{"fast", {{.resource_ids = {"openai-2"}}}}});
  const auto exchange = rig.context("");
  exchange->facts.model = "fast";
  CHECK_FALSE(phases::route(*exchange));
  REQUIRE(exchange->route->targets.size() == 1);
  CHECK(exchange->route->targets[0].resource->id == "openai-2");
  CHECK(exchange->record.model_alias == "fast");
}

TEST_CASE("an unknown pool is refused by the name of the field that asked for it") {
  ExchangeRig rig({"sk-first-key"});
  const auto exchange = rig.context("");
  exchange->facts.pool_id = "nowhere";
  exchange->facts.pool_param = "metadata.pool_id";
  const auto error = phases::route(*exchange);
  REQUIRE(error);
  CHECK(error->code == "unknown_pool");
  CHECK(error->param == "metadata.pool_id");
  CHECK_FALSE(exchange->route);
}

}  // namespace responses_proxy
