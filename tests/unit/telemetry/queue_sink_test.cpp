#include "telemetry/queue_sink.h"

#include <doctest/doctest.h>

#include <optional>
#include <set>
#include <stdexcept>

#include "fakes/sample_records.h"
#include "fakes/temp_folder.h"

using namespace responses_proxy;
using namespace std::chrono_literals;

namespace {

constexpr Millis kLong = 60s;  // longer than any test should take

// Keeps what is written. Can be told to fail, and to hold a write until it is let go.
class FakeStore final : public RecordStore {
 public:
  void write(std::span<const RequestRecord> records) override {
    std::unique_lock lock(mutex_);
    ++attempts_;
    changed_.notify_all();
    changed_.wait(lock, [this] { return !held_; });
    if (failing_) throw StorageError("disk full");
    batches_.push_back(records.size());
    for (const auto& record : records) ids_.push_back(record.request_id);
  }
  Page<RequestRecord> requests(const RecordQuery&) override { return {}; }
  Page<DecisionRow> decisions(const RecordQuery&) override { return {}; }
  Page<SessionRow> sessions(const RecordQuery&) override { return {}; }
  Page<TelemetryRow> telemetry(const RecordQuery&) override { return {}; }
  std::vector<UsageRow> usage(UsageBy, const RecordQuery&) override { return {}; }
  std::optional<std::string> resource_of_response(const std::string&) override { return {}; }
  void ping() override {}

  void set_failing(bool failing) {
    const std::scoped_lock lock(mutex_);
    failing_ = failing;
  }
  void set_held(bool held) {
    const std::scoped_lock lock(mutex_);
    held_ = held;
    changed_.notify_all();
  }
  // Until write() was called that many times.
  void wait_for_attempts(int count) {
    std::unique_lock lock(mutex_);
    REQUIRE(changed_.wait_for(lock, kLong, [&] { return attempts_ >= count; }));
  }
  int attempts() {
    const std::scoped_lock lock(mutex_);
    return attempts_;
  }
  std::vector<std::string> ids() {
    const std::scoped_lock lock(mutex_);
    return ids_;
  }
  std::vector<std::size_t> batches() {
    const std::scoped_lock lock(mutex_);
    return batches_;
  }

 private:
  std::mutex mutex_;  // guards everything below
  std::condition_variable changed_;
  bool failing_ = false;
  bool held_ = false;
  int attempts_ = 0;
  std::vector<std::string> ids_;
  std::vector<std::size_t> batches_;
};

class LogLines {
 public:
  QueueTelemetrySink::Log log() {
    return [this](const std::string& line) {
      const std::scoped_lock lock(mutex_);
      lines_.push_back(line);
    };
  }
  std::vector<std::string> lines() {
    const std::scoped_lock lock(mutex_);
    return lines_;
  }

 private:
  std::mutex mutex_;
  std::vector<std::string> lines_;
};

// Never lingers by itself within a test's time, retries at once.
QueueSinkOptions quick() {
  QueueSinkOptions options;
  options.linger = kLong;
  options.first_retry = Millis(0);
  options.max_retry = Millis(1);
  return options;
}

RequestRecord numbered(int number) {
  return testing::sample_record(std::to_string(number), testing::at_second(number));
}

void record_range(TelemetrySink& sink, int from, int to) {
  for (int i = from; i < to; ++i) sink.record(numbered(i));
}

std::vector<std::string> names(int from, int to) {
  std::vector<std::string> all;
  for (int i = from; i < to; ++i) all.push_back(std::to_string(i));
  return all;
}

}  // namespace

TEST_CASE("flush makes everything durable, in order and in shared transactions") {
  FakeStore store;
  LogLines log;
  QueueTelemetrySink sink(store, 100, log.log(), quick());
  CHECK(sink.flush(kLong));  // nothing to do
  record_range(sink, 0, 20);
  CHECK(sink.flush(kLong));
  CHECK(store.ids() == names(0, 20));
  CHECK(store.batches() == std::vector<std::size_t>{20});
  const TelemetryStats stats = sink.stats();
  CHECK(stats.recorded == 20);
  CHECK(stats.written == 20);
  CHECK(stats.dropped == 0);
  CHECK(stats.queued == 0);
  CHECK(log.lines().empty());
}

TEST_CASE("without a flush, records are written after the linger") {
  FakeStore store;
  QueueSinkOptions options = quick();
  options.linger = Millis(1);
  QueueTelemetrySink sink(
      store, 100, [](const std::string&) {}, options);
  sink.record(numbered(0));
  store.wait_for_attempts(1);
  CHECK(sink.flush(kLong));
  CHECK(store.ids() == names(0, 1));
}

TEST_CASE("a full batch does not wait, and no batch is larger than the bound") {
  FakeStore store;
  QueueSinkOptions options = quick();
  options.max_batch = 8;
  QueueTelemetrySink sink(
      store, 100, [](const std::string&) {}, options);
  record_range(sink, 0, 8);
  store.wait_for_attempts(1);  // nobody flushed
  record_range(sink, 8, 60);
  CHECK(sink.flush(kLong));
  CHECK(store.ids() == names(0, 60));
  for (const std::size_t batch : store.batches()) CHECK(batch <= 8);
}

TEST_CASE("what does not fit is dropped and counted; the batch under way takes room, too") {
  FakeStore store;
  store.set_held(true);
  QueueSinkOptions options = quick();
  options.max_batch = 4;
  QueueTelemetrySink sink(
      store, 10, [](const std::string&) {}, options);
  record_range(sink, 0, 4);
  store.wait_for_attempts(1);
  record_range(sink, 4, 15);
  TelemetryStats stats = sink.stats();
  CHECK(stats.recorded == 10);
  CHECK(stats.dropped == 5);
  CHECK(stats.queued == 10);
  CHECK_FALSE(sink.flush(Millis(1)));

  store.set_held(false);
  CHECK(sink.flush(kLong));
  stats = sink.stats();
  CHECK(stats.written == 10);
  CHECK(stats.dropped == 5);
  CHECK(store.ids() == names(0, 10));
  sink.record(numbered(15));
  CHECK(sink.flush(kLong));
  CHECK(sink.stats().recorded == 11);
}

TEST_CASE("a database that fails and recovers loses nothing, and is reported once") {
  FakeStore store;
  LogLines log;
  store.set_failing(true);
  QueueSinkOptions options = quick();
  options.max_batch = 4;
  QueueTelemetrySink sink(store, 100, log.log(), options);
  record_range(sink, 0, 4);
  store.wait_for_attempts(3);
  record_range(sink, 4, 30);
  CHECK_FALSE(sink.flush(Millis(1)));
  CHECK(sink.stats().written == 0);
  CHECK(sink.stats().queued == 30);
  store.set_failing(false);
  CHECK(sink.flush(kLong));
  CHECK(store.ids() == names(0, 30));
  CHECK(sink.stats().dropped == 0);

  store.set_failing(true);  // a second outage
  const int before = store.attempts();
  record_range(sink, 30, 34);
  store.wait_for_attempts(before + 2);
  store.set_failing(false);
  CHECK(sink.flush(kLong));
  const auto lines = log.lines();
  REQUIRE(lines.size() == 4);
  CHECK(lines[0] == "telemetry: records wait for the database: disk full");
  CHECK(lines[1] == "telemetry: the database works again, 0 records dropped since the start");
  CHECK(lines[2] == lines[0]);
  CHECK(lines[3] == lines[1]);
}

TEST_CASE("destruction writes what is queued") {
  FakeStore store;
  {
    QueueTelemetrySink sink(
        store, 5000, [](const std::string&) {}, quick());
    record_range(sink, 0, 1000);
  }
  CHECK(store.ids() == names(0, 1000));
}

TEST_CASE("destruction during an outage ends, and says what was lost") {
  FakeStore store;
  LogLines log;
  store.set_failing(true);
  QueueSinkOptions options = quick();
  options.first_retry = options.max_retry = kLong;  // interrupted, not waited for
  options.max_batch = 4;
  {
    QueueTelemetrySink sink(store, 100, log.log(), options);
    record_range(sink, 0, 4);
    store.wait_for_attempts(1);
    record_range(sink, 4, 30);
  }
  CHECK(store.ids().empty());
  CHECK(store.attempts() <= 2);
  REQUIRE(log.lines().size() == 2);
  CHECK(log.lines()[1] == "telemetry: 30 records lost at shutdown, the database does not work");
}

TEST_CASE("records from many threads all arrive in a real database") {
  const testing::TempFolder folder;
  const auto store = open_record_store("sqlite:///" + (folder.path() / "db").string());
  QueueSinkOptions options = quick();
  options.max_batch = 64;
  QueueTelemetrySink sink(
      *store, 10'000, [](const std::string&) {}, options);
  std::vector<std::thread> threads;
  for (int thread = 0; thread < 4; ++thread) {
    threads.emplace_back([&sink, thread] { record_range(sink, thread * 200, thread * 200 + 200); });
  }
  for (auto& thread : threads) thread.join();
  CHECK(sink.flush(kLong));
  RecordQuery query;
  query.limit = RecordQuery::kMaxPage;
  std::set<std::string> ids;
  for (const auto& record : store->requests(query).rows) ids.insert(record.request_id);
  CHECK(ids.size() == 800);
  CHECK(sink.stats().written == 800);
}
