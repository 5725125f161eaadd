#include "proxy/phases/admit.h"

#include <doctest/doctest.h>

#include "fakes/compressed.h"
#include "unit/proxy/exchange_rig.h"
#include "unit/proxy/phases/run_task.h"

namespace responses_proxy {

namespace {

using testing::ExchangeRig;
using testing::run_task;

std::optional<Error> admitted(ExchangeContext& exchange) {
  return **run_task(phases::admit(exchange));
}

Request request_to(std::string method, std::string path, std::string body = {}) {
  Request request;
  request.method = std::move(method);
  request.path = std::move(path);
  request.body = std::move(body);
  return request;
}

}  // namespace

TEST_CASE("what the proxy reads of a request is in its facts and on record, without secrets") {
  ExchangeRig rig({"sk-first-key"});
  const auto exchange =
      rig.context(R"({"model":"m","stream":true,"previous_response_id":"resp_sk-first-key"})",
                  {{"session-id", "s"}, {"x-pool-id", "p"}});
  CHECK_FALSE(admitted(*exchange));
  CHECK(exchange->endpoint.kind == EndpointKind::create_response);
  CHECK(exchange->facts.previous_response_id == "resp_***");
  const RequestRecord& record = exchange->record;
  CHECK(record.model == "m");
  CHECK(record.stream);
  CHECK(record.session_id == "s");
  CHECK(record.requested_pool_id == "p");
  CHECK(record.previous_response_id == "resp_***");
}

TEST_CASE("each refusal has its turn: the gate's, the size's, the path's, the body's") {
  struct Nobody final : Gate {
    Result<Caller> admit(const Request&) override {
      return Error::refused(403, "not_allowed", "Not you.");
    }
  } gate;
  ExchangeRig rig({"sk-first-key"});
  rig.config.max_body_bytes = 10;
  const auto code_of = [&rig](Request request) {
    const auto error = admitted(*rig.context(std::move(request)));
    return error ? error->code : "";
  };
  CHECK(code_of(request_to("POST", "/v1/nothing", "a body too large")) == "body_too_large");
  CHECK(code_of(request_to("POST", "/v1/nothing", "{")) == "unknown_path");
  CHECK(code_of(request_to("PUT", "/v1/responses", "{")) == "method_not_allowed");
  CHECK(code_of(request_to("POST", "/v1/responses", "{")) == "invalid_json");
  Request upgrade = request_to("GET", "/v1/nothing");
  upgrade.headers.add("Upgrade", "WebSocket");
  CHECK(code_of(upgrade) == "websocket_not_supported");
  rig.use_gate(gate);
  CHECK(code_of(request_to("POST", "/v1/nothing", "a body too large")) == "not_allowed");
}

TEST_CASE("a compressed body is what it says when it is decoded, and no larger than may be") {
  ExchangeRig rig({"sk-first-key"});
  const std::string body = R"({"model":"m","input":")" + std::string(1000, 'x') + "\"}";
  const auto exchange = rig.context(testing::gzip(body), {{"content-encoding", "gzip"}});
  CHECK_FALSE(admitted(*exchange));
  CHECK(exchange->request.body == body);
  CHECK_FALSE(exchange->request.headers.find("content-encoding"));
  rig.config.max_body_bytes = 500;
  const auto large = rig.context(testing::gzip(body), {{"content-encoding", "gzip"}});
  CHECK(admitted(*large)->code == "body_too_large");
}

}  // namespace responses_proxy
