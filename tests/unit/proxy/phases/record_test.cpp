#include "proxy/phases/record.h"

#include <doctest/doctest.h>

#include "unit/proxy/phases/attempt_of.h"
#include "unit/proxy/phases/run_task.h"

namespace responses_proxy {

using namespace testing;

TEST_CASE("an exchange without an attempt is on record as it was refused") {
  ExchangeRig rig({"sk-first-key"});
  const auto exchange = rig.context("{}");
  exchange->record.blame = Blame::client;
  CHECK(*run_task(phases::record(*exchange)));
  const RequestRecord record = rig.record();
  CHECK(record.attempts.empty());
  CHECK(record.blame == Blame::client);
  CHECK(record.request_bytes == 2);
}

TEST_CASE("a client that left early is to blame, and its resource is not") {
  ExchangeRig rig({"sk-first-key"});
  const auto exchange = sent_exchange(rig);
  rig.upstream.last().document(500);
  exchange->downstream.on_closed();
  run_task(phases::record(*exchange));
  const RequestRecord record = rig.record();
  CHECK(record.status_code == 499);
  CHECK(record.blame == Blame::client);
  CHECK(record.attempts.at(0).error == "client_closed");
  CHECK(rig.upstream.last().cancelled());
  CHECK(rig.resource(1)->health() == Health::unknown);
  CHECK(rig.resource(1)->active() == 0);
}

TEST_CASE("the last attempt's blame is the request's, and each attempt is on record once") {
  ExchangeRig rig({"sk-first-key"});
  const auto exchange = sent_exchange(rig);
  rig.upstream.last().document(429);
  rig.upstream.last().bytes(R"({"error":{"code":"rate_limit_exceeded"}})");
  rig.upstream.last().end();
  phases::close_attempt(*exchange);
  phases::close_attempt(*exchange);  // there is none
  run_task(phases::record(*exchange));
  const RequestRecord record = rig.record();
  REQUIRE(record.attempts.size() == 1);
  CHECK(record.attempts[0].error == "http_429");
  CHECK(record.blame == Blame::resource);
}

TEST_CASE("a request has the tokens of all its attempts, each of them its own") {
  ExchangeRig rig({"sk-first-key", "sk-second-key"});
  const auto exchange = sent_exchange(rig);
  exchange->endpoint.kind = EndpointKind::create_response;
  const auto answer = [&rig](const char* usage) {
    rig.upstream.last().document(200);
    rig.upstream.last().bytes(std::string(R"({"id":"resp_1","object":"response","usage":)") +
                              usage + "}");
    rig.upstream.last().end();
  };
  answer(R"({"input_tokens":10,"output_tokens":1,"total_tokens":11})");
  phases::close_attempt(*exchange);
  send_attempt(*exchange);
  answer(R"({"input_tokens":20,"output_tokens":2,"total_tokens":22})");
  run_task(phases::record(*exchange));
  const RequestRecord record = rig.record();
  REQUIRE(record.attempts.size() == 2);
  CHECK(record.attempts[0].usage.total == 11);
  CHECK(record.attempts[1].usage.total == 22);
  CHECK(record.usage.total == 33);
  CHECK(record.usage.output == 3);
}

}  // namespace responses_proxy
