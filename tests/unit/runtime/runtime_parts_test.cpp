// Each part that the host gives a Runtime is the one that is used.
#include <doctest/doctest.h>

#include <atomic>
#include <boost/asio/io_context.hpp>
#include <filesystem>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "fakes/fake_response_writer.h"
#include "fakes/fake_sockets.h"
#include "fakes/fake_upstream.h"
#include "fakes/manual_clock.h"
#include "fakes/recording_sink.h"
#include "fakes/shouting_dialect.h"
#include "fakes/temp_folder.h"
#include "responses_proxy/balancing_policy.h"
#include "responses_proxy/event_loop.h"
#include "responses_proxy/gate.h"
#include "responses_proxy/health_checker.h"
#include "responses_proxy/log.h"
#include "responses_proxy/metrics.h"
#include "responses_proxy/record_queries.h"
#include "responses_proxy/runtime.h"
#include "responses_proxy/state_store.h"
#include "responses_proxy/table_router.h"

using namespace responses_proxy;
using namespace responses_proxy::testing;

namespace {

Resource resource_named(const std::string& id) {
  Resource resource;
  resource.id = id;
  resource.base_url = "https://" + id + ".test/v1";
  resource.credential = Secret("sk-test-" + id);
  return resource;
}

Verdict verdict_of(Health health) {
  Verdict verdict;
  verdict.health = health;
  return verdict;
}

struct LastOne final : BalancingPolicy {
  std::string_view name() const override { return "last_one"; }
  const Target* choose(EligibleTargets& eligible) const override {
    return eligible.all().back().target;
  }
};

struct NamingGate final : Gate {
  Result<Caller> admit(const Request&) override { return Caller{"alice"}; }
};

struct IdleChecker final : HealthChecker {
  void start() override { ++starts; }
  void stop() override { ++stops; }
  void check_all(Callback callback) override { callback({}); }
  void check(std::string_view resource_id) override { checked.emplace_back(resource_id); }
  int starts = 0;
  int stops = 0;
  std::vector<std::string> checked;
};

struct IgnoringWriter final : SocketWriter {
  bool send(std::string_view) override { return true; }
  std::size_t unsent_bytes() const override { return 0; }
  void on_idle() override {}
  void on_message_read() override {}
};

// A client of the loop that the test plays the upstream of.
class BorrowedClient final : public UpstreamClient {
 public:
  explicit BorrowedClient(UpstreamClient& real) : real_(real) {}
  std::unique_ptr<UpstreamTransfer> start(UpstreamRequest request,
                                          UpstreamHandler& handler) override {
    return real_.start(std::move(request), handler);
  }

 private:
  UpstreamClient& real_;
};

class BorrowedSockets final : public UpstreamSockets {
 public:
  explicit BorrowedSockets(UpstreamSockets& real) : real_(real) {}
  std::unique_ptr<UpstreamSocket> open(UpstreamSocketRequest request,
                                       UpstreamSocketHandler& handler) override {
    return real_.open(std::move(request), handler);
  }

 private:
  UpstreamSockets& real_;
};

// A runtime on the loop of the test.
class PartsRig {
 public:
  PartsRig() {
    config.database_url = Secret("sqlite:///" + (folder.path() / "proxy.sqlite3").string());
    config.telemetry_spool_path = (folder.path() / "telemetry.spool").string();
    config.resources = {resource_named("one"), resource_named("two")};
    config.health_check_enabled = false;
    options.loops = &loops_;
    options.telemetry = &sink;
    options.make_upstream = [this](EventLoop&) {
      return std::make_unique<BorrowedClient>(upstream);
    };
  }

  Runtime& runtime() {
    if (!runtime_) {
      runtime_ = std::make_unique<Runtime>(config, options);
      runtime_->start();
    }
    return *runtime_;
  }

  std::shared_ptr<FakeResponseWriter> send() {
    Request request;
    request.method = "POST";
    request.path = "/v1/responses";
    request.headers = {{"content-type", "application/json"}};
    request.body = R"({"model":"gpt-4.1-mini","input":"hello"})";
    auto client = std::make_shared<FakeResponseWriter>();
    runtime().proxy().handle(std::move(request), client);
    run_ready();
    return client;
  }
  // The client's socket and a turn in it; close() it before stop().
  std::shared_ptr<SocketSession> send_turn() {
    std::shared_ptr<SocketSession> session;
    Proxy& proxy = runtime().proxy();
    loop_.post([&] {
      Request handshake;
      handshake.method = "GET";
      handshake.path = "/v1/responses";
      session = proxy.open_socket(std::move(handshake), std::make_shared<IgnoringWriter>());
      session->on_message(R"({"type":"response.create","model":"gpt-4.1-mini","input":"hello"})");
    });
    run_ready();
    return session;
  }
  void close(const std::shared_ptr<SocketSession>& session) {
    loop_.post([&] { session->on_closed(); });
    run_ready();
  }
  void answer(int status = 200) {
    upstream.last().document(status);
    upstream.last().bytes(R"({"id":"resp_1","object":"response"})");
    upstream.last().end();
    run_ready();
  }
  RequestRecord record() { return sink.wait_for(1).at(0); }
  // The loop merely is not run meanwhile.
  void stop() {
    runtime_->stop();
    runtime_.reset();  // what a test has given goes after it
  }
  void run_ready() {
    while (context_.poll() > 0) {
    }
  }

  TempFolder folder;
  Config config;
  RuntimeOptions options;
  FakeUpstream upstream;
  RecordingSink sink;

 private:
  boost::asio::io_context context_{1};
  EventLoop loop_{context_};
  EventLoops loops_{{&loop_}};
  std::unique_ptr<Runtime> runtime_;
};

}  // namespace

TEST_CASE_FIXTURE(PartsRig,
                  "loops, client and telemetry of the host; the metrics count all the same") {
  const auto client = send();
  CHECK(upstream.last().request.url.ends_with(".test/v1/responses"));
  answer();
  CHECK(client->end == FakeResponseWriter::End::finished);
  CHECK(record().status_code == 200);
  const std::atomic<bool> draining{false};
  const ControlPlaneContext plane = runtime().control_plane(draining);
  CHECK(plane.metrics.text({}).find("rp_requests_total{") != std::string::npos);
  CHECK(plane.recent_decisions().size() == 1);
  CHECK_FALSE(plane.telemetry_stream);
  CHECK(plane.records.requests({}).rows.empty());  // they have gone to the host alone
  CHECK_FALSE(std::filesystem::exists(config.telemetry_spool_path));
  stop();
}

TEST_CASE_FIXTURE(PartsRig, "policy and gate of the host") {
  NamingGate gate;
  options.gate = &gate;
  options.policy = std::make_shared<LastOne>();
  send();
  CHECK(upstream.last().request.url == "https://two.test/v1/responses");
  answer();
  CHECK(record().caller == "alice");
  CHECK(record().attempts.at(0).reason.text() == "last_one");
  stop();
}

TEST_CASE_FIXTURE(PartsRig, "router and state of the host: the config's resources are not used") {
  ManualClock clock;
  const auto state = make_memory_state_store(clock);
  TableRouter router(*state);
  router.update({resource_named("own")});
  options.state = state.get();
  options.router = &router;
  options.clock = &clock;
  send();
  CHECK(upstream.last().request.url == "https://own.test/v1/responses");
  CHECK(router.table()->find("own")->state->active() == 1);
  answer();
  CHECK(state->affinity_stats().responses == 1);
  CHECK(record().created_at == clock.wall());
  stop();
}

TEST_CASE_FIXTURE(PartsRig, "a checker of the host is started, asked and stopped") {
  IdleChecker checker;
  options.health = &checker;
  config.resources.pop_back();
  send();
  CHECK(checker.starts == 1);
  answer(401);
  CHECK(checker.checked == std::vector<std::string>{"one"});
  stop();
  CHECK(checker.stops == 1);
}

TEST_CASE_FIXTURE(PartsRig, "the host's log is told when a key turns out bad") {
  std::vector<LogEvent> told;
  options.log = [&](const LogEvent& event) {
    if (event.event == "health_changed") told.push_back(event);
  };
  config.resources.pop_back();
  send();
  answer(401);
  REQUIRE(told.size() == 1);
  CHECK(told[0].level == LogLevel::warning);
  CHECK(told[0].message.find(" is unhealthy (was unknown, found by traffic): HTTP 401") !=
        std::string::npos);
  stop();
}

TEST_CASE_FIXTURE(PartsRig, "the host's log is told why a connection did not come about") {
  std::vector<std::string> told;
  options.log = [&](const LogEvent& event) {
    if (event.event == "health_changed") told.push_back(event.message);
  };
  config.resources.pop_back();
  send();
  UpstreamResult result;
  result.error = UpstreamError::connect_refused;
  result.detail = "nobody listens at one.test:443";
  upstream.last().handler->on_end(result);
  run_ready();
  REQUIRE(told.size() == 1);
  CHECK(told[0].find("connect_refused: nobody listens at one.test:443") != std::string::npos);
  stop();
}

TEST_CASE_FIXTURE(PartsRig, "a dialect of the host") {
  const auto shout = make_shouting_dialect();
  options.dialects = {shout.get()};
  config.resources = {resource_named("loud")};
  config.resources[0].wire_api = std::string(shout->name());
  const auto client = send();
  REQUIRE(upstream.count() == 1);
  CHECK(upstream.last().request.url == "https://loud.test/v1/shout");
  client->leave();
  run_ready();
  stop();
}

// The host's store is told of as long as the runtime is there, and tells whom the host has sent.
TEST_CASE_FIXTURE(PartsRig, "health of resources that a router of the host has made is logged") {
  ManualClock clock;
  const auto state = make_memory_state_store(clock);
  std::vector<std::string> seen;
  const auto watching = state->observe_health(
      [&seen](const HealthChange& change) { seen.push_back(change.resource_id); });
  TableRouter router(*state);
  router.update({resource_named("own")});
  const auto table = router.table();
  ResourceState& own = *table->find("own")->state;
  std::vector<std::string> logged;
  options.log = [&logged](const LogEvent& event) { logged.push_back(event.event); };
  options.state = state.get();
  options.router = &router;
  runtime();
  own.apply(verdict_of(Health::degraded), clock.steady());
  CHECK(logged == std::vector<std::string>{"health_changed"});
  CHECK(seen.size() == 1);
  stop();
  own.apply(verdict_of(Health::healthy), clock.steady());
  CHECK(logged.size() == 1);
  CHECK(seen.size() == 2);
}

TEST_CASE_FIXTURE(PartsRig, "a runtime that was never whole leaves nobody behind in the store") {
  ManualClock clock;
  const auto state = make_memory_state_store(clock);
  std::vector<std::string> logged;
  options.log = [&logged](const LogEvent& event) { logged.push_back(event.event); };
  options.state = state.get();
  options.make_upstream = [](EventLoop&) { return nullptr; };
  CHECK_THROWS_AS(runtime(), std::invalid_argument);
  state->resource("own", "")->apply(verdict_of(Health::degraded), clock.steady());
  CHECK(logged.empty());
}

TEST_CASE_FIXTURE(PartsRig, "a router of the host comes with the store of its resources") {
  ManualClock clock;
  const auto state = make_memory_state_store(clock);
  const TableRouter router(*state);
  options.router = &router;
  CHECK_THROWS_AS(runtime(), std::invalid_argument);
}

TEST_CASE_FIXTURE(PartsRig,
                  "a loop of the host may run again when a runtime with checks has gone") {
  config.health_check_enabled = true;
  runtime();
  run_ready();
  CHECK(upstream.count() == 2);  // a round is under way, and its timer runs
  const std::atomic<bool> draining{false};
  bool answered = false;
  runtime().control_plane(draining).health.check_all([&answered](const auto&) { answered = true; });
  runtime().proxy().cancel_all();
  stop();
  CHECK(upstream.last().cancelled());
  run_ready();
  CHECK_FALSE(answered);
}

TEST_CASE_FIXTURE(PartsRig, "turns of WebSocket clients go through the client of the host, too") {
  const auto session = send_turn();
  REQUIRE(upstream.count() == 1);
  CHECK(upstream.last().request.method == "POST");
  close(session);
  stop();
}

TEST_CASE_FIXTURE(PartsRig, "upstream sockets of the host") {
  FakeSockets sockets;
  options.make_upstream_sockets = [&sockets](EventLoop&) {
    return std::make_unique<BorrowedSockets>(sockets);
  };
  const auto session = send_turn();
  REQUIRE(sockets.connections.size() == 1);
  CHECK(sockets.last().request.url.ends_with(".test/v1/responses"));
  CHECK(upstream.count() == 0);
  close(session);
  stop();
}
