#include <doctest/doctest.h>

#include <cstdlib>
#include <sstream>

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
  expected.database_up = true;
  expected.stream = StreamStats{true, 40, 7, 1'000, 1};
  telemetry_stream = [&expected] { return *expected.stream; };
  start();
  const auto response = get("/metrics");
  CHECK(response.status == 200);
  CHECK(response.get_header_value("Content-Type") == "text/plain; version=0.0.4; charset=utf-8");
  // What the process is like changes from one moment to the next.
  const auto without_process = [](const std::string& text) {
    std::istringstream lines(text);
    std::string kept;
    for (std::string line; std::getline(lines, line);) {
      if (line.find("process_") == std::string::npos) kept += line + "\n";
    }
    return kept;
  };
  CHECK(without_process(response.body) == metrics.text(expected));
  for (const char* const name : {"process_cpu_seconds_total ", "process_resident_memory_bytes ",
                                 "process_open_fds ", "process_threads "}) {
    CAPTURE(name);
    const std::size_t at = response.body.find(std::string("\n") + name);
    REQUIRE(at != std::string::npos);
    CHECK(std::strtod(response.body.c_str() + at + 1 + std::string(name).size(), nullptr) > 0);
  }
  CHECK(response.body.find("openai-2") != std::string::npos);
  CHECK(response.body.find("sk-test") == std::string::npos);
}

TEST_CASE_FIXTURE(ControlPlaneFixture, "metrics: OpenMetrics for who asks for it") {
  start();
  const auto response =
      get("/metrics", {{"Accept", "application/openmetrics-text;version=1.0.0,text/plain;q=0.5"}});
  CHECK(response.get_header_value("Content-Type") ==
        "application/openmetrics-text; version=1.0.0; charset=utf-8");
  CHECK(response.body.ends_with("# EOF\n"));
}

}  // namespace responses_proxy::testing
