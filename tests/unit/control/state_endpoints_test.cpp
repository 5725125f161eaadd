#include <doctest/doctest.h>

#include <condition_variable>

#include "fakes/wait_until.h"
#include "unit/control/fakes.h"

namespace responses_proxy::testing {

namespace {

// Reads /admin/events on a thread of its own until the server or the test ends it.
class Viewer {
 public:
  explicit Viewer(const ControlPlaneFixture& fixture)
      : client_(fixture.client()), thread_([this] { read(); }) {}
  ~Viewer() {
    leave();
    thread_.join();
  }

  void leave() { client_.stop(); }
  // The n-th event, once it is there.
  Json event(std::size_t n) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return events_.size() > n || ended_; });
    return events_.size() > n ? events_[n] : Json();
  }
  std::size_t count() {
    const std::scoped_lock lock(mutex_);
    return events_.size();
  }
  bool wait_for_end() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return ended_; });
    return clean_;
  }

 private:
  void read() {
    std::string pending;
    const auto result = client_.Get("/admin/events", [&](const char* data, std::size_t size) {
      pending.append(data, size);
      for (std::size_t end = 0; (end = pending.find("\n\n")) != std::string::npos;) {
        take(pending.substr(0, end));
        pending.erase(0, end + 2);
      }
      return true;
    });
    const std::scoped_lock lock(mutex_);
    ended_ = true;
    clean_ = static_cast<bool>(result);
    changed_.notify_all();
  }
  void take(const std::string& event) {
    constexpr std::string_view kStart = "event: state\ndata: ";
    const std::scoped_lock lock(mutex_);
    events_.push_back(event.starts_with(kStart)
                          ? Json::parse(event.substr(kStart.size()), nullptr, false)
                          : Json(event));
    changed_.notify_all();
  }

  httplib::Client client_;
  std::mutex mutex_;  // guards what follows
  std::condition_variable changed_;
  std::vector<Json> events_;
  bool ended_ = false;
  bool clean_ = false;
  std::thread thread_;
};

}  // namespace

TEST_CASE_FIXTURE(ControlPlaneFixture, "the state shows each resource without its key") {
  resource("openai-2")->acquire();
  resource("openai-2")->note_latency(std::chrono::microseconds(12'345));
  resource("openai-2")
      ->apply({Health::degraded, Millis(30'000), Millis(1'500), true, "http_429"}, clock.steady());
  start();
  const auto response = get("/admin/state");
  CHECK(response.status == 200);
  CHECK(response.get_header_value("Cache-Control") == "no-store");
  CHECK(response.body.find("sk-test") == std::string::npos);
  const Json body = Json::parse(response.body);
  REQUIRE(body["resources"].size() == 2);
  CHECK(body["resources"][0] ==
        Json::parse(R"({"id":"openai-1","name":"first","provider_id":"environment",
    "pool_id":"pool-a","weight":2.0,"key":"...1111","health":"unknown","health_reason":null,"health_since":null,"in_flight":0,
    "total_requests":0,"total_errors":0,"last_latency_ms":null,"last_error":null,
    "cooldown_seconds":null,"blocked_seconds":null,"last_check":null,"limits":[]})"));
  CHECK(body["resources"][1] ==
        Json::parse(R"({"id":"openai-2","name":"openai-2","provider_id":"environment",
    "pool_id":"pool-b","weight":1.0,"key":"...2222","health":"degraded","health_reason":"http_429","health_since":"2026-11-21T00:00:00.000Z","in_flight":1,
    "total_requests":1,"total_errors":1,"last_latency_ms":12.345,"last_error":"http_429",
    "cooldown_seconds":30,"blocked_seconds":2,"last_check":null,"limits":[]})"));
}

TEST_CASE_FIXTURE(ControlPlaneFixture,
                  "the state shows the last check, and what is left of limits") {
  resource("openai-1")
      ->note_check({clock.wall(), Health::unhealthy, std::chrono::microseconds(1'500), "HTTP 401"});
  LimitMeter tokens;
  tokens.model = "gpt-5";
  tokens.name = "tokens";
  tokens.limit = 200;
  tokens.remaining = 100;
  tokens.headroom = 0.5;
  tokens.full_at = clock.wall() + Millis(60'000);
  tokens.seen_at = clock.wall();
  tokens.source = "x-ratelimit";
  resource("openai-1")->note_limits({tokens});
  start();
  clock.advance(Millis(30'000));
  const Json first = get_json("/admin/state")["resources"][0];
  CHECK(first["last_check"] == Json::parse(R"({"at":"2026-11-21T00:00:00.000Z","health":"unhealthy",
    "latency_ms":1.5,"error":"HTTP 401"})"));
  CHECK(first["limits"] == Json::parse(R"([{"model":"gpt-5","meter":"tokens","limit":200.0,
    "remaining":100.0,"headroom":0.75,"full_at":"2026-11-21T00:01:00.000Z",
    "seen_at":"2026-11-21T00:00:00.000Z","source":"x-ratelimit"}])"));
}

TEST_CASE_FIXTURE(ControlPlaneFixture, "the state shows decisions, affinity, telemetry and time") {
  decisions.add({"req-1", "", "", "openai-1", SelectionReason::failover, clock.wall()});
  decisions.add(
      {"req-2", "s", "my session", "openai-2", SelectionReason::session_affinity, clock.wall()});
  state->remember_affinity({AffinityKind::response, "resp_1"}, "openai-1", nullptr);
  state->remember_affinity({AffinityKind::item, "msg_1"}, "openai-1", nullptr);
  state->remember_affinity({AffinityKind::session, "s"}, "openai-1", nullptr);
  start();
  const Json body = get_json("/admin/state");
  CHECK(body["time"] == "2026-11-21T00:00:00.000Z");
  CHECK(body["active_exchanges"] == 3);
  CHECK(body["open_sockets"] == 5);
  CHECK(body["draining"] == false);
  CHECK(body["affinity_count"] == 3);
  CHECK(body["affinity"] == Json::parse(R"({"responses":1,"items":1,"sessions":1,"evicted":0})"));
  CHECK(body["queue_depth"] == 2);
  CHECK(
      body["telemetry"] ==
      Json::parse(
          R"({"recorded":12,"written":9,"dropped":1,"queued":2,"spooled":4,"bodies_dropped":3,"stream":null})"));
  CHECK(body["recent_decisions"] == Json::parse(R"([
    {"request_id":"req-2","session_id":"s","session_name":"my session","resource_id":"openai-2",
     "reason":"session_affinity","created_at":"2026-11-21T00:00:00.000Z"},
    {"request_id":"req-1","session_id":null,"session_name":null,"resource_id":"openai-1",
     "reason":"failover","created_at":"2026-11-21T00:00:00.000Z"}])"));
}

TEST_CASE_FIXTURE(ControlPlaneFixture, "the state shows the stream, and counts it as queued") {
  StreamStats stats{true, 40, 7, 1'000, 1};
  telemetry_stream = [&stats] { return stats; };
  start();
  Json body = get_json("/admin/state");
  CHECK(body["queue_depth"] == 42);
  CHECK(body["telemetry"]["stream"] ==
        Json::parse(R"({"reachable":true,"length":40,"pending":7,"written":1000,"poison":1})"));
  stats = {};
  body = get_json("/admin/state");
  CHECK(body["queue_depth"] == 2);
  CHECK(body["telemetry"]["stream"] == Json::parse(R"({"reachable":false})"));
}

TEST_CASE_FIXTURE(ControlPlaneFixture, "the state shows what is shared with other replicas") {
  start();
  CHECK(get_json("/admin/state")["shared_state"] == nullptr);
  CHECK(get_json("/admin/state")["registry"] == nullptr);  // nothing can be registered
  state->shared = SharedStateStats{true, "", 3, 0, 0, 0};
  CHECK(get_json("/admin/state")["shared_state"] ==
        Json::parse(R"({"up":true,"problem":null,"replicas":3})"));
}

TEST_CASE_FIXTURE(ControlPlaneFixture, "a router without resources shows an empty list") {
  router.update({});
  start();
  CHECK(get_json("/admin/state")["resources"] == Json::array());
}

TEST_CASE_FIXTURE(ControlPlaneFixture, "events: the state at once, and again when it changed") {
  start();
  Viewer viewer(*this);
  CHECK(viewer.event(0) == get_json("/admin/state"));
  resource("openai-1")->acquire();
  CHECK(viewer.event(1)["resources"][0]["in_flight"] == 1);
}

TEST_CASE_FIXTURE(ControlPlaneFixture, "events: repeated when nothing changed for a while") {
  start();
  Viewer viewer(*this);
  CHECK(viewer.event(0)["time"] == "2026-11-21T00:00:00.000Z");
  clock.advance(Millis(5'000));
  CHECK(viewer.event(1)["time"] == "2026-11-21T00:00:05.000Z");
}

TEST_CASE_FIXTURE(ControlPlaneFixture, "events: not compressed, not cached, not buffered") {
  start();
  httplib::Headers seen;
  auto connection = client();
  connection.Get(
      "/admin/events", {{"Accept-Encoding", "gzip, br"}},
      [&](const httplib::Response& response) {
        seen = response.headers;
        return false;
      },
      [](const char*, std::size_t) { return false; });
  CHECK(seen.find("Content-Type")->second == "text/event-stream");
  CHECK(seen.find("Cache-Control")->second == "no-store");
  CHECK(seen.find("X-Accel-Buffering")->second == "no");
  CHECK(seen.count("Content-Encoding") == 0);
}

TEST_CASE_FIXTURE(ControlPlaneFixture, "events: end cleanly when the server drains") {
  start();
  Viewer viewer(*this);
  CHECK(viewer.event(0)["draining"] == false);
  draining = true;
  CHECK(viewer.wait_for_end());
}

TEST_CASE_FIXTURE(ControlPlaneFixture, "events: a bounded number of viewers") {
  start();
  std::vector<std::unique_ptr<Viewer>> viewers;
  for (std::size_t i = 0; i < ControlPlaneContext::kMaxEventStreams; ++i) {
    viewers.push_back(std::make_unique<Viewer>(*this));
    REQUIRE(viewers.back()->event(0).is_object());
  }
  const auto refused = get("/admin/events");
  CHECK(refused.status == 503);
  CHECK(error_of(refused)["code"] == "too_many_event_streams");
  CHECK(refused.get_header_value("Retry-After") == "10");
  CHECK(get("/healthz").status == 200);  // a thread is left for the others

  viewers.pop_back();
  // The place is free once the server has noticed.
  CHECK(wait_until([&] { return Viewer(*this).event(0).is_object(); }));
}

}  // namespace responses_proxy::testing
