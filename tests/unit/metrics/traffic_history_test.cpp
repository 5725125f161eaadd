#include "metrics/traffic_history.h"

#include <doctest/doctest.h>

#include "fakes/manual_clock.h"
#include "fakes/sample_records.h"

namespace responses_proxy {

namespace {

using std::chrono::microseconds;
using std::chrono::seconds;
using testing::ManualClock;

const RequestRecord kGood = testing::sample_record("a", testing::at_second(0));
const RequestRecord kFailed = testing::failed_record("b", testing::at_second(0));

// What each point that is not empty holds, as "index:requests".
std::string filled(const TrafficReport& report) {
  std::string text;
  for (std::size_t i = 0; i < report.points.size(); ++i) {
    const auto requests = report.points[i].sums.requests;
    if (requests > 0) text += std::to_string(i) + ":" + std::to_string(requests) + " ";
  }
  return text;
}

}  // namespace

TEST_CASE("quantiles are read from within their bucket") {
  DurationCounts counts;
  CHECK_FALSE(counts.quantile_ms(0.5));
  for (int ms = 1; ms <= 1000; ++ms) counts.add(microseconds(ms * 1000));
  CHECK(*counts.quantile_ms(0.5) == doctest::Approx(500).epsilon(0.1));
  CHECK(*counts.quantile_ms(0.95) == doctest::Approx(950).epsilon(0.1));
  CHECK(*counts.quantile_ms(0) <= 1);
  DurationCounts ends;
  ends.add(microseconds(0));
  ends.add(std::chrono::hours(9));
  CHECK(*ends.quantile_ms(0.5) <= 1);
  CHECK(*ends.quantile_ms(1) > 500'000);
  ends += counts;
  CHECK(*ends.quantile_ms(0.5) == doctest::Approx(500).epsilon(0.1));
}

TEST_CASE("requests stand in the step in which they ended") {
  ManualClock clock;
  TrafficHistory history(clock);
  history.count(kGood);
  clock.advance(seconds(9));
  history.count(kGood);
  clock.advance(seconds(1));
  history.count(kFailed);
  const TrafficReport report = history.report(seconds(60));
  CHECK(report.step == 10);
  REQUIRE(report.points.size() == 6);
  CHECK(filled(report) == "4:2 5:1 ");
  CHECK(report.points[4].length == 10);
  CHECK(report.points[5].length == 1);  // it has only just begun
  CHECK(report.points[5].begin == report.points[4].begin + 10);
  CHECK(report.sums.requests == 3);
  CHECK(report.sums.attempts == 4);
  CHECK(report.sums.errors == 1);
  CHECK(report.sums.failovers == 1);
  CHECK(report.sums.input_tokens == 200);
  CHECK(report.sums.output_tokens == 40);
  CHECK(report.sums.cached_tokens == 120);
  CHECK(*report.sums.duration.quantile_ms(0.5) == doctest::Approx(813).epsilon(0.3));
  CHECK(*report.sums.first_event.quantile_ms(0.5) == doctest::Approx(401).epsilon(0.3));
}

TEST_CASE("each resource has what it was sent, and the requests that it answered") {
  ManualClock clock;
  TrafficHistory history(clock);
  history.count(kGood);
  history.count(kFailed);  // left openai-1 for openai-2, which failed too
  const TrafficReport report = history.report(seconds(60));
  REQUIRE(report.resources.size() == 2);
  const ResourceTraffic& first = report.resources[0];
  CHECK(first.resource_id == "openai-1");
  CHECK(first.requests.back() == 1);
  CHECK(first.sums.attempts == 2);
  CHECK(first.sums.errors == 1);
  CHECK(first.sums.failovers == 1);
  CHECK(first.sums.input_tokens == 100);
  const ResourceTraffic& second = report.resources[1];
  CHECK(second.sums.requests == 1);
  CHECK(second.sums.errors == 1);
  CHECK(second.sums.failovers == 0);

  const TrafficReport alone = history.report(seconds(60), "openai-2");
  REQUIRE(alone.resources.size() == 1);
  CHECK(alone.sums.attempts == 1);
  CHECK(history.report(seconds(60), "nobody").sums.requests == 0);
}

TEST_CASE("what clients cause is no error") {
  ManualClock clock;
  TrafficHistory history(clock);
  RequestRecord record = kGood;
  record.blame = record.attempts.front().blame = Blame::client;
  record.status_code = 400;
  history.count(record);
  CHECK(history.report(seconds(60)).sums.errors == 0);
  CHECK(history.recent("openai-1").failed == 0);
  record.blame = Blame::provider;
  record.status_code = 200;
  record.completed = false;  // a stream that broke off
  history.count(record);
  CHECK(history.report(seconds(60)).sums.errors == 1);
}

TEST_CASE("the usage of a background response counts once") {
  ManualClock clock;
  TrafficHistory history(clock);
  RequestRecord record = kGood;
  record.background = true;
  history.count(record);
  history.count(record);
  CHECK(history.report(seconds(60)).sums.input_tokens == 100);
}

TEST_CASE("an hour is kept finely and a week coarsely, and no more") {
  ManualClock clock;
  TrafficHistory history(clock);
  history.count(kGood);
  clock.advance(seconds(3'590));
  CHECK(filled(history.report(seconds(3'600))) == "0:1 ");
  CHECK(history.report(seconds(3'600)).step == 30);
  clock.advance(seconds(30));
  CHECK(filled(history.report(seconds(3'600))).empty());
  CHECK(history.report(seconds(21'600)).sums.requests == 1);
  clock.advance(std::chrono::hours(24 * 7 - 2));
  const TrafficReport week = history.report(TrafficHistory::kMost);
  CHECK(week.sums.requests == 1);
  CHECK(week.points.size() <= TrafficHistory::kMaxPoints);
  clock.advance(std::chrono::hours(3));
  CHECK(history.report(TrafficHistory::kMost).sums.requests == 0);
  history.count(kGood);  // takes the place of what was there a week ago
  CHECK(history.report(TrafficHistory::kMost).sums.requests == 1);
}

TEST_CASE("no range has more than its points, or a step that the rings do not have") {
  ManualClock clock;
  const TrafficHistory history(clock);
  for (const int range : {60, 61, 900, 3'600, 3'601, 21'600, 86'400, 604'800, 10'000'000}) {
    CAPTURE(range);
    const TrafficReport report = history.report(seconds(range));
    CHECK(report.points.size() <= TrafficHistory::kMaxPoints);
    CHECK(report.step % (range <= 3'600 ? 10 : 300) == 0);
    CHECK(report.points.front().begin % report.step == 0);
  }
}

TEST_CASE("resources beyond the bound are summed up, and a place is free after a week") {
  ManualClock clock;
  TrafficHistory history(clock);
  RequestRecord record = kGood;
  for (std::size_t i = 0; i < TrafficHistory::kMaxResources + 5; ++i) {
    record.attempts.front().resource_id = "r-" + std::to_string(i);
    history.count(record);
  }
  const TrafficReport report = history.report(seconds(60));
  REQUIRE(report.resources.size() == TrafficHistory::kMaxResources + 1);
  CHECK(report.resources.front().resource_id.empty());
  CHECK(report.resources.front().sums.requests == 5);
  clock.advance(std::chrono::hours(24 * 8));
  history.count(record);
  CHECK(history.report(seconds(60)).resources.at(0).resource_id ==
        record.attempts.front().resource_id);
}

TEST_CASE("the last minutes: how many failed, and why most of them") {
  ManualClock clock;
  TrafficHistory history(clock);
  RequestRecord record = kFailed;
  record.attempts.resize(1);
  const auto fail = [&](const char* error, int times) {
    record.attempts.front().error = error;
    for (int i = 0; i < times; ++i) history.count(record);
  };
  CHECK(history.recent("openai-1").all == 0);
  history.count(kGood);
  fail("http_500", 2);
  fail("http_429", 3);
  CHECK(history.recent().all == 6);
  CHECK(history.recent().failed == 5);
  RecentTraffic recent = history.recent("openai-1");
  CHECK(recent.all == 6);
  CHECK(recent.failed == 5);
  CHECK(recent.most_common == "http_429");
  clock.advance(seconds(200));
  fail("http_500", 2);
  CHECK(history.recent("openai-1").most_common == "http_500");
  clock.advance(seconds(290));
  recent = history.recent("openai-1");
  CHECK(recent.all == 2);
  CHECK(recent.most_common == "http_500");
  clock.advance(seconds(300));
  CHECK(history.recent("openai-1").failed == 0);
  CHECK(history.recent("openai-1").most_common.empty());
}

TEST_CASE("words for failures are bounded, and forgotten ones make room") {
  ManualClock clock;
  RecentFailures failures;
  for (std::size_t i = 0; i < RecentFailures::kMaxWords; ++i) {
    failures.add("word-" + std::to_string(i), clock.wall());
  }
  for (int i = 0; i < 9; ++i) failures.add("one too many", clock.wall());
  CHECK(failures.most_common(clock.wall()) == "word-0");
  clock.advance(RecentFailures::kWindow);
  failures.add("one too many", clock.wall());
  CHECK(failures.most_common(clock.wall()) == "one too many");
}

}  // namespace responses_proxy
