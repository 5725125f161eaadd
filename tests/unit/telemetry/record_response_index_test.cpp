#include "telemetry/record_response_index.h"

#include <doctest/doctest.h>

#include "responses_proxy/event_loop.h"
#include "responses_proxy/storage_error.h"
#include "unit/telemetry/sink_fakes.h"

using namespace responses_proxy;
using namespace responses_proxy::testing;

namespace {

// Knows every response; can be told to fail, and to hold calls until they are let go.
class FakeQueries final : public RecordQueries {
 public:
  Page<RequestRecord> requests(const RecordQuery&) override { return {}; }
  Page<DecisionRow> decisions(const RecordQuery&) override { return {}; }
  Page<SessionRow> sessions(const RecordQuery&) override { return {}; }
  std::vector<UsageRow> usage(UsageBy, const RecordQuery&) override { return {}; }
  std::optional<std::string> resource_of_response(const std::string& response_id) override {
    {
      const std::scoped_lock lock(mutex_);
      asked_.push_back(response_id);
    }
    hold_.pass();
    const std::scoped_lock lock(mutex_);
    if (failing_) throw StorageError("disk full");
    return "resource of " + response_id;
  }

  void set_failing(bool failing) {
    const std::scoped_lock lock(mutex_);
    failing_ = failing;
  }
  void set_held(bool held) { hold_.set(held); }
  // Questions about responses, in order.
  std::vector<std::string> asked() {
    const std::scoped_lock lock(mutex_);
    return asked_;
  }

 private:
  CallHold hold_;
  std::mutex mutex_;  // guards everything below
  bool failing_ = false;
  std::vector<std::string> asked_;
};

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
    queries.set_held(false);
    loops.stop();
  }
  void ask(RecordResponseIndex& index, std::string id, const std::string& name) {
    loops.at(0).post([this, &index, id = std::move(id), found = answers.expect(name)] {
      index.find(loops.at(0), id, found);
    });
  }
  FakeQueries queries;
  Answers answers;
  EventLoops loops{1};
};

}  // namespace

TEST_CASE_FIXTURE(IndexFixture, "the database's answer; a failure is an unknown id") {
  loops.start();
  RecordResponseIndex index(queries);
  ask(index, "resp_1", "a");
  CHECK(answers.wait_for(1) == std::vector<std::string>{"a -> resource of resp_1"});
  queries.set_failing(true);
  ask(index, "resp_2", "b");
  CHECK(answers.wait_for(2).back() == "b -> unknown");
  loops.stop();
}

TEST_CASE_FIXTURE(IndexFixture,
                  "a database that hangs: unknown in time, and no backlog afterwards") {
  loops.start();
  RecordResponseIndex index(queries);
  queries.set_held(true);
  for (const char* id : {"1", "2", "3"}) ask(index, id, id);
  const auto unknown = answers.wait_for(3);
  CHECK(unknown == std::vector<std::string>{"1 -> unknown", "2 -> unknown", "3 -> unknown"});
  queries.set_held(false);
  ask(index, "4", "4");
  answers.wait_for(4);
  const auto asked = queries.asked();
  CHECK(std::find(asked.begin(), asked.end(), "2") == asked.end());
  CHECK(std::find(asked.begin(), asked.end(), "3") == asked.end());
  loops.stop();
}
