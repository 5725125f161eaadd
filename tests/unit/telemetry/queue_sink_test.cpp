#include "telemetry/queue_sink.h"

#include <doctest/doctest.h>

#include <set>
#include <thread>

#include "fakes/record_database.h"
#include "fakes/sample_records.h"
#include "fakes/temp_folder.h"
#include "unit/telemetry/sink_fakes.h"

using namespace responses_proxy;
using namespace responses_proxy::testing;

TEST_CASE("flush makes everything durable, in order and in shared transactions") {
  FakeWriter store;
  LogLines log;
  QueueTelemetrySink sink(store, 100, kClock, log.log(), quick());
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
  FakeWriter store;
  QueueSinkOptions options = quick();
  options.linger = Millis(1);
  QueueTelemetrySink sink(store, 100, kClock, ignore_log, options);
  sink.record(numbered(0));
  store.wait_for_attempts(1);
  CHECK(sink.flush(kLong));
  CHECK(store.ids() == names(0, 1));
}

TEST_CASE("a full batch does not wait, and no batch is larger than the bound") {
  FakeWriter store;
  QueueSinkOptions options = quick();
  options.max_batch = 8;
  QueueTelemetrySink sink(store, 100, kClock, ignore_log, options);
  record_range(sink, 0, 8);
  store.wait_for_attempts(1);  // nobody flushed
  record_range(sink, 8, 60);
  CHECK(sink.flush(kLong));
  CHECK(store.ids() == names(0, 60));
  for (const std::size_t batch : store.batches()) CHECK(batch <= 8);
}

TEST_CASE("what does not fit is dropped and counted; the batch under way takes room, too") {
  FakeWriter store;
  store.set_held(true);
  QueueSinkOptions options = quick();
  options.max_batch = 4;
  LogLines log;
  QueueTelemetrySink sink(store, 10, kClock, log.log(), options);
  record_range(sink, 0, 4);
  store.wait_for_attempts(1);
  record_range(sink, 4, 15);
  TelemetryStats stats = sink.stats();
  CHECK(stats.recorded == 10);
  CHECK(stats.dropped == 5);
  CHECK(stats.queued == 10);
  CHECK(log.lines() == std::vector<std::string>{
                           "telemetry: 10 records wait, new ones are dropped until there is room"});
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

TEST_CASE("bodies beyond their bound are left out and counted, their records stay") {
  FakeWriter store;
  store.set_held(true);
  const RequestRecord sample = numbered(0);
  QueueSinkOptions options = quick();
  options.max_batch = 1;
  options.max_body_bytes = 3 * (sample.request_body.size() + sample.response_body.size());
  QueueTelemetrySink sink(store, 100, kClock, ignore_log, options);
  record_range(sink, 0, 1);
  store.wait_for_attempts(1);  // a body under way takes room, too
  record_range(sink, 1, 5);
  RequestRecord bare = numbered(5);
  bare.request_body.clear();
  bare.response_body.clear();
  sink.record(bare);
  CHECK(sink.stats().bodies_dropped == 2);
  CHECK(sink.stats().dropped == 0);

  store.set_held(false);
  CHECK(sink.flush(kLong));
  record_range(sink, 6, 9);  // there is room again, for as many
  CHECK(sink.flush(kLong));
  CHECK(store.ids() == names(0, 9));
  CHECK(store.with_bodies() == std::vector<std::string>{"0", "1", "2", "6", "7", "8"});
  CHECK(sink.stats().bodies_dropped == 2);
}

TEST_CASE("a database that fails and recovers loses nothing, and is reported once") {
  FakeWriter store;
  LogLines log;
  store.set_failing(true);
  QueueSinkOptions options = quick();
  options.max_batch = 4;
  QueueTelemetrySink sink(store, 100, kClock, log.log(), options);
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
  CHECK(lines[1] ==
        "telemetry: the database works again, 0 records came from the spool, 0 were dropped since "
        "the start");
  CHECK(lines[2] == lines[0]);
  CHECK(lines[3] == lines[1]);
}

TEST_CASE("destruction writes what is queued") {
  FakeWriter store;
  {
    QueueTelemetrySink sink(store, 5000, kClock, ignore_log, quick());
    record_range(sink, 0, 1000);
  }
  CHECK(store.ids() == names(0, 1000));
}

TEST_CASE("destruction during an outage ends, and says what was lost") {
  FakeWriter store;
  LogLines log;
  store.set_failing(true);
  QueueSinkOptions options = quick();
  options.first_retry = options.max_retry = kLong;  // interrupted, not waited for
  options.max_batch = 4;
  {
    QueueTelemetrySink sink(store, 100, kClock, log.log(), options);
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
  const TempFolder folder;
  const auto store = open_records("sqlite:///" + (folder.path() / "db").string());
  QueueSinkOptions options = quick();
  options.max_batch = 64;
  QueueTelemetrySink sink(store->writer, 10'000, kClock, ignore_log, options);
  std::vector<std::thread> threads;
  for (int thread = 0; thread < 4; ++thread) {
    threads.emplace_back([&sink, thread] { record_range(sink, thread * 200, thread * 200 + 200); });
  }
  for (auto& thread : threads) thread.join();
  CHECK(sink.flush(kLong));
  RecordQuery query;
  query.limit = RecordQuery::kMaxPage;
  std::set<std::string> ids;
  for (const auto& record : store->queries.requests(query).rows) ids.insert(record.request_id);
  CHECK(ids.size() == 800);
  CHECK(sink.stats().written == 800);
}

TEST_CASE(
    "a record the database refuses is dropped, counted and said once; the others are written") {
  FakeWriter store;
  LogLines log;
  store.refuse("13");
  store.refuse("14");
  store.refuse("31");
  QueueSinkOptions options = quick();
  options.max_batch = 20;
  QueueTelemetrySink sink(store, 100, kClock, log.log(), options);
  record_range(sink, 0, 40);
  CHECK(sink.flush(kLong));
  CHECK(store.ids().size() == 37);
  const TelemetryStats stats = sink.stats();
  CHECK(stats.written == 37);
  CHECK(stats.dropped == 3);
  CHECK(stats.queued == 0);
  REQUIRE(log.lines().size() == 1);
  CHECK(log.lines()[0] ==
        "telemetry: the database refuses a record, which is dropped (more are only counted): 13: a "
        "constraint");
}

TEST_CASE("the target is tended to after a write, until it is content") {
  FakeWriter store;
  store.want_tending(3);
  QueueSinkOptions options = quick();
  options.tend_every = Millis(1);
  QueueTelemetrySink sink(store, 100, kClock, ignore_log, options);
  sink.record(numbered(0));
  REQUIRE(sink.flush(kLong));
  store.wait_for_tending(3);
  sink.record(numbered(1));
  REQUIRE(sink.flush(kLong));
  store.wait_for_tending(4);
}
