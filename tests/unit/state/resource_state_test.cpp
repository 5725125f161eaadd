#include <doctest/doctest.h>

#include <memory>
#include <thread>
#include <vector>

#include "fakes/manual_clock.h"
#include "responses_proxy/health_observers.h"
#include "responses_proxy/resource_state.h"

namespace responses_proxy {

namespace {

Verdict degraded(Millis cooldown, Millis blocked = Millis(0)) {
  return {Health::degraded, cooldown, blocked, true, "HTTP 503"};
}
const Verdict kHealthy{Health::healthy, Millis(0), Millis(0), false, ""};

}  // namespace

TEST_CASE("a new resource is unknown, idle and free") {
  const ResourceState state("openai-1");
  CHECK(state.id() == "openai-1");
  CHECK(state.health() == Health::unknown);
  CHECK(state.active() == 0);
  CHECK(state.total_requests() == 0);
  CHECK(state.total_errors() == 0);
  CHECK(state.last_latency_us() == -1);
  CHECK(state.last_error().empty());
  CHECK(state.cooldown_until() == SteadyTime{});
  CHECK(state.blocked_until() == SteadyTime{});
}

TEST_CASE("active requests are the own ones plus those of the other replicas") {
  ResourceState state("r");
  state.acquire();
  state.acquire();
  state.set_remote_active(5);
  CHECK(state.active() == 7);
  CHECK(state.local_active() == 2);
  state.release();
  state.set_remote_active(0);
  CHECK(state.active() == 1);
  CHECK(state.total_requests() == 2);
}

TEST_CASE("a cooldown is made longer by errors, never shorter") {
  testing::ManualClock clock;
  const SteadyTime now = clock.steady();
  ResourceState state("r");
  state.apply(degraded(Millis(30'000), Millis(10'000)), now);
  CHECK(state.health() == Health::degraded);
  CHECK(state.cooldown_until() == now + Millis(30'000));
  CHECK(state.blocked_until() == now + Millis(10'000));
  state.apply(degraded(Millis(1'000), Millis(1'000)), now);
  CHECK(state.cooldown_until() == now + Millis(30'000));
  CHECK(state.blocked_until() == now + Millis(10'000));
  state.apply(degraded(Millis(30'000)), now + Millis(5'000));
  CHECK(state.cooldown_until() == now + Millis(35'000));
  CHECK(state.blocked_until() == now + Millis(10'000));
}

TEST_CASE("a success ends the cooldown, but not what the provider asked for") {
  testing::ManualClock clock;
  const SteadyTime now = clock.steady();
  ResourceState state("r");
  state.apply(degraded(Millis(30'000), Millis(10'000)), now);
  state.apply(kHealthy, now);
  CHECK(state.health() == Health::healthy);
  CHECK(state.cooldown_until() == SteadyTime{});
  CHECK(state.blocked_until() == now + Millis(10'000));
}

TEST_CASE("a verdict that says nothing leaves health and cooldown alone") {
  testing::ManualClock clock;
  ResourceState state("r");
  state.apply({Health::unhealthy, Millis(5'000), Millis(0), true, "HTTP 401"}, clock.steady());
  state.apply({Health::unknown, Millis(60'000), Millis(60'000), false, ""}, clock.steady());
  CHECK(state.health() == Health::unhealthy);
  CHECK(state.cooldown_until() == clock.steady() + Millis(5'000));
  CHECK(state.blocked_until() == SteadyTime{});
}

TEST_CASE("errors are counted and the last one is kept") {
  testing::ManualClock clock;
  ResourceState state("r");
  state.apply({Health::degraded, Millis(0), Millis(0), true, "HTTP 500"}, clock.steady());
  state.apply({Health::unknown, Millis(0), Millis(0), true, "connect"}, clock.steady());
  state.apply(kHealthy, clock.steady());
  CHECK(state.total_errors() == 2);
  CHECK(state.last_error() == "connect");
  state.note_latency(std::chrono::microseconds(1234));
  CHECK(state.last_latency_us() == 1234);
}

namespace {

Verdict refused_key(bool doubtful = false) {
  return {.health = Health::unhealthy,
          .cooldown = Millis(30'000),
          .reason = "HTTP 401: No such key",
          .blame = Blame::resource,
          .doubtful = doubtful};
}

}  // namespace

TEST_CASE("a good check never ends a cooldown, nor makes healthy what traffic has found bad") {
  for (const Health broken : {Health::degraded, Health::unhealthy}) {
    testing::ManualClock clock;
    ResourceState state("r");
    state.apply({broken, Millis(60'000), Millis(20'000), true, "HTTP 503"}, clock.steady());
    const SteadyTime cooldown = state.cooldown_until();
    const SteadyTime blocked = state.blocked_until();
    for (int i = 0; i < 3; ++i) {
      clock.advance(Millis(3'000));
      state.apply_check(kHealthy, clock.steady());
      CHECK(state.health() == Health::degraded);
      CHECK(state.on_trial());
      CHECK(state.cooldown_until() == cooldown);
      CHECK(state.blocked_until() == blocked);
      CHECK(state.reason_at(clock.steady()) == "on trial after HTTP 503");
    }
    clock.advance(Millis(60'000));
    state.apply_check(kHealthy, clock.steady());
    CHECK(state.health() == Health::degraded);
    state.apply(kHealthy, clock.steady());
    CHECK(state.health() == Health::healthy);
    CHECK_FALSE(state.on_trial());
    CHECK(state.recovered_at() == clock.steady());  // slow start begins now
    CHECK(state.reason_at(clock.steady()).empty());
  }
}

TEST_CASE("a bad answer on trial ends the trial") {
  testing::ManualClock clock;
  ResourceState state("r");
  state.apply(degraded(Millis(1'000)), clock.steady());
  state.apply_check(kHealthy, clock.steady());
  REQUIRE(state.on_trial());
  clock.advance(Millis(5'000));
  state.apply(degraded(Millis(1'000)), clock.steady());
  CHECK_FALSE(state.on_trial());
  CHECK(state.cooldown_until() == clock.steady() + Millis(1'000));
}

TEST_CASE("what only a check has found bad, a check may find good, after the cooldown") {
  testing::ManualClock clock;
  ResourceState state("r");
  state.apply(kHealthy, clock.steady());
  state.apply_check(degraded(Millis(10'000)), clock.steady());
  CHECK(state.health() == Health::degraded);
  CHECK(state.total_errors() == 0);
  state.apply_check(kHealthy, clock.steady());
  CHECK(state.on_trial());
  clock.advance(Millis(10'000));
  state.apply_check(kHealthy, clock.steady());
  CHECK(state.health() == Health::healthy);
  CHECK_FALSE(state.on_trial());
}

TEST_CASE("a check makes an unknown resource healthy, and a bad one makes it bad") {
  testing::ManualClock clock;
  ResourceState state("r");
  state.apply_check(kHealthy, clock.steady());
  CHECK(state.health() == Health::healthy);
  state.apply_check(refused_key(), clock.steady());
  CHECK(state.health() == Health::unhealthy);
}

TEST_CASE("a refused key is a last resort until a check has decided") {
  testing::ManualClock clock;
  ResourceState state("r");
  state.apply(refused_key(true), clock.steady());
  CHECK(state.health() == Health::degraded);
  CHECK_FALSE(state.on_trial());
  SUBCASE("good: only this request was not allowed") {
    state.apply_check(kHealthy, clock.steady());
    CHECK(state.health() == Health::degraded);
    CHECK(state.on_trial());
    CHECK(state.cooldown_until() == clock.steady() + Millis(30'000));
  }
  SUBCASE("bad in any way: the key is bad") {
    Verdict check;
    SUBCASE("refused") {
      check = refused_key();
    }
    SUBCASE("limited") {
      check = degraded(Millis(1'000));
    }
    SUBCASE("there is no such path") {
      check.health = Health::unknown;
      check.cooldown = Millis(1'000);
    }
    check.reason.clear();
    state.apply_check(check, clock.steady());
    CHECK(state.health() == Health::unhealthy);
    CHECK(state.last_error() == "HTTP 401: No such key");
  }
  SUBCASE("traffic goes well in the meantime: the next check decides nothing") {
    state.apply(kHealthy, clock.steady());
    state.apply_check(degraded(Millis(1'000)), clock.steady());
    CHECK(state.health() == Health::degraded);
  }
  SUBCASE("refused again, once it is known to be bad: it stays out") {
    state.apply_check(refused_key(), clock.steady());
    state.apply(refused_key(true), clock.steady());
    CHECK(state.health() == Health::unhealthy);
  }
}

TEST_CASE("what is unhealthy is not made better by a lesser trouble") {
  testing::ManualClock clock;
  ResourceState state("r");
  state.apply(refused_key(), clock.steady());
  state.apply(degraded(Millis(90'000)), clock.steady());
  state.apply_check(degraded(Millis(1'000)), clock.steady());
  CHECK(state.health() == Health::unhealthy);
  CHECK(state.cooldown_until() == clock.steady() + Millis(90'000));
}

TEST_CASE("the word and the reason are those that routing acts on") {
  testing::ManualClock clock;
  ResourceState state("r");
  state.apply(degraded(Millis(2'000), Millis(10'000)), clock.steady());
  CHECK(state.reason_at(clock.steady()) == "HTTP 503");
  clock.advance(Millis(5'000));
  CHECK(state.reason_at(clock.steady()) == "HTTP 503");  // still blocked
  state.apply(kHealthy, clock.steady());
  CHECK(state.health_at(clock.steady()) == Health::degraded);
  CHECK(state.reason_at(clock.steady()) == "HTTP 503");
  clock.advance(Millis(5'000));
  CHECK(state.health_at(clock.steady()) == Health::healthy);
  state.apply(degraded(Millis(2'000)), clock.steady());
  clock.advance(Millis(2'000));
  CHECK(state.reason_at(clock.steady()) == "recovering after HTTP 503");
}

TEST_CASE("whoever watches is told of every other word, with reason, blame and source") {
  testing::ManualClock clock;
  std::vector<HealthChange> changes;
  const auto observers = std::make_shared<HealthObservers>();
  const HealthSubscription watching =
      observers->add([&](const HealthChange& change) { changes.push_back(change); });
  ResourceState state("r", observers);
  state.apply(kHealthy, clock.steady());
  state.apply(kHealthy, clock.steady());
  state.apply(refused_key(), clock.steady());
  state.apply(refused_key(), clock.steady());
  state.apply_check(kHealthy, clock.steady());
  state.learn(kHealthy, clock.steady());
  REQUIRE(changes.size() == 4);
  CHECK(changes[0].before == Health::unknown);
  CHECK(changes[0].after == Health::healthy);
  CHECK(changes[0].resource_id == "r");
  CHECK(changes[1].after == Health::unhealthy);
  CHECK(changes[1].reason == "HTTP 401: No such key");
  CHECK(changes[1].blame == Blame::resource);
  CHECK(changes[1].source == HealthSource::traffic);
  CHECK(changes[2].before == Health::unhealthy);
  CHECK(changes[2].after == Health::degraded);
  CHECK(changes[2].on_trial);
  CHECK(changes[2].reason == "on trial after HTTP 401: No such key");
  CHECK(changes[2].source == HealthSource::check);
  CHECK(changes[3].after == Health::healthy);
  CHECK(changes[3].source == HealthSource::replica);
}

TEST_CASE("a model that was refused is remembered for five minutes, and only so many") {
  testing::ManualClock clock;
  ResourceState state("r");
  CHECK_FALSE(state.refuses_model("a", clock.steady()));
  state.refuse_model("a", clock.steady());
  CHECK(state.refuses_model("a", clock.steady()));
  CHECK_FALSE(state.refuses_model("b", clock.steady()));
  CHECK_FALSE(state.refuses_model("", clock.steady()));
  clock.advance(std::chrono::minutes(5) - Millis(1));
  CHECK(state.refuses_model("a", clock.steady()));
  clock.advance(Millis(1));
  CHECK_FALSE(state.refuses_model("a", clock.steady()));
  for (std::size_t i = 0; i <= ResourceState::kMaxModelsRefused; ++i) {
    state.refuse_model("m" + std::to_string(i), clock.steady());
  }
  CHECK_FALSE(state.refuses_model("m0", clock.steady()));
  CHECK(state.refuses_model("m1", clock.steady()));
}

TEST_CASE("threads lose no count and tear no text") {
  testing::ManualClock clock;
  ResourceState state("r");
  constexpr int kRounds = 2000;
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      const Verdict verdict{Health::degraded, Millis(t * 1000), Millis(t * 500), true,
                            "a reason too long for the small string " + std::to_string(t)};
      for (int i = 0; i < kRounds; ++i) {
        state.acquire();
        state.apply(verdict, clock.steady());
        if (state.last_error().size() != verdict.reason.size()) state.acquire();
        state.release();
      }
    });
  }
  for (auto& thread : threads) thread.join();
  CHECK(state.active() == 0);
  CHECK(state.total_requests() == 4 * kRounds);
  CHECK(state.total_errors() == 4 * kRounds);
  CHECK(state.cooldown_until() == clock.steady() + Millis(3'000));
  CHECK(state.blocked_until() == clock.steady() + Millis(1'500));
}

TEST_CASE("since when it does as it does") {
  testing::ManualClock clock;
  ResourceState state("r");
  CHECK_FALSE(state.changed_at());
  state.apply(kHealthy, clock.steady());
  const SteadyTime healthy = clock.steady();
  clock.advance(Millis(1'000));
  state.apply(kHealthy, clock.steady());
  CHECK(state.changed_at() == healthy);
  state.apply(degraded(Millis(30'000)), clock.steady());
  const SteadyTime bad = clock.steady();
  clock.advance(Millis(1'000));
  state.apply(degraded(Millis(30'000)), clock.steady());
  CHECK(state.changed_at() == bad);
  state.apply_check(kHealthy, clock.steady());  // on trial now
  CHECK(state.changed_at() == clock.steady());
}

TEST_CASE("the last check is kept, whatever it has changed") {
  testing::ManualClock clock;
  ResourceState state("r");
  CHECK_FALSE(state.last_check());
  state.note_check({clock.wall(), Health::unknown, std::chrono::microseconds(7), "HTTP 404"});
  REQUIRE(state.last_check());
  CHECK(state.last_check()->at == clock.wall());
  CHECK(state.last_check()->error == "HTTP 404");
}

TEST_CASE("limits: one of each model and name, the latest, and a bounded number") {
  testing::ManualClock clock;
  ResourceState state("r");
  const auto meter = [&](const std::string& model, double headroom) {
    LimitMeter made;
    made.model = model;
    made.name = "tokens";
    made.headroom = headroom;
    made.seen_at = clock.wall();
    return made;
  };
  state.note_limits({meter("a", 0.5), meter("b", 1)});
  clock.advance(Millis(1));
  state.note_limits({meter("a", 0.25)});
  REQUIRE(state.limits().size() == 2);
  CHECK(state.limits()[0].headroom == 0.25);
  for (std::size_t i = 0; i < ResourceState::kMaxLimits; ++i) {
    clock.advance(Millis(1));
    state.note_limits({meter("m-" + std::to_string(i), 1)});
  }
  const auto kept = state.limits();
  CHECK(kept.size() == ResourceState::kMaxLimits);
  for (const LimitMeter& one : kept) CHECK((one.model != "a" && one.model != "b"));
}

}  // namespace responses_proxy
