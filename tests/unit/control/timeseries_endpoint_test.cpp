#include <doctest/doctest.h>

#include "fakes/sample_records.h"
#include "unit/control/fakes.h"

namespace responses_proxy::testing {

TEST_CASE_FIXTURE(ControlPlaneFixture, "time series: points, sums, and what each resource had") {
  traffic.count(sample_record("a", clock.wall()));
  traffic.count(failed_record("b", clock.wall()));
  start();
  const auto response = get("/admin/timeseries?seconds=60");
  CHECK(response.status == 200);
  CHECK(response.get_header_value("Cache-Control") == "no-store");
  const Json body = Json::parse(response.body);
  CHECK(body["counted_since"] == "2026-11-21T00:00:00.000Z");
  CHECK(body["since"] == "2026-11-20T23:59:10.000Z");
  CHECK(body["until"] == "2026-11-21T00:00:01.000Z");
  CHECK(body["step_seconds"] == 10);
  REQUIRE(body["points"].size() == 6);
  CHECK(body["points"][0] == Json::parse(R"({"at":"2026-11-20T23:59:10.000Z","seconds":10,
    "requests":0,"attempts":0,"errors":0,"failovers":0,"input_tokens":0,"output_tokens":0,
    "cached_tokens":0,"duration_ms":null,"first_event_ms":null})"));
  CHECK(body["points"][5]["requests"] == 2);
  CHECK(body["sums"]["attempts"] == 3);
  CHECK(body["sums"]["failovers"] == 1);
  CHECK(body["sums"]["duration_ms"]["p50"].is_number());
  REQUIRE(body["resources"].size() == 2);
  CHECK(body["resources"][0]["resource_id"] == "openai-1");
  CHECK(body["resources"][0]["requests_by_point"] == Json::parse("[0,0,0,0,0,1]"));
  CHECK(body["resources"][0]["errors"] == 1);
}

TEST_CASE_FIXTURE(ControlPlaneFixture, "time series: of one resource, and 15 minutes by default") {
  traffic.count(sample_record("a", clock.wall()));
  start();
  CHECK(get_json("/admin/timeseries")["points"].size() == 90);
  CHECK(get_json("/admin/timeseries?resource_id=openai-1")["sums"]["requests"] == 1);
  CHECK(get_json("/admin/timeseries?resource_id=openai-2")["sums"]["requests"] == 0);
  CHECK(records.calls.empty());  // nothing is asked of the database
}

TEST_CASE_FIXTURE(ControlPlaneFixture, "time series: what cannot be asked for") {
  start();
  for (const std::string query : {"seconds=59", "seconds=604801", "seconds=x",
                                  "seconds=60&seconds=61", "since=2026-11-21", "step=1"}) {
    CAPTURE(query);
    const auto response = get("/admin/timeseries?" + query);
    CHECK(response.status == 400);
    CHECK(error_of(response)["code"] == "invalid_parameter");
    CHECK(error_of(response)["param"] == query.substr(0, query.find('=')));
  }
}

}  // namespace responses_proxy::testing
