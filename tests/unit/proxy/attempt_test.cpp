#include "proxy/attempt.h"

#include <doctest/doctest.h>

#include <memory>
#include <optional>

#include "fakes/fake_upstream.h"
#include "fakes/manual_clock.h"
#include "responses_proxy/state_store.h"
#include "responses_proxy/table_router.h"

namespace responses_proxy {

namespace {

using testing::FakeUpstream;

const std::string kCreated =
    "data: {\"type\":\"response.created\",\"response\":{\"id\":\"resp_1\"}}\n\n";
const std::string kDelta = "data: {\"type\":\"response.output_text.delta\",\"delta\":\"hi\"}\n\n";
const std::string kCompleted = "data: {\"type\":\"response.completed\",\"response\":{}}\n\n";
const std::string kOverloaded =
    "data: {\"type\":\"error\",\"code\":\"server_is_overloaded\",\"headers\":"
    "{\"retry-after\":\"9\"}}\n\n";

// One attempt at one resource, already sent.
class Rig final : private AttemptObserver {
 public:
  Rig() {
    Resource resource;
    resource.id = "openai-1";
    resource.credential = Secret("sk-the-only-key");
    router_.update({resource});
    const auto table = router_.table();
    const Request request;
    attempt.emplace(
        Lease(table, table->all()[0], SelectionReason::failover),
        std::move(make_responses_dialect()->translate({request, {}, {}}, resource)->answer), clock,
        mask_, static_cast<AttemptObserver&>(*this), "gpt-5 of sk-the-only-key");
    attempt->send(upstream, {});
  }

  FakeUpstream::Sent& sent() { return upstream.last(); }
  ResourceState* state() { return router_.table()->find("openai-1")->state; }
  const AttemptRecord& judged() {
    attempt->judge(attempt->fault(), {Millis(30'000), Millis(3'600'000)});
    return attempt->record();
  }

  testing::ManualClock clock;
  FakeUpstream upstream;
  std::optional<Attempt> attempt;
  int progress = 0;
  std::string forwarded;
  bool take_more = true;

 private:
  void on_progress() override { ++progress; }
  void on_giving() override {}
  bool on_given() override { return take_more; }
  void event(const AnswerEvent& event) override { forwarded.append(event.wire); }
  void bytes(std::string_view bytes) override { forwarded.append(bytes); }

  std::unique_ptr<StateStore> state_ = make_memory_state_store(clock);
  TableRouter router_{*state_};
  Config config_;
  RoutingCache routing_{router_};
  KnownSecrets secrets_{config_, routing_};
  RecordMask mask_{secrets_.mask(), {}};
};

}  // namespace

TEST_CASE("a stream is held until its first event of substance") {
  Rig rig;
  CHECK_FALSE(rig.attempt->begun());
  rig.sent().stream();
  CHECK(rig.attempt->begun());
  CHECK(rig.attempt->event_stream());
  rig.sent().bytes(kCreated);
  CHECK_FALSE(rig.attempt->shown());
  CHECK(rig.progress == 1);  // the head
  rig.sent().bytes(kDelta);
  CHECK(rig.attempt->shown());
  CHECK(rig.progress == 2);
  HeldAnswer held;
  CHECK(rig.attempt->release(held).status == 200);
  CHECK(held.size() == (kCreated + kDelta).size());
  CHECK(rig.forwarded.empty());
  rig.take_more = false;
  CHECK_FALSE(rig.sent().bytes(kDelta));  // pauses the upstream
  CHECK(rig.forwarded == kDelta);
}

TEST_CASE("a document is held until its reader gives something out") {
  Rig rig;
  rig.sent().document();
  rig.sent().bytes(std::string(1000, ' '));
  CHECK_FALSE(rig.attempt->shown());
  rig.sent().bytes(std::string(70'000, ' '));
  rig.sent().bytes(" ");
  CHECK(rig.attempt->shown());
  CHECK_FALSE(rig.attempt->over());
}

TEST_CASE("what came to nothing, and what can still be told in-band") {
  struct {
    const char* what;
    bool stream;
    const char* bytes;
    UpstreamError end;
    UpstreamError failure;
    bool nothing;
  } const cases[] = {
      {"a whole document", false, "{}", UpstreamError::none, UpstreamError::none, false},
      {"half a document", false, "{", UpstreamError::truncated, UpstreamError::truncated, true},
      {"no document", false, "", UpstreamError::idle_timeout, UpstreamError::idle_timeout, true},
      {"an empty stream", true, "", UpstreamError::none, UpstreamError::truncated, false},
      {"a cut stream", true, "data: {", UpstreamError::truncated, UpstreamError::truncated, false},
      {"a whole stream, reset", true, kCompleted.c_str(), UpstreamError::truncated,
       UpstreamError::none, false},
      {"a stream that broke later", true, kDelta.c_str(), UpstreamError::truncated,
       UpstreamError::none, false},
  };
  for (const auto& each : cases) {
    CAPTURE(each.what);
    Rig rig;
    each.stream ? rig.sent().stream() : rig.sent().document();
    rig.sent().bytes(each.bytes);
    rig.sent().end(each.end);
    CHECK(rig.attempt->ended());
    CHECK(rig.attempt->failure_so_far() == each.failure);
    CHECK(rig.attempt->came_to_nothing() == each.nothing);
  }
  Rig rig;
  rig.sent().end(UpstreamError::connect);
  CHECK(rig.attempt->begun());
  CHECK(rig.attempt->came_to_nothing());
}

TEST_CASE("what an attempt teaches about its resource, and how it stands on record") {
  struct {
    const char* what;
    int status;
    bool stream;
    std::string bytes;
    UpstreamError end;
    Health health;
    Blame blame;
    const char* error;
  } const cases[] = {
      {"answered", 200, false, "{}", UpstreamError::none, Health::healthy, Blame::none, ""},
      {"a cut document", 200, false, "{", UpstreamError::truncated, Health::degraded,
       Blame::provider, "truncated"},
      {"a stream without an end", 200, true, kDelta, UpstreamError::none, Health::degraded,
       Blame::provider, "truncated"},
      {"a whole stream, reset", 200, true, kCompleted, UpstreamError::closed, Health::healthy,
       Blame::none, ""},
      {"an overload inside a 200", 200, true, kOverloaded, UpstreamError::none, Health::degraded,
       Blame::provider, "server_is_overloaded"},
      {"not found", 404, false, "{}", UpstreamError::none, Health::unknown, Blame::client,
       "http_404"},
      {"broken", 500, false, "{}", UpstreamError::none, Health::degraded, Blame::provider,
       "http_500"},
      {"broken, and its body, too", 500, false, "{", UpstreamError::truncated, Health::degraded,
       Blame::provider, "http_500"},
      {"unreachable", 0, false, "", UpstreamError::connect, Health::degraded, Blame::provider,
       "connect"},
  };
  for (const auto& each : cases) {
    CAPTURE(each.what);
    Rig rig;
    if (each.status != 0) {
      rig.sent().head(each.status, {{"content-type", each.stream ? "text/event-stream" : "x/y"}});
      rig.sent().bytes(each.bytes);
    }
    rig.sent().end(each.end);
    CHECK(rig.state()->active() == 1);
    const AttemptRecord& record = rig.judged();
    CHECK(record.error == each.error);
    CHECK(record.blame == each.blame);
    CHECK(rig.state()->health() == each.health);
    CHECK(rig.state()->active() == 0);
  }
}

TEST_CASE("what an error inside a stream asks for blocks the resource") {
  Rig rig;
  rig.sent().stream();
  rig.sent().bytes(kOverloaded);
  rig.judged();
  CHECK(rig.state()->blocked_until() == rig.clock.steady() + std::chrono::seconds(9));
}

TEST_CASE("an attempt that was called off teaches nothing, and the first word counts") {
  Rig rig;
  rig.sent().stream();
  rig.attempt->abandon("client_closed", Blame::client);
  CHECK(rig.judged().error == "client_closed");
  CHECK(rig.state()->health() == Health::unknown);
  CHECK(rig.state()->active() == 0);
  CHECK(rig.upstream.last().handler != nullptr);
  rig.attempt->cancel();
  CHECK(rig.upstream.last().cancelled());
}

TEST_CASE("an event over the limit breaks the answer off behind what was whole") {
  Rig rig;
  rig.sent().stream();
  rig.sent().bytes(kCreated + kDelta);
  HeldAnswer held;
  rig.attempt->release(held);
  const std::string piece(1 << 20, 'x');
  rig.sent().bytes(kDelta + "data: ");
  std::size_t sent = 0;
  while (!rig.sent().cancelled() && sent < 2 * kMaxEventBytes) {
    rig.sent().bytes(piece);
    sent += piece.size();
  }
  CHECK(sent <= kMaxEventBytes + piece.size());
  CHECK(rig.attempt->ended());
  CHECK(rig.forwarded == kDelta);
  CHECK(rig.judged().error == "protocol");
  HeldAnswer end;
  CHECK(rig.attempt->failure("too large", end));
  CHECK_FALSE(end.empty());
}

TEST_CASE("what the answer says of limits is the resource's, by model and without its key") {
  Rig rig;
  rig.sent().head(429, {{"x-ratelimit-limit-tokens", "100"},
                        {"x-ratelimit-remaining-tokens", "25"},
                        {"x-ratelimit-reset-tokens", "1s"}});
  const auto limits = rig.state()->limits();
  REQUIRE(limits.size() == 1);
  CHECK(limits[0].headroom == 0.25);
  CHECK(limits[0].model.starts_with("gpt-5 of "));
  CHECK(limits[0].model.find("the-only-key") == std::string::npos);
}

TEST_CASE("so is what an event of the stream says, which goes on to the client") {
  Rig rig;
  const std::string told =
      "data: {\"type\":\"codex.rate_limits\",\"rate_limits\":{\"primary\":"
      "{\"used_percent\":90,\"window_minutes\":300}}}\n\n";
  rig.sent().stream();
  rig.sent().bytes(kCreated + told);
  const auto limits = rig.state()->limits();
  REQUIRE(limits.size() == 1);
  CHECK(limits[0].name == "primary");
  CHECK(limits[0].headroom == doctest::Approx(0.1));
  rig.sent().bytes(kDelta);
  HeldAnswer held;
  rig.attempt->release(held);
  CHECK(held.size() == (kCreated + told + kDelta).size());
}

TEST_CASE("so is what an error carries in fields of its own, in a body or within a stream") {
  const std::string fields =
      "\"headers\":{\"X-RateLimit-Limit\":\"50\",\"X-RateLimit-Remaining\":\"10\"}";
  Rig document;
  document.sent().head(429, {});
  document.sent().bytes("{\"error\":{\"code\":429,\"metadata\":{" + fields + "}}}");
  document.sent().end();
  Rig stream;
  stream.sent().stream();
  stream.sent().bytes(kCreated + kDelta);
  stream.sent().bytes("data: {\"type\":\"error\",\"code\":\"rate_limit_exceeded\"," + fields +
                      "}\n\n");
  for (Rig* rig : {&document, &stream}) {
    CHECK(rig->state()->limits().empty());
    rig->judged();
    const auto limits = rig->state()->limits();
    REQUIRE(limits.size() == 1);
    CHECK(limits[0].name == "requests");
    CHECK(limits[0].headroom == doctest::Approx(0.2));
  }
}

}  // namespace responses_proxy
