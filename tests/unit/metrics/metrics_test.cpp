#include "responses_proxy/metrics.h"

#include <doctest/doctest.h>

#include <map>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "fakes/sample_records.h"
#include "metrics/record_counters.h"

using namespace responses_proxy;

namespace {

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

std::size_t count_of(const std::string& text, const std::string& part) {
  std::size_t count = 0;
  for (auto at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++count;
  return count;
}

// The counters in a text, by name and labels.
std::map<std::string, double> counters_in(const std::string& text) {
  std::map<std::string, double> counters;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    const std::size_t blank = line.rfind(' ');
    if (line.starts_with('#') || line.find("_total") == std::string::npos) continue;
    counters[line.substr(0, blank)] = std::stod(line.substr(blank));
  }
  return counters;
}

// What has grown from `before` to `after` is what stands in `alone`.
void check_grown_alike(const std::string& before, const std::string& after,
                       const std::string& alone) {
  std::map<std::string, double> grown = counters_in(after);
  for (const auto& [name, value] : counters_in(before)) grown[name] -= value;
  std::erase_if(grown, [](const auto& counter) { return counter.second == 0; });
  std::map<std::string, double> expected = counters_in(alone);
  std::erase_if(expected, [](const auto& counter) { return counter.second == 0; });
  CHECK(grown == expected);
}

class KeepingSink final : public TelemetrySink {
 public:
  void record(RequestRecord record) noexcept override { kept.push_back(std::move(record)); }
  bool flush(Millis timeout) override { return timeout == Millis(7); }
  TelemetryStats stats() const override { return {4, 3, 2, 1, 0, 7}; }
  std::vector<RequestRecord> kept;
};

}  // namespace

TEST_CASE("records are counted by outcome, attempt and direction") {
  Metrics metrics;
  for (int i = 0; i < 3; ++i) metrics.count(testing::sample_record("a", testing::at_second(0)));
  metrics.count(testing::failed_record("b", testing::at_second(0)));
  const std::string text = metrics.text({});
  CAPTURE(text);
  CHECK(
      has(text, R"(rp_requests_total{blame="none",caller="alice",status="200",stream="true"} 3)"));
  CHECK(has(text,
            R"(rp_requests_total{blame="provider",caller="alice",status="502",stream="false"} 1)"));
  CHECK(has(text, R"(rp_attempts_total{blame="none",provider_id="environment",)"
                  R"(reason="weighted_least_connections",resource_id="openai-1",status="200"} 3)"));
  CHECK(has(text, R"(rp_attempts_total{blame="resource",provider_id="environment",)"
                  R"(reason="session_affinity",resource_id="openai-1",status="429"} 1)"));
  CHECK(has(text, R"(rp_attempts_total{blame="provider",provider_id="environment",)"
                  R"(reason="failover",resource_id="openai-2",status="0"} 1)"));
  CHECK(has(text, R"(rp_tokens_total{direction="input",resource_id="openai-1"} 300)"));
  CHECK(has(text, R"(rp_tokens_total{direction="output",resource_id="openai-1"} 60)"));
  CHECK_FALSE(has(text, R"(rp_tokens_total{direction="input",resource_id="openai-2"})"));
}

TEST_CASE("durations are observed in seconds; an answer without a first byte is not") {
  Metrics metrics;
  metrics.count(testing::sample_record("a", testing::at_second(0)));  // 0.812999 s, overhead 97 us
  metrics.count(testing::failed_record("b", testing::at_second(0)));
  const std::string text = metrics.text({});
  CAPTURE(text);
  CHECK(has(text, R"(rp_request_duration_seconds_count{kind="json"} 1)"));
  CHECK(has(text, R"(rp_request_duration_seconds_count{kind="stream"} 1)"));
  CHECK(has(text, R"(rp_request_duration_seconds_bucket{kind="stream",le="0.5"} 0)"));
  CHECK(has(text, R"(rp_request_duration_seconds_bucket{kind="stream",le="1"} 1)"));
  CHECK(has(text, R"(rp_first_byte_seconds_count{kind="json"} 0)"));
  CHECK(has(text, R"(rp_first_byte_seconds_count{kind="stream"} 1)"));
  CHECK(has(text, R"(rp_proxy_overhead_seconds_bucket{le="0.0001"} 2)"));
  CHECK(has(text, R"(rp_proxy_overhead_seconds_bucket{le="5e-05"} 0)"));
}

TEST_CASE("a failover is counted for the resource that a request has left") {
  Metrics metrics;
  metrics.count(testing::failed_record("a", testing::at_second(0)));
  metrics.count(testing::sample_record("b", testing::at_second(0)));
  const std::string text = metrics.text({});
  CAPTURE(text);
  CHECK(has(text, R"(rp_failovers_total{blame="resource",resource_id="openai-1",status="429"} 1)"));
  CHECK(count_of(text, "rp_failovers_total{") == 1);
}

TEST_CASE("affinity: by the first pick, response before session, and nothing without either") {
  Metrics metrics;
  RequestRecord record = testing::sample_record("a", testing::at_second(0));
  const auto count = [&](const char* session, const char* response, SelectionReason reason) {
    record.session_id = session;
    record.previous_response_id = response;
    record.attempts.front().reason = reason;
    metrics.count(record);
  };
  count("", "", SelectionReason::policy);
  count("s", "", SelectionReason::policy);
  count("s", "", SelectionReason::session_affinity);
  count("s", "", SelectionReason::session_affinity);
  count("s", "resp_1", SelectionReason::session_affinity);
  count("s", "resp_1", SelectionReason::response_affinity);
  const std::string text = metrics.text({});
  CAPTURE(text);
  CHECK(has(text, R"(rp_affinity_picks_total{kind="session",outcome="miss"} 1)"));
  CHECK(has(text, R"(rp_affinity_picks_total{kind="session",outcome="hit"} 2)"));
  CHECK(has(text, R"(rp_affinity_picks_total{kind="response",outcome="miss"} 1)"));
  CHECK(has(text, R"(rp_affinity_picks_total{kind="response",outcome="hit"} 1)"));
}

TEST_CASE("tokens by model: aliases, those that the operator names, and the rest together") {
  Metrics metrics({.models = {"gpt-5"}});
  RequestRecord record = testing::sample_record("a", testing::at_second(0));
  record.usage = record.attempts.front().usage = {7, 3, 10, 5, std::nullopt};
  record.model = "gpt-5";
  record.model_alias = "";
  metrics.count(record);
  record.model = "whatever a client says";
  metrics.count(record);
  record.model_alias = "fast";
  metrics.count(record);
  const std::string text = metrics.text({});
  CAPTURE(text);
  CHECK(has(text, R"(rp_model_tokens_total{direction="input",model="gpt-5"} 7)"));
  CHECK(has(text, R"(rp_model_tokens_total{direction="output",model="other"} 3)"));
  CHECK(has(text, R"(rp_model_tokens_total{direction="cached",model="fast"} 5)"));
  CHECK(has(text, R"(rp_tokens_total{direction="cached",resource_id="openai-1"} 15)"));
  CHECK_FALSE(has(text, "whatever"));
}

TEST_CASE("turns on sockets, how late the loops are, process and build") {
  Metrics metrics;
  RequestRecord record = testing::sample_record("a", testing::at_second(0));
  metrics.count(record);
  record.method = "WEBSOCKET";
  metrics.count(record);
  metrics.observe_loop_lag(Millis(3));
  GaugeValues values;
  values.database_up = false;
  values.process = GaugeValues::ProcessGauges{1.5, 100, 2'000, 3'000, 4, 5, 6};
  const std::string text = metrics.text(values);
  CAPTURE(text);
  CHECK(has(text, R"(rp_socket_turns_total{blame="none"} 1)"));
  CHECK(has(text, R"(rp_event_loop_lag_seconds_bucket{le="0.0025"} 0)"));
  CHECK(has(text, R"(rp_event_loop_lag_seconds_bucket{le="0.005"} 1)"));
  CHECK(has(text, "rp_database_up 0"));
  CHECK(has(text, "process_cpu_seconds_total 1.5"));
  CHECK(has(text, "process_resident_memory_bytes 2000"));
  CHECK(has(text, "process_open_fds 4"));
  CHECK(has(text, "rp_build_info{version=\""));
  CHECK_FALSE(has(metrics.text({}), "rp_database_up"));
  CHECK_FALSE(has(metrics.text({}), "process_"));
}

TEST_CASE("OpenMetrics: a counter's family has no _total, its samples have, and the text ends") {
  Metrics metrics;
  metrics.count(testing::sample_record("a", testing::at_second(0)));
  const std::string text = metrics.text({}, MetricsFormat::openmetrics);
  CAPTURE(text);
  CHECK(has(text, "# TYPE rp_requests counter\n"));
  CHECK(has(text, "# HELP rp_requests Requests answered\n"));
  CHECK(has(text, "\nrp_requests_total{"));
  CHECK_FALSE(has(text, "# TYPE rp_requests_total"));
  CHECK(text.ends_with("\n# EOF\n"));
  CHECK_FALSE(has(metrics.text({}), "# EOF"));
}

TEST_CASE("a background response's tokens are counted once, however often it is read back") {
  Metrics metrics;
  RequestRecord poll = testing::sample_record("a", testing::at_second(0));
  poll.background = true;
  for (int i = 0; i < 3; ++i) metrics.count(poll);
  poll.response_id = "another";
  metrics.count(poll);
  CHECK(has(metrics.text({}), R"(rp_tokens_total{direction="input",resource_id="openai-1"} 200)"));
}

TEST_CASE("the tokens of an attempt that was left count where they were spent") {
  Metrics metrics;
  RequestRecord record = testing::sample_record("a", testing::at_second(0));
  AttemptRecord left = testing::sample_attempt("openai-2", testing::at_second(0));
  left.usage.input = 7;
  record.attempts.insert(record.attempts.begin(), left);
  record.usage += left.usage;
  metrics.count(record);
  const std::string text = metrics.text({});
  CHECK(has(text, R"(rp_tokens_total{direction="input",resource_id="openai-1"} 100)"));
  CHECK(has(text, R"(rp_tokens_total{direction="input",resource_id="openai-2"} 7)"));
}

TEST_CASE("what is known of counted responses is bounded: the oldest is forgotten first") {
  CountedResponses responses;
  CHECK(responses.is_first("oldest"));
  CHECK_FALSE(responses.is_first("oldest"));
  for (std::size_t i = 0; i < CountedResponses::kMaxResponses; ++i) {
    CHECK(responses.is_first(std::to_string(i)));
  }
  CHECK_FALSE(responses.is_first("0"));
  CHECK(responses.is_first("oldest"));
}

TEST_CASE("nothing a client sends becomes a label") {
  Metrics metrics;
  RequestRecord record = testing::sample_record("client-text", testing::at_second(0));
  record.model = record.session_id = record.session_name = "client-text";
  record.requested_pool_id = record.method = record.path = record.previous_response_id =
      "client-text";
  record.response_id = record.error = "client-text";
  metrics.count(record);
  CHECK_FALSE(has(metrics.text({}), "client-text"));
}

TEST_CASE("the number of label sets is bounded, and nothing goes uncounted") {
  Metrics metrics;
  RequestRecord record = testing::sample_record("a", testing::at_second(0));
  record.usage = record.attempts.front().usage = {};
  const int beyond = 50;
  for (int i = 0; i < static_cast<int>(Metrics::kMaxSeries) + beyond; ++i) {
    record.attempts.front().resource_id = "r" + std::to_string(i);
    metrics.count(record);
  }
  const std::string text = metrics.text({});
  CHECK(count_of(text, "rp_attempts_total{") == Metrics::kMaxSeries + 1);
  CHECK(has(text, R"(rp_attempts_total{blame="other",provider_id="other",reason="other",)"
                  R"(resource_id="other",status="other"} 50)"));
}

TEST_CASE("records that differ in one word only are counted apart") {
  using Change = void (*)(RequestRecord&);
  const Change changes[] = {
      [](RequestRecord&) {},
      [](RequestRecord& record) { record.status_code = 206; },
      [](RequestRecord& record) { record.blame = Blame::client; },
      [](RequestRecord& record) { record.stream = false; },
      [](RequestRecord& record) { record.caller = "bob"; },
      [](RequestRecord& record) { record.method = "WEBSOCKET"; },
      [](RequestRecord& record) { record.previous_response_id = "resp_1"; },
      [](RequestRecord& record) { record.session_id = record.previous_response_id = ""; },
      [](RequestRecord& record) { record.model_alias = "fast"; },
      [](RequestRecord& record) { record.usage = {}; },
      [](RequestRecord& record) { record.attempts[0].usage.input.reset(); },
      [](RequestRecord& record) { record.attempts[0].usage.output.reset(); },
      [](RequestRecord& record) { record.attempts[0].usage.cached = 3; },
      [](RequestRecord& record) { record.attempts[0].resource_id = "openai-9"; },
      [](RequestRecord& record) { record.attempts[0].provider_id = "another"; },
      [](RequestRecord& record) { record.attempts[0].reason = SelectionReason::failover; },
      [](RequestRecord& record) { record.attempts[0].blame = Blame::provider; },
      [](RequestRecord& record) { record.attempts[0].status_code = 207; }};
  // One that sees each of them for the first time, and one that has seen all of them.
  Metrics all;
  for (int round = 0; round < 2; ++round) {
    for (const Change change : changes) {
      RequestRecord record = testing::sample_record("a", testing::at_second(0));
      record.attempts[0].usage = record.usage;
      change(record);
      const std::string before = all.text({});
      all.count(record);
      Metrics alone;
      alone.count(record);
      check_grown_alike(before, all.text({}), alone.text({}));
    }
  }
}

TEST_CASE("what is known of the records before is bounded") {
  UsualGrowths usual;
  for (std::size_t i = 0; i <= UsualGrowths::kMaxKnown; ++i) usual.add(std::to_string(i), {});
  CHECK(usual.find("0") != nullptr);
  CHECK(usual.find(std::to_string(UsualGrowths::kMaxKnown)) == nullptr);
}

TEST_CASE("counting from several threads loses nothing") {
  Metrics metrics;
  std::vector<std::thread> threads;
  for (int thread = 0; thread < 4; ++thread) {
    threads.emplace_back([&metrics] {
      for (int i = 0; i < 500; ++i) {
        RequestRecord record = testing::sample_record("a", testing::at_second(0));
        record.status_code = 200 + i % 5;
        metrics.count(record);
      }
    });
  }
  for (auto& thread : threads) thread.join();
  const std::string text = metrics.text({});
  CHECK(has(text,
            R"(rp_requests_total{blame="none",caller="alice",status="204",stream="true"} 400)"));
  CHECK(has(text, R"(rp_tokens_total{direction="input",resource_id="openai-1"} 200000)"));
}

TEST_CASE("gauges show the moment of the scrape and nothing older") {
  const Metrics metrics;
  GaugeValues values;
  values.resources.push_back(
      {"openai-1", "first", "environment", "pool", 3, Health::degraded, Millis(1500)});
  values.resources.push_back({"odd\"\\\nid", "", "environment", "", 0, Health::unknown, Millis(0)});
  values.active_exchanges = 4;
  values.open_sockets = 2000;
  values.telemetry = {10, 7, 2, 1, 5, 7};
  values.affinity = {5, 9, 6, 8};
  values.shared_state = SharedStateStats{true, "", 3, 2, 9, 1};
  const std::string text = metrics.text(values);
  CAPTURE(text);
  const std::string one = R"({resource_id="openai-1",provider_id="environment")";
  CHECK(
      has(text,
          "rp_resource_info{resource_id=\"openai-1\",resource_name=\"first\",pool_id=\"pool\"} 1"));
  CHECK(has(text, "rp_resource_active" + one + "} 3"));
  CHECK(has(text, "rp_resource_health" + one + R"(,state="degraded"} 1)"));
  CHECK(has(text, "rp_resource_health" + one + R"(,state="healthy"} 0)"));
  CHECK(has(text, "rp_resource_cooldown_seconds" + one + "} 1.5"));
  CHECK(has(text, R"(resource_id="odd\"\\\nid")"));
  CHECK(has(text, "# TYPE rp_resource_active gauge"));
  CHECK(has(text, "rp_active_exchanges 4"));
  CHECK(has(text, "rp_open_sockets 2000"));
  CHECK(has(text, "# TYPE rp_telemetry_recorded_total counter"));
  CHECK(has(text, "rp_telemetry_recorded_total 10"));
  CHECK(has(text, "rp_telemetry_written_total 7"));
  CHECK(has(text, "rp_telemetry_dropped_total 2"));
  CHECK(has(text, "rp_telemetry_bodies_dropped_total 7"));
  CHECK(has(text, "rp_telemetry_queued 1"));
  CHECK(has(text, "# TYPE rp_telemetry_spooled gauge"));
  CHECK(has(text, "rp_telemetry_spooled 5"));
  CHECK(has(text, R"(rp_affinity_entries{kind="response"} 5)"));
  CHECK(has(text, R"(rp_affinity_entries{kind="item"} 9)"));
  CHECK(has(text, R"(rp_affinity_entries{kind="session"} 6)"));
  CHECK(has(text, "rp_affinity_evicted_total 8"));
  CHECK(has(text, "rp_redis_up 1"));
  CHECK(has(text, "rp_replicas 3"));
  CHECK(has(text, "rp_redis_outages_total 2"));
  CHECK(has(text, "rp_redis_timeouts_total 9"));
  CHECK(has(text, "rp_redis_missed_affinities_total 1"));
  values.registry = GaugeValues::RegistryGauges{17, 2, true, false};
  const std::string with_registry = metrics.text(values);
  CHECK(has(with_registry, R"(rp_registry_up{source="database"} 1)"));
  CHECK(has(with_registry, R"(rp_registry_up{source="file"} 0)"));
  CHECK(has(with_registry, "rp_registry_version 17"));
  CHECK(has(with_registry, "rp_registry_unavailable 2"));
  CHECK_FALSE(has(metrics.text({}), "rp_registry"));
  CHECK_FALSE(has(metrics.text({}), "rp_redis"));
  CHECK_FALSE(has(metrics.text({}), "openai-1"));
}

TEST_CASE("the metered sink counts and passes on") {
  Metrics metrics;
  KeepingSink next;
  MeteredSink sink(next, metrics);
  const RequestRecord record = testing::sample_record("a", testing::at_second(0));
  sink.record(record);
  CHECK(next.kept == std::vector{record});
  CHECK(has(metrics.text({}),
            R"(rp_requests_total{blame="none",caller="alice",status="200",stream="true"} 1)"));
  CHECK(sink.flush(Millis(7)));
  CHECK_FALSE(sink.flush(Millis(8)));
  CHECK(sink.stats().dropped == 2);
}

TEST_CASE("the stream has gauges where there is one, and only what is known") {
  const Metrics metrics;
  GaugeValues values;
  CHECK_FALSE(has(metrics.text(values), "rp_stream"));
  values.stream = StreamStats{true, 40, 7, 1'000, 1};
  const std::string text = metrics.text(values);
  CHECK(has(text, "rp_stream_up 1"));
  CHECK(has(text, "rp_stream_records 40"));
  CHECK(has(text, "rp_stream_pending 7"));
  CHECK(has(text, "# TYPE rp_stream_written_total counter"));
  CHECK(has(text, "rp_stream_written_total 1000"));
  CHECK(has(text, "rp_stream_poison_total 1"));
  values.stream = StreamStats{};
  CHECK(has(metrics.text(values), "rp_stream_up 0"));
  CHECK_FALSE(has(metrics.text(values), "rp_stream_records"));
}
