#include "shared_state/health_news.h"

#include <doctest/doctest.h>

#include "fakes/manual_clock.h"

using namespace responses_proxy;

namespace {

Verdict limited(Millis time) {
  return {Health::degraded, time, time, true, "HTTP 429"};
}
const Verdict kHealthy{Health::healthy, {}, {}, false, ""};

struct NewsFixture {
  testing::ManualClock clock;
  ResourceState state{"x"};
  HealthNews news;

  bool due() { return news.due(state, clock.steady()); }
  void apply(const Verdict& verdict) { state.apply(verdict, clock.steady()); }
  std::vector<std::string> tell() {
    std::vector<std::string> words;
    news.append_to(words, state, clock.steady());
    news.told();
    return words;
  }
};

}  // namespace

TEST_CASE_FIXTURE(NewsFixture, "what traffic has changed is told once") {
  CHECK_FALSE(due());
  apply(limited(Millis(10'000)));
  CHECK(due());
  clock.advance(Millis(1'000));
  CHECK(tell() == std::vector<std::string>{"x", "2", "9000", "9000", "HTTP 429", "0"});
  CHECK_FALSE(due());
  apply(kHealthy);
  CHECK(due());
  CHECK(tell()[1] == "1");
  apply(kHealthy);
  CHECK_FALSE(due());
}

TEST_CASE_FIXTURE(NewsFixture, "what has not arrived is told again") {
  apply(limited(Millis(10'000)));
  std::vector<std::string> words;
  news.append_to(words, state, clock.steady());
  CHECK(due());
}

TEST_CASE_FIXTURE(NewsFixture, "a cooldown that is made a little longer is not worth a word") {
  apply(limited(Millis(10'000)));
  tell();
  clock.advance(Millis(500));
  apply(limited(Millis(10'000)));
  CHECK_FALSE(due());
  clock.advance(Millis(4'000));
  apply(limited(Millis(10'000)));
  CHECK(due());
}

TEST_CASE_FIXTURE(NewsFixture, "what another replica has told is not told again") {
  news.heard(state, limited(Millis(10'000)), clock.steady());
  CHECK(state.health() == Health::degraded);
  CHECK(state.blocked_until() == clock.steady() + Millis(10'000));
  CHECK(state.total_errors() == 0);
  CHECK_FALSE(due());
  apply(limited(Millis(5'000)));  // nothing new
  CHECK_FALSE(due());
  apply(limited(Millis(60'000)));
  CHECK(due());
}

TEST_CASE_FIXTURE(NewsFixture,
                  "that a resource goes on trial is told, and comes to the other one as a trial") {
  apply(limited(Millis(10'000)));
  tell();
  state.apply_check(kHealthy, clock.steady());
  CHECK(due());
  CHECK(tell() == std::vector<std::string>{"x", "2", "10000", "10000", "HTTP 429", "1"});
  ResourceState other("x");
  Verdict verdict = limited(Millis(10'000));
  verdict.on_trial = true;
  HealthNews theirs;
  theirs.heard(other, verdict, clock.steady());
  CHECK(other.on_trial());
  CHECK_FALSE(theirs.due(other, clock.steady()));
  other.apply(kHealthy, clock.steady());
  CHECK(theirs.due(other, clock.steady()));
}
