#include "telemetry/record_response_index.h"

#include <doctest/doctest.h>

#include "responses_proxy/event_loop.h"
#include "unit/telemetry/sink_fakes.h"

using namespace responses_proxy;
using namespace responses_proxy::testing;

namespace {

// Answers, from whatever thread they come.
class Answers {
 public:
  ResponseIndex::Found expect(const std::string& id) {
    return [this, id](std::optional<std::string> resource_id) {
      const std::scoped_lock lock(mutex_);
      answers_.push_back(id + " -> " + resource_id.value_or("unknown"));
      changed_.notify_all();
    };
  }
  std::vector<std::string> wait_for(std::size_t count) {
    std::unique_lock lock(mutex_);
    REQUIRE(changed_.wait_for(lock, kLong, [&] { return answers_.size() >= count; }));
    return answers_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::string> answers_;
};

struct IndexFixture {
  ~IndexFixture() {
    store.set_held(false);
    loops.stop();
  }
  FakeStore store;
  Answers answers;
  EventLoops loops{1};
};

}  // namespace

TEST_CASE_FIXTURE(IndexFixture, "the database's answer; a failure is an unknown id") {
  loops.start();
  RecordResponseIndex index(store);
  index.find(loops.at(0), "resp_1", answers.expect("a"));
  CHECK(answers.wait_for(1) == std::vector<std::string>{"a -> resource of resp_1"});
  store.set_failing(true);
  index.find(loops.at(0), "resp_2", answers.expect("b"));
  CHECK(answers.wait_for(2).back() == "b -> unknown");
  loops.stop();
}

TEST_CASE_FIXTURE(IndexFixture,
                  "a database that hangs: unknown in time, and no backlog afterwards") {
  loops.start();
  RecordResponseIndex index(store);
  store.set_held(true);
  for (const char* id : {"1", "2", "3"}) index.find(loops.at(0), id, answers.expect(id));
  const auto unknown = answers.wait_for(3);
  CHECK(unknown == std::vector<std::string>{"1 -> unknown", "2 -> unknown", "3 -> unknown"});
  store.set_held(false);
  index.find(loops.at(0), "4", answers.expect("4"));
  answers.wait_for(4);
  const auto asked = store.asked();
  CHECK(std::find(asked.begin(), asked.end(), "2") == asked.end());
  CHECK(std::find(asked.begin(), asked.end(), "3") == asked.end());
  loops.stop();
}
