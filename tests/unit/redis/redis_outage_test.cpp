#include "redis/redis_outage.h"

#include <doctest/doctest.h>

#include "fakes/manual_clock.h"

using namespace responses_proxy;

namespace {

struct OutageFixture {
  testing::ManualClock clock;
  std::vector<std::string> lines;
  std::vector<std::string> words;  // what machines see of the same events
  RedisOutage outage{clock, 3, "h:6379/0", [this](const LogEvent& event) {
                       lines.push_back(event.message);
                       words.push_back(event.event);
                     }};
};

}  // namespace

TEST_CASE_FIXTURE(OutageFixture, "it is up once all say so, and that is no news") {
  CHECK_FALSE(outage.up());
  CHECK(outage.problem() == "not connected yet");
  outage.report(0, "");
  outage.report(1, "");
  CHECK_FALSE(outage.up());
  outage.report(2, "");
  CHECK(outage.up());
  CHECK(outage.problem() == "");
  CHECK(lines.empty());
}

TEST_CASE_FIXTURE(OutageFixture, "one line when it begins, one when it is over") {
  for (std::size_t i = 0; i < 3; ++i) outage.report(i, "");
  outage.report(1, "gone");
  outage.report(0, "gone as well");
  outage.report(1, "refused");
  CHECK_FALSE(outage.up());
  CHECK(outage.problem() == "gone");
  CHECK(outage.count() == 1);
  clock.advance(Millis(12'340));
  outage.report(0, "");
  CHECK_FALSE(outage.up());
  outage.report(1, "");
  CHECK(outage.up());
  outage.report(1, "");
  CHECK(lines ==
        std::vector<std::string>{"Redis at h:6379/0: gone; going on with what this process knows",
                                 "Redis at h:6379/0 works again after 12.3 s"});
  CHECK(words == std::vector<std::string>{"outage_begun", "outage_ended"});
  outage.report(2, "again");
  CHECK(outage.count() == 2);
  CHECK(lines.size() == 3);
}

TEST_CASE_FIXTURE(OutageFixture, "never there: said at once") {
  outage.report(0, "Connection refused");
  CHECK(lines.size() == 1);
  CHECK(outage.count() == 1);
}
