// The hooks of docs/embedding.md, "Taking part in an exchange": what stands there is compiled and
// run here.
#include "responses_proxy/exchange_hooks.h"

#include <doctest/doctest.h>

#include "unit/proxy/exchange_rig.h"

namespace responses_proxy {

namespace {

class TenantHooks final : public ExchangeHooks {
 public:
  std::optional<Error> before_route(const AdmittedRequest& request, std::string& pool_id) override {
    if (request.caller == "guest" && request.model != "small") {
      Error error = Error::invalid_request("model_not_allowed", "Guests may use small.", "model");
      error.status = 403;
      return error;
    }
    if (pool_id.empty()) pool_id = "pool-of-" + std::string(request.caller);
    return std::nullopt;
  }

  void before_record(RequestRecord& record) override { record.session_name += " (metered)"; }
};

struct Named final : Gate {
  Result<Caller> admit(const Request& request) override {
    return Caller{std::string(request.headers.get("x-user"))};
  }
};

}  // namespace

TEST_CASE("a host decides on pools, refuses requests, and adds to their records") {
  testing::ExchangeRig rig({"sk-first-key", "sk-second-key"});
  rig.config.resources[1].pool_id = "pool-of-alice";
  rig.router.update(rig.config.resources);
  Named gate;
  TenantHooks hooks;
  rig.use_gate(gate);
  rig.use_hooks(hooks);
  const auto client =
      rig.post(R"({"model":"m"})", {{"x-user", "alice"}, {"x-proxy-session-name", "s"}});
  REQUIRE(rig.upstream.count() == 1);
  CHECK(rig.upstream.last().request.headers.get("authorization") == "Bearer sk-second-key");
  rig.upstream.last().document();
  rig.upstream.last().bytes("{}");
  rig.upstream.last().end();
  CHECK(rig.record().session_name == "s (metered)");

  const auto guest = rig.post(R"({"model":"m"})", {{"x-user", "guest"}});
  CHECK(guest->head->status == 403);
  CHECK(guest->body.find("model_not_allowed") != std::string::npos);
  CHECK(rig.upstream.count() == 1);
  const auto records = rig.sink.wait_for(2);
  CHECK(records.at(1).error == "model_not_allowed");
  CHECK(records.at(1).session_name == " (metered)");
}

TEST_CASE("what a host puts on record has no credentials in it") {
  struct Telling final : ExchangeHooks {
    void before_record(RequestRecord& record) override {
      for (std::string* word : {&record.caller, &record.model_alias, &record.adjusted,
                                &record.error, &record.request_body, &record.response_body}) {
        *word = "with sk-first-key and client-key-1";
      }
    }
  } hooks;
  testing::ExchangeRig rig({"sk-first-key"});
  rig.use_hooks(hooks);
  rig.post(R"({"model":"m"})", {{"authorization", "Bearer client-key-1"}});
  rig.upstream.last().document();
  rig.upstream.last().bytes("{}");
  rig.upstream.last().end();
  const RequestRecord record = rig.record();
  for (const std::string* word : {&record.caller, &record.model_alias, &record.adjusted,
                                  &record.error, &record.request_body, &record.response_body}) {
    CHECK(*word == "with *** and ***");
  }
}

}  // namespace responses_proxy
