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

TEST_CASE("a resource that was tried is dropped, before any other reason") {
  Subject subject;
  subject.apply(Health::unhealthy, Millis(1'000), Millis(1'000));
  CHECK(subject.look({"other", "r"}).dropped == DropReason::tried);
  CHECK(subject.look({"other"}).dropped == DropReason::blocked);
}

}  // namespace responses_proxy
