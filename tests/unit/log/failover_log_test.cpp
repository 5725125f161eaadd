#include "log/failover_log.h"

#include <doctest/doctest.h>

#include <vector>

#include "fakes/manual_clock.h"

using namespace responses_proxy;

namespace {

struct Rig {
  testing::ManualClock clock;
  std::vector<std::string> lines;
  FailoverLog log{[this](const LogEvent& event) { lines.push_back(event.message); }, clock,
                  [](const std::string& id) { return id == "openai-0123abcd" ? "team-a" : id; }};

  // A request with these attempts; "" = it went well.
  void request(std::vector<std::pair<std::string, Blame>> attempts,
               std::string error = "http_429") {
    RequestRecord record;
    for (auto& [resource_id, blame] : attempts) {
      AttemptRecord attempt;
      attempt.resource_id = resource_id;
      attempt.blame = blame;
      if (blame != Blame::none) attempt.error = error;
      record.attempts.push_back(attempt);
    }
    log.look_at(record);
  }
};

using Lines = std::vector<std::string>;

}  // namespace

TEST_CASE_FIXTURE(Rig, "the first move is told at once, those of the next 10 s as a number") {
  request({{"a", Blame::resource}, {"b", Blame::none}});
  CHECK(lines == Lines{"a: a request moved to another resource (http_429)"});
  for (int i = 0; i < 100; ++i) request({{"a", Blame::provider}, {"b", Blame::none}}, "http_503");
  log.tick();
  CHECK(lines.size() == 1);
  clock.advance(FailoverLog::kEvery);
  log.tick();
  CHECK(lines.back() == "a: 100 requests moved to another resource (http_503)");
  clock.advance(FailoverLog::kEvery);
  log.tick();
  log.tick();
  CHECK(lines.size() == 2);
  request({{"a", Blame::resource}, {"b", Blame::none}});
  CHECK(lines.size() == 3);
}

TEST_CASE_FIXTURE(Rig, "each resource has lines of its own, and several moves of a request count") {
  request({{"a", Blame::resource}, {"b", Blame::provider}, {"c", Blame::none}});
  CHECK(lines == Lines{"a: a request moved to another resource (http_429)",
                       "b: a request moved to another resource (http_429)"});
}

TEST_CASE_FIXTURE(Rig,
                  "no line for a request that stayed, nor for one that moved by its own fault") {
  request({{"a", Blame::none}});
  request({{"a", Blame::resource}});
  request({{"a", Blame::client}, {"b", Blame::none}});
  CHECK(lines.empty());
}

TEST_CASE_FIXTURE(Rig, "people read the name of the resource") {
  request({{"openai-0123abcd", Blame::resource}, {"b", Blame::none}});
  CHECK(lines == Lines{"team-a: a request moved to another resource (http_429)"});
}
