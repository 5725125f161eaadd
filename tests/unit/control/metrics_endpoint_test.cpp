#include <doctest/doctest.h>

#include "unit/control/fakes.h"

namespace responses_proxy::testing {

TEST_CASE_FIXTURE(ControlPlaneFixture, "metrics: gauges of the moment beside the counters") {
  RequestRecord record;
  record.status_code = 200;
  metrics.count(record);
  resource("openai-2")->acquire();
  resource("openai-2")
      ->apply({Health::degraded, Millis(30'000), {}, true, "http_429"}, clock.steady());
  state->remember_affinity({AffinityKind::response, "resp_1"}, "openai-1", nullptr);
  GaugeValues expected;
  expected.resources = {
      {"openai-1", "first", "environment", "pool-a", 0, Health::unknown, Millis(0)},
      {"openai-2", "openai-2", "environment", "pool-b", 1, Health::degraded, Millis(30'000)}};
  expected.active_exchanges = 3;
  expected.open_sockets = 5;
  expected.telemetry = telemetry.stats();
  expected.affinity = state->affinity_stats();
  expected.stream = StreamStats{true, 40, 7, 1'000, 1};
  telemetry_stream = [&expected] { return *expected.stream; };
  start();
  const auto response = get("/metrics");
  CHECK(response.status == 200);
  CHECK(response.get_header_value("Content-Type") == "text/plain; version=0.0.4");
  CHECK(response.body == metrics.text(expected));
  CHECK(response.body.find("openai-2") != std::string::npos);
  CHECK(response.body.find("sk-test") == std::string::npos);
}

}  // namespace responses_proxy::testing
