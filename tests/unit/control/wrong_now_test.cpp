#include "control/wrong_now.h"

#include <doctest/doctest.h>

#include "fakes/sample_records.h"
#include "unit/control/fakes.h"

namespace responses_proxy::testing {

namespace {

// Nothing is wrong but what a test makes so.
struct CalmFixture : ControlPlaneFixture {
  CalmFixture() { router.update({of("openai-1", "a"), of("openai-2", "a")}); }

  static Resource of(const std::string& id, const std::string& pool) {
    Resource resource;
    resource.id = id;
    resource.name = id;
    resource.pool_id = pool;
    resource.credential = Secret("sk-test-aaaaaaaaaaaa1111");
    return resource;
  }

  // Each line, the bad ones with "!" in front.
  std::vector<std::string> lines() {
    struct Calm final : TelemetrySink {
      void record(RequestRecord) noexcept override {}
      bool flush(Millis) override { return true; }
      TelemetryStats stats() const override { return of; }
      TelemetryStats of;
    } calm;
    calm.of = stats;
    const ControlPlaneContext given = context();
    const ControlPlaneContext with_calm{.config = given.config,
                                        .clock = given.clock,
                                        .router = given.router,
                                        .state = given.state,
                                        .health = given.health,
                                        .records = given.records,
                                        .telemetry = calm,
                                        .metrics = given.metrics,
                                        .draining = given.draining,
                                        .telemetry_stream = telemetry_stream,
                                        .of_runtime = given.of_runtime};
    std::vector<std::string> all;
    for (const auto& trouble : control::wrong_now(with_calm)) {
      all.push_back((trouble.bad ? "!" : "") + trouble.text);
    }
    return all;
  }

  void fail(const char* error, int times, const char* id = "openai-1") {
    RequestRecord record = sample_record("a", clock.wall());
    record.attempts.front().resource_id = id;
    record.attempts.front().blame = Blame::resource;
    record.attempts.front().error = error;
    for (int i = 0; i < times; ++i) traffic.count(record);
  }

  TelemetryStats stats;
};

using Lines = std::vector<std::string>;

}  // namespace

TEST_CASE_FIXTURE(CalmFixture, "nothing is wrong") {
  CHECK(lines().empty());
  traffic.count(sample_record("a", clock.wall()));
  CHECK(lines().empty());
}

TEST_CASE_FIXTURE(CalmFixture, "a key that is limited, on trial, and out") {
  fail("http_429", 10);
  resource("openai-1")
      ->apply({Health::degraded, Millis(20'000), Millis(20'000), true, "HTTP 429: slow down"},
              clock.steady());
  CHECK(lines() == Lines{"openai-1: 10 of 10 requests failed, HTTP 429, on trial in 20 s"});
  clock.advance(Millis(20'000));
  CHECK(lines() ==
        Lines{"openai-1: 10 of 10 requests failed, HTTP 429, on trial: one request at a time"});
  clock.advance(Millis(300'000));
  CHECK(lines() == Lines{"openai-1: HTTP 429: slow down, on trial: one request at a time"});
  resource("openai-1")->apply({Health::healthy, {}, {}, false, ""}, clock.steady());
  CHECK(lines().empty());
  resource("openai-1")
      ->apply({Health::unhealthy, Millis(0), Millis(0), true, "HTTP 401: no such key"},
              clock.steady());
  CHECK(lines() ==
        Lines{"!openai-1: HTTP 401: no such key, out until a check or a trial succeeds"});
}

TEST_CASE_FIXTURE(CalmFixture, "a healthy key that fails often") {
  fail("connect_refused", 4);
  CHECK(lines().empty());  // too few to say
  fail("connect_refused", 1);
  CHECK(lines() == Lines{"openai-1: 5 of 5 requests failed, connect refused"});
  RequestRecord good = sample_record("a", clock.wall());
  for (int i = 0; i < 16; ++i) traffic.count(good);
  CHECK(lines().empty());
}

TEST_CASE_FIXTURE(CalmFixture, "a pool without a resource that can be used") {
  router.update({of("openai-1", "a"), of("openai-2", "b")});
  for (const char* id : {"openai-1", "openai-2"}) {
    resource(id)->apply({Health::degraded, Millis(0), Millis(5'000), true, "HTTP 429"},
                        clock.steady());
  }
  const Lines all = lines();
  REQUIRE(all.size() == 4);
  CHECK(all[0] == "!Pool a: none of its 1 resource can be used; its requests are refused");
  CHECK(all[1] == "!Pool b: none of its 1 resource can be used; its requests are refused");
  router.update({});
  CHECK(lines() == Lines{"!No provider resources configured. Set OPENAI_API_KEY and start again, "
                         "or register a provider."});
}

TEST_CASE_FIXTURE(CalmFixture, "records that are not kept") {
  stats.dropped = 1;
  stats.spooled = 5;
  stats.queued = 2'000;
  CHECK(lines() == Lines{"!1 record lost since the start: the database could not keep up",
                         "The database does not take records: 5 wait in the spool file",
                         "2,000 records wait for the database"});
  telemetry_stream = [] { return StreamStats{}; };
  CHECK(lines() ==
        Lines{"!1 record lost since the start: the Redis stream of records could not keep up",
              "!The Redis stream of records does not answer",
              "The Redis stream does not take records: 5 wait in the spool file",
              "2,000 records wait for the Redis stream of records"});
  stats = {};
  telemetry_stream = [] { return StreamStats{true, 0, 0, 0, 2}; };
  CHECK(lines() == Lines{"Workers have set aside 2 records that cannot be read"});
}

TEST_CASE_FIXTURE(CalmFixture, "what is shared, the end, and clients that got errors") {
  state->shared = SharedStateStats{false, "refused", 1, 0, 0, 0};
  draining = true;
  RequestRecord failed = failed_record("a", clock.wall());
  failed.attempts.clear();
  for (int i = 0; i < 3; ++i) traffic.count(failed);
  for (int i = 0; i < 7; ++i) traffic.count(sample_record("b", clock.wall()));
  CHECK(lines() ==
        Lines{"!The server is shutting down: it ends what is under way and takes nothing new",
              "Redis does not answer (refused): each replica decides by itself",
              "3 of 10 requests (30 %) failed for clients in the last 5 minutes"});
  draining = false;
  state->shared.reset();
  for (int i = 0; i < 200; ++i) traffic.count(sample_record("b", clock.wall()));
  CHECK(lines().empty());
}

TEST_CASE_FIXTURE(ControlPlaneFixture, "the state says what is wrong, and of which resource") {
  resource("openai-1")->apply({Health::unhealthy, {}, {}, true, "HTTP 401"}, clock.steady());
  start();
  const Json wrong = get_json("/admin/state")["wrong"];
  CHECK(wrong[1] == Json::parse(R"({"level":"bad","resource_id":"openai-1",
    "text":"first: HTTP 401, out until a check or a trial succeeds"})"));
  CHECK(wrong[0]["resource_id"] == nullptr);
}

}  // namespace responses_proxy::testing
