#include "balance/eligibility.h"

#include <doctest/doctest.h>

#include "fakes/manual_clock.h"

namespace responses_proxy {

namespace {

const std::vector<std::string> kNoneTried;

struct Subject {
  testing::ManualClock clock;
  ResourceState state{"r"};

  void apply(Health health, Millis cooldown, Millis blocked = Millis(0)) {
    state.apply({health, cooldown, blocked, true, ""}, clock.steady());
  }
  Eligibility look(const std::vector<std::string>& tried = kNoneTried) const {
    return eligibility(state, clock.steady(), tried);
  }
};

}  // namespace

TEST_CASE("unknown and healthy resources come first") {
  Subject subject;
  CHECK_FALSE(subject.look().dropped);
  CHECK(subject.look().tier == Tier::first);
  subject.apply(Health::healthy, Millis(0));
  CHECK_FALSE(subject.look().dropped);
  CHECK(subject.look().tier == Tier::first);
}

TEST_CASE("a degraded resource is a last resort until its cooldown is over") {
  Subject subject;
  subject.apply(Health::degraded, Millis(1'000));
  CHECK_FALSE(subject.look().dropped);
  CHECK(subject.look().tier == Tier::last_resort);
  subject.clock.advance(Millis(999));
  CHECK(subject.look().tier == Tier::last_resort);
  subject.clock.advance(Millis(1));
  CHECK(subject.look().tier == Tier::first);
}

TEST_CASE("an unhealthy resource is dropped, and a last resort once its cooldown is over") {
  Subject subject;
  subject.apply(Health::unhealthy, Millis(1'000));
  CHECK(subject.look().dropped == DropReason::unhealthy);
  CHECK(subject.look().back_in == Millis(1'000));
  subject.clock.advance(Millis(999));
  CHECK(subject.look().dropped == DropReason::unhealthy);
  CHECK(subject.look().back_in == Millis(1));
  subject.clock.advance(Millis(1));
  CHECK_FALSE(subject.look().dropped);
  CHECK(subject.look().tier == Tier::last_resort);
}

TEST_CASE("a blocked resource is dropped whatever its health") {
  Subject subject;
  subject.apply(Health::degraded, Millis(500), Millis(1'000));
  CHECK(subject.look().dropped == DropReason::blocked);
  subject.apply(Health::healthy, Millis(0));
  CHECK(subject.look().dropped == DropReason::blocked);
  CHECK(subject.look().back_in == Millis(1'000));
  subject.clock.advance(Millis(1'000));
  CHECK_FALSE(subject.look().dropped);
  CHECK(subject.look().tier == Tier::first);
}

TEST_CASE("on trial one request at a time, as long as there is another resource") {
  Subject subject;
  subject.apply(Health::degraded, Millis(1'000));
  subject.state.apply_check({Health::healthy, {}, {}, false, ""}, subject.clock.steady());
  CHECK(subject.look().tier == Tier::last_resort);  // cooling down
  subject.clock.advance(Millis(1'000));
  CHECK(subject.look().tier == Tier::first);
  REQUIRE(subject.state.begin_trial());
  CHECK_FALSE(subject.look().dropped);
  CHECK(subject.look().tier == Tier::last_resort);
  subject.state.end_trial();
  CHECK(subject.look().tier == Tier::first);
  subject.apply(Health::healthy, Millis(0));
  CHECK_FALSE(subject.state.begin_trial());
}

TEST_CASE("an unhealthy resource is tried out by one request at a time, and no more") {
  Subject subject;
  subject.apply(Health::unhealthy, Millis(1'000));
  subject.clock.advance(Millis(1'000));
  REQUIRE(subject.state.begin_trial());
  CHECK(subject.look().dropped == DropReason::unhealthy);
  CHECK(subject.look().back_in == Millis(0));  // not known
  CHECK_FALSE(subject.look().by_time);
  subject.state.end_trial();
  CHECK_FALSE(subject.look().dropped);
}

TEST_CASE("time alone brings back what is blocked, but not a bad key") {
  Subject subject;
  subject.apply(Health::unhealthy, Millis(1'000));
  CHECK_FALSE(subject.look().by_time);
  Subject limited;
  limited.apply(Health::degraded, Millis(5'000), Millis(1'000));
  CHECK(limited.look().by_time);
  limited.apply(Health::unhealthy, Millis(5'000));
  CHECK_FALSE(limited.look().by_time);
}

TEST_CASE("a model that was refused comes after everything else") {
  Subject subject;
  subject.state.refuse_model("m", subject.clock.steady());
  const auto tier = [&](std::string_view model) {
    return eligibility(subject.state, subject.clock.steady(), kNoneTried, model).tier;
  };
  CHECK(tier("m") == Tier::not_for_it);
  CHECK(tier("n") == Tier::first);
  CHECK(tier("") == Tier::first);
}

TEST_CASE("a resource that was tried is dropped, before any other reason") {
  Subject subject;
  CHECK(subject.look({"r"}).back_in == Millis(0));
  subject.apply(Health::degraded, Millis(9'000), Millis(2'000));
  CHECK(subject.look({"r"}).back_in == Millis(2'000));  // its block ends
  subject.clock.advance(Millis(2'000));
  CHECK(subject.look({"r"}).back_in == Millis(7'000));  // its cooldown
  subject.apply(Health::unhealthy, Millis(1'000), Millis(1'000));
  CHECK(subject.look({"other", "r"}).dropped == DropReason::tried);
  CHECK(subject.look({"other"}).dropped == DropReason::blocked);
}

}  // namespace responses_proxy
