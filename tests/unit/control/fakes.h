// Fakes of what the control plane calls, and a server that it is mounted on.
#pragma once

#include <httplib.h>

#include <condition_variable>
#include <functional>
#include <mutex>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "control/of_runtime.h"
#include "fakes/manual_clock.h"
#include "metrics/traffic_history.h"
#include "responses_proxy/control_plane.h"
#include "responses_proxy/health_checker.h"
#include "responses_proxy/metrics.h"
#include "responses_proxy/record_queries.h"
#include "responses_proxy/state_store.h"
#include "responses_proxy/storage_error.h"
#include "responses_proxy/table_router.h"
#include "responses_proxy/telemetry_sink.h"
#include "state/memory_state_store.h"
#include "state/recent_decisions.h"

namespace responses_proxy::testing {

using Json = nlohmann::json;

class FakeRecordQueries final : public RecordQueries {
 public:
  static inline const std::string kForeignCursor = "foreign";

  Page<RequestRecord> requests(const RecordQuery& query) override {
    note(query.with_bodies ? "telemetry" : "requests", query);
    return request_page;
  }
  Page<DecisionRow> decisions(const RecordQuery& query) override {
    note("decisions", query);
    return decision_page;
  }
  Page<SessionRow> sessions(const RecordQuery& query) override {
    note("sessions", query);
    return session_page;
  }
  std::vector<UsageRow> usage(UsageBy by, const RecordQuery& query) override {
    note("usage", query);
    groups.push_back(by);
    return usage_rows;
  }
  std::optional<std::string> resource_of_response(const std::string&) override { return {}; }
  void ping() {
    ++pings;
    if (on_ping) on_ping();
    if (fails) throw StorageError("SELECT 1 failed: file:secret.db");
  }

  bool fails = false;
  std::function<void()> on_ping;
  std::atomic<int> pings{0};
  std::vector<std::string> calls;
  RecordQuery last_query;
  std::vector<UsageBy> groups;
  Page<RequestRecord> request_page;
  Page<DecisionRow> decision_page;
  Page<SessionRow> session_page;
  std::vector<UsageRow> usage_rows;

 private:
  void note(const char* call, const RecordQuery& query) {
    if (fails) throw StorageError("no such table: requests (SELECT secret FROM requests)");
    if (query.cursor == kForeignCursor) throw InvalidCursor("not one of ours");
    calls.emplace_back(call);
    last_query = query;
  }
};

// Answers at once, or never when `silent`.
class FakeHealthChecker final : public HealthChecker {
 public:
  void start() override {}
  void stop() override {}
  void check_all(Callback callback) override {
    {
      const std::scoped_lock lock(mutex_);
      ++checks_;
      if (silent) pending_.push_back(callback);
    }
    changed_.notify_all();
    if (!silent) callback(results);
  }
  void check(std::string_view) override {}
  void wait_for_checks(int count) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return checks_ >= count; });
  }
  void answer_pending() {
    const std::scoped_lock lock(mutex_);
    for (const Callback& callback : pending_) callback(results);
    pending_.clear();
  }

  std::atomic<bool> silent{false};
  std::vector<HealthCheckResult> results;

 private:
  std::mutex mutex_;  // guards checks_, pending_
  std::condition_variable changed_;
  int checks_ = 0;
  std::vector<Callback> pending_;
};

struct FakeStateStore final : MemoryStateStore {
  using MemoryStateStore::MemoryStateStore;
  std::optional<SharedStateStats> shared_stats() const override { return shared; }
  std::optional<SharedStateStats> shared;
};

class FakeTelemetrySink final : public TelemetrySink {
 public:
  void record(RequestRecord) noexcept override {}
  bool flush(Millis) override { return true; }
  TelemetryStats stats() const override { return {12, 9, 1, 2, 4, 3}; }
};

// Change what is public before start(); the fixture stops the server.
struct ControlPlaneFixture {
  ControlPlaneFixture() {
    router.update({{"openai-1", "first", "environment", "pool-a", "https://one.test/v1",
                    "responses", Secret("sk-test-aaaaaaaaaaaa1111"), 2.0},
                   {"openai-2", "", "environment", "pool-b", "https://two.test/v1", "responses",
                    Secret("sk-test-bbbbbbbbbbbb2222"), 1.0}});
  }
  ~ControlPlaneFixture() { stop(); }

  ControlPlaneContext context() {
    return {.config = config,
            .clock = clock,
            .router = router,
            .state = *state,
            .health = health,
            .records = records,
            .telemetry = telemetry,
            .metrics = metrics,
            .draining = draining,
            .ping_database = [this] { records.ping(); },
            .recent_decisions = [this] { return decisions.newest_first(); },
            .active_exchanges = [] { return std::size_t{3}; },
            .open_sockets = [] { return std::size_t{5}; },
            .telemetry_stream = telemetry_stream,
            .of_runtime = std::make_shared<const ControlPlaneContext::OfRuntime>(
                ControlPlaneContext::OfRuntime{
                    .registry = registry, .tester = tester, .traffic = &traffic})};
  }

  ResourceState* resource(std::string_view id) { return router.table()->find(id)->state; }

  void start() {
    configure_control_server(server);
    mount_control_plane(server, context());
    port = server.bind_to_any_port("127.0.0.1");
    thread = std::thread([this] { server.listen_after_bind(); });
    while (!server.is_running()) std::this_thread::yield();
  }
  void stop() {
    draining = true;
    server.stop();
    if (thread.joinable()) thread.join();
  }

  httplib::Client client() const {
    httplib::Client client("127.0.0.1", port);
    client.set_read_timeout(20);
    return client;
  }
  httplib::Response get(const std::string& target, const httplib::Headers& headers = {}) const {
    auto connection = client();
    auto result = connection.Get(target.c_str(), headers);
    return result ? *result : httplib::Response();
  }
  httplib::Response send(const std::string& method, const std::string& target,
                         const httplib::Headers& headers = {}, const std::string& body = {}) const {
    auto connection = client();
    httplib::Request request;
    request.method = method;
    request.path = target;
    request.headers = headers;
    request.body = body;
    auto result = connection.send(request);
    return result ? *result : httplib::Response();
  }
  Json get_json(const std::string& target) const {
    return Json::parse(get(target).body, nullptr, false);
  }

  Config config;
  ManualClock clock;
  std::unique_ptr<FakeStateStore> state = std::make_unique<FakeStateStore>(clock, AffinityLimits{});
  TableRouter router{*state};
  FakeRecordQueries records;
  FakeHealthChecker health;
  FakeTelemetrySink telemetry;
  std::function<StreamStats()> telemetry_stream;
  Registry* registry = nullptr;
  ProviderTester* tester = nullptr;
  RecentDecisions decisions;
  Metrics metrics;
  TrafficHistory traffic{clock};
  std::atomic<bool> draining{false};
  httplib::Server server;
  int port = 0;
  std::thread thread;
};

inline Json error_of(const httplib::Response& response) {
  return Json::parse(response.body, nullptr, false).value("error", Json::object());
}

}  // namespace responses_proxy::testing
