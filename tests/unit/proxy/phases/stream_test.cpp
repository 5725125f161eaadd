#include "proxy/phases/stream.h"

#include <doctest/doctest.h>

#include "unit/proxy/phases/attempt_of.h"
#include "unit/proxy/phases/run_task.h"

namespace responses_proxy {

using namespace testing;
using End = FakeResponseWriter::End;

TEST_CASE("an attempt that came to nothing is an error with its own word and status") {
  struct Row {
    UpstreamError error;
    int status;
    const char* code;
  };
  for (const Row& row :
       {Row{UpstreamError::connect_refused, 502, "upstream_connect_refused"},
        Row{UpstreamError::total_timeout, 504, "upstream_total_timeout"},
        Row{UpstreamError::out_of_descriptors, 503, "upstream_out_of_descriptors"}}) {
    ExchangeRig rig({"sk-only-key"});
    const auto exchange = sent_exchange(rig);
    rig.upstream.last().end(row.error);
    const auto ended = run_task(phases::stream(*exchange));
    REQUIRE(*ended);
    REQUIRE(**ended);
    CHECK((**ended)->status == row.status);
    CHECK((**ended)->code == row.code);
    CHECK_FALSE(exchange->downstream.committed());
  }
}

TEST_CASE("the answer has the proxy's headers, and the exchange is complete at its end") {
  ExchangeRig rig({"sk-only-key"});
  const auto exchange = sent_exchange(rig);
  rig.upstream.last().document();
  rig.upstream.last().bytes("{}");
  const auto ended = run_task(phases::stream(*exchange));
  CHECK_FALSE(*ended);
  rig.upstream.last().end();
  REQUIRE(*ended);
  CHECK_FALSE(**ended);
  CHECK(rig.client->head->headers.get("x-request-id") == exchange->record.request_id);
  CHECK(rig.client->head->headers.get("x-proxy-decision") == "weighted_least_connections");
  CHECK(rig.client->body == "{}");
  CHECK(rig.client->end == End::finished);
  CHECK(exchange->record.completed);
}

TEST_CASE("a last answer says when the first resource is back, if time alone brings it back") {
  ExchangeRig rig({"sk-first-key", "sk-second-key"});
  Verdict limited;
  limited.health = Health::degraded;
  limited.error = true;
  limited.blocked = Millis(40'000);
  const auto exchange = sent_exchange(rig);
  for (int i = 1; i <= 2; ++i) rig.resource(i)->apply(limited, rig.clock.steady());
  rig.upstream.last().document(429);
  rig.upstream.last().bytes("{}");
  rig.upstream.last().end();
  run_task(phases::stream(*exchange));
  CHECK(rig.client->head->headers.get("retry-after") == "40");
}

TEST_CASE("going down, an answer that has not begun is an error; one that has is cut") {
  for (const bool begun : {false, true}) {
    CAPTURE(begun);
    ExchangeRig rig({"sk-only-key"});
    const auto exchange = sent_exchange(rig);
    rig.upstream.last().document();
    if (!begun) exchange->shutting_down = true;
    const auto ended = run_task(phases::stream(*exchange));
    if (begun) {
      rig.upstream.last().bytes(std::string(70'000, ' '));
      exchange->shutting_down = true;
      exchange->progress.fire();
    }
    REQUIRE(*ended);
    CHECK((*ended)->has_value() == !begun);
    if (!begun) CHECK((**ended)->code == "shutting_down");
    CHECK(rig.client->end == (begun ? End::aborted : End::none));
    CHECK(exchange->record.error == (begun ? "shutting_down" : ""));
  }
}

}  // namespace responses_proxy
