#include "proxy/phases/failover.h"

#include <doctest/doctest.h>

#include "unit/proxy/phases/attempt_of.h"
#include "unit/proxy/phases/run_task.h"

namespace responses_proxy {

using namespace testing;

namespace {

void answer(ExchangeRig& rig, int status, const std::string& code) {
  rig.upstream.last().document(status);
  rig.upstream.last().bytes(R"({"error":{"code":")" + code + R"(","message":"no"}})");
  rig.upstream.last().end();
}

}  // namespace

TEST_CASE("a key over its limit is left, and others know at once") {
  ExchangeRig rig({"sk-first-key", "sk-second-key"});
  const auto exchange = sent_exchange(rig);
  answer(rig, 429, "rate_limit_exceeded");
  CHECK(*run_task(phases::moves_on(*exchange)) == true);
  const auto table = rig.router.table();
  CHECK(table->find(exchange->attempt->resource_id())->state->health() == Health::degraded);
  CHECK(phases::attempts_left(*exchange) == 2);
}

TEST_CASE("a good answer, and one that is the request's own fault, are the client's") {
  for (const int status : {200, 400}) {
    CAPTURE(status);
    ExchangeRig rig({"sk-first-key", "sk-second-key"});
    const auto exchange = sent_exchange(rig);
    answer(rig, status, "whatever");
    CHECK(*run_task(phases::moves_on(*exchange)) == false);
  }
}

TEST_CASE("who does not know an id that nobody remembers costs no attempt, up to a bound") {
  ExchangeRig rig({"sk-first-key", "sk-second-key"});
  const auto exchange = sent_exchange(rig);
  exchange->facts.previous_response_id = "resp_1";
  answer(rig, 400, "previous_response_not_found");
  CHECK(*run_task(phases::moves_on(*exchange)) == true);
  CHECK(phases::attempts_left(*exchange) == 3);
  exchange->tries.not_found = phases::kMaxNotFoundTries;
  CHECK(*run_task(phases::moves_on(*exchange)) == false);
  exchange->tries.not_found = 0;
  exchange->affinity.required = exchange->attempt->resource_id();
  CHECK(*run_task(phases::moves_on(*exchange)) == false);
}

TEST_CASE("what cannot be decrypted is left out, once, for the same resource") {
  ExchangeRig rig({"sk-first-key", "sk-second-key"});
  const auto exchange = sent_exchange(rig);
  const std::string resource_id = exchange->attempt->resource_id();
  exchange->request.body = R"({"input":[{"encrypted_content":"x"},{"a":1}]})";
  answer(rig, 400, "invalid_encrypted_content");
  CHECK(*run_task(phases::moves_on(*exchange)) == true);
  CHECK(exchange->request.body == R"({"input":[{"a":1}]})");
  CHECK(exchange->record.adjusted == "encrypted_items_dropped");
  CHECK(exchange->tries.resources.empty());
  CHECK_FALSE(exchange->attempt);
  REQUIRE(exchange->record.attempts.size() == 1);
  CHECK(exchange->record.attempts[0].resource_id == resource_id);

  send_attempt(*exchange);
  answer(rig, 400, "invalid_encrypted_content");
  CHECK(*run_task(phases::moves_on(*exchange)) == false);
}

}  // namespace responses_proxy
