#include "proxy/phases/pick.h"

#include <doctest/doctest.h>

#include "proxy/phases/route.h"
#include "unit/proxy/exchange_rig.h"

namespace responses_proxy {

namespace {

using testing::ExchangeRig;

struct Row {
  const char* what;
  const char* required;
  const char* preferred;
  ResponseAffinityMode mode;
  const char* picked;
  SelectionReason reason;
};

}  // namespace

TEST_CASE("affinity decides, and the record can say which") {
  using Mode = ResponseAffinityMode;
  for (const Row& row : {Row{"made there", "openai-2", "", Mode::require, "openai-2",
                             SelectionReason::response_affinity},
                         Row{"made there, known elsewhere", "openai-2", "openai-3", Mode::prefer,
                             "openai-2", SelectionReason::response_affinity},
                         Row{"the session's", "", "openai-3", Mode::require, "openai-3",
                             SelectionReason::session_affinity}}) {
    CAPTURE(row.what);
    ExchangeRig rig({"sk-first-key", "sk-second-key", "sk-third-key"});
    rig.config.response_affinity = row.mode;
    const auto exchange = rig.context("");
    REQUIRE_FALSE(phases::route(*exchange));
    exchange->affinity.required = row.required;
    exchange->affinity.preferred = row.preferred;
    const auto lease = phases::pick(*exchange);
    REQUIRE(lease);
    CHECK(lease->resource().id == row.picked);
    CHECK(lease->reason() == row.reason);
  }
}

TEST_CASE("what has been tried is not picked again, and a pinned request goes nowhere else") {
  ExchangeRig rig({"sk-first-key", "sk-second-key"});
  const auto exchange = rig.context("");
  REQUIRE_FALSE(phases::route(*exchange));
  exchange->tries.resources = {"openai-1"};
  CHECK(phases::pick(*exchange)->resource().id == "openai-2");
  exchange->affinity.required = "openai-1";
  auto pinned = phases::pick(*exchange);
  REQUIRE_FALSE(pinned);
  CHECK(pinned.error().code == "response_resource_unavailable");
  exchange->affinity.required = "openai-gone";
  CHECK(phases::pick(*exchange).error().code == "response_resource_gone");
  exchange->affinity.required.clear();
  exchange->tries.resources = {"openai-1", "openai-2"};
  CHECK(phases::pick(*exchange).error().code == "no_available_resources");
}

TEST_CASE("what an alias means at a resource that it does not name, nobody knows") {
  ExchangeRig rig({"sk-first-key", "sk-second-key"});
  rig.router.update(rig.config.resources,
                    {{"fast", {{.resource_ids = {"openai-1"}, .model = "theirs"}}}});
  const auto exchange = rig.context("");
  exchange->facts.model = "fast";
  REQUIRE_FALSE(phases::route(*exchange));
  exchange->affinity.required = "openai-1";
  CHECK(phases::pick(*exchange)->model() == "theirs");
  exchange->affinity.required = "openai-2";
  auto outside = phases::pick(*exchange);
  REQUIRE_FALSE(outside);
  CHECK(outside.error().status == 400);
  CHECK(outside.error().code == "response_outside_alias");
  CHECK(outside.error().param == "model");
}

}  // namespace responses_proxy
