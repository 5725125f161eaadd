// The producers' side of the stream, on a real Redis.
#include "record_stream/stream_record_writer.h"

#include <doctest/doctest.h>

#include "fakes/temp_folder.h"
#include "telemetry/queue_sink.h"
#include "unit/record_stream/stream_fixture.h"

using namespace responses_proxy;
using namespace responses_proxy::testing;

namespace {

std::vector<RequestRecord> range(int from, int to) {
  std::vector<RequestRecord> records;
  for (int i = from; i < to; ++i) records.push_back(numbered(i));
  return records;
}

struct TargetFixture : StreamFixture {
  std::unique_ptr<StreamRecordWriter> target(std::size_t unconfirmed_bytes = 1U << 20) {
    return std::make_unique<StreamRecordWriter>(stream(), random, log.log(), unconfirmed_bytes);
  }
  std::vector<RequestRecord> in_stream() {
    const ReplyPtr reply = redis.command({"XRANGE", "events", "-", "+"});
    std::vector<RequestRecord> records;
    for (const redisReply* entry : elements_of(*reply)) {
      const auto record = decode_record(text_of(*member_of(*entry->element[1], "record")));
      REQUIRE(record);
      records.push_back(*record);
    }
    return records;
  }
  std::vector<std::string> ids_in_stream() {
    std::vector<std::string> ids;
    for (const auto& record : in_stream()) ids.push_back(record.request_id);
    return ids;
  }
  // Takes the oldest `count` out of the stream as a worker does.
  void work_off(int count) {
    StreamConsumerOptions options;
    options.name = "test";
    options.max_batch = static_cast<std::size_t>(count);
    StreamConsumer consumer(stream(), kClock, options);
    std::vector<std::string> ids;
    for (int i = 0; i < 3 && ids.empty(); ++i) {  // the group may have to be made first
      for (const StreamEntry& entry : consumer.next()) ids.push_back(entry.id);
    }
    REQUIRE(ids.size() == static_cast<std::size_t>(count));
    consumer.settle(ids, ids.size());
  }
  QueueSinkOptions spooling() const {
    QueueSinkOptions options = quick();
    options.linger = Millis(0);
    options.spool_path = (folder.path() / "spool").string();
    options.spool_bytes = 1U << 24;
    options.tend_every = Millis(1);
    return options;
  }

  TempFolder folder;
};

}  // namespace

TEST_CASE_FIXTURE(TargetFixture, "records are in the stream as they were, in order") {
  const auto sink = target();
  const auto records = range(0, 1'500);
  sink->write(records);
  CHECK(in_stream() == records);
  CHECK(sink->lost() == 0);
}

TEST_CASE_FIXTURE(TargetFixture, "a full stream is an outage, and nothing in it is trimmed") {
  StreamOptions options = stream();
  options.max_events = 10;
  StreamRecordWriter sink(options, random, log.log());
  sink.write(range(0, 10));
  CHECK_THROWS_WITH_AS(sink.write(range(10, 11)),
                       "the stream events is full: 10 records wait for a worker", StorageError);
  CHECK(ids_in_stream() == names(0, 10));
  work_off(1);
  sink.write(range(10, 11));
  CHECK(ids_in_stream() == names(1, 11));
}

TEST_CASE_FIXTURE(TargetFixture,
                  "what Redis loses is sent again, without what a worker has stored") {
  const auto sink = target();
  sink->write(range(0, 5));
  work_off(2);
  SUBCASE("it restarts empty, and there is more to write") {
    redis.stop();
    CHECK_THROWS_AS(sink->write(range(5, 6)), StorageError);
    redis.start();
    sink->write(range(5, 6));
    CHECK(ids_in_stream() == names(0, 6));  // nobody has told it yet of the two
  }
  SUBCASE("it restarts empty, and there is nothing to write") {
    CHECK(sink->tend());  // learns of the two
    redis.stop();
    CHECK(sink->tend());
    redis.start();
    CHECK(sink->tend());
    CHECK(ids_in_stream() == names(2, 5));
  }
  SUBCASE("it is emptied") {
    CHECK(sink->tend());
    redis.command({"FLUSHALL"});
    CHECK(sink->tend());
    CHECK(ids_in_stream() == names(2, 5));
  }
  CHECK(sink->lost() == 0);
  CHECK(log.count("Redis has restarted or lost its data") == 1);
  work_off(static_cast<int>(ids_in_stream().size()));
  CHECK_FALSE(sink->tend());  // everything is stored
  redis.command({"FLUSHALL"});
  CHECK_FALSE(sink->tend());
  CHECK(length() == "0");
}

TEST_CASE_FIXTURE(TargetFixture, "the stream alone is evicted, and others have begun a new one") {
  const auto sink = target();
  sink->write(range(0, 3));
  redis.command({"DEL", "events"});
  add(3, 5);
  work_off(2);  // their ids are higher than those of what was lost
  CHECK(sink->tend());
  CHECK(ids_in_stream() == names(0, 3));
}

TEST_CASE_FIXTURE(TargetFixture, "Redis comes back with an older state of its data") {
  const auto sink = target();
  sink->write(range(0, 2));
  redis.command({"SAVE"});
  sink->write(range(2, 4));
  redis.stop();
  redis.start();
  REQUIRE(ids_in_stream() == names(0, 2));
  sink->tend();  // finds the connection broken
  CHECK(sink->tend());
  CHECK(as_set(ids_in_stream()) == as_set(names(0, 4)));
}

TEST_CASE_FIXTURE(TargetFixture, "records that a worker has in hand are not taken for stored") {
  const auto sink = target();
  sink->write(range(0, 4));
  deliver_to("busy", 4);
  CHECK(sink->tend());
  redis.command({"FLUSHALL"});
  CHECK(sink->tend());
  CHECK(ids_in_stream() == names(0, 4));
}

TEST_CASE_FIXTURE(TargetFixture, "what there is no room to keep is counted when Redis loses it") {
  const auto sink = target(4 * encode_record(numbered(10)).size());
  sink->write(range(10, 20));
  CHECK(sink->lost() == 0);
  redis.command({"FLUSHALL"});
  sink->tend();
  CHECK(ids_in_stream() == names(16, 20));
  CHECK(sink->lost() == 6);
  CHECK(log.lines() ==
        std::vector<std::string>{"telemetry: Redis has restarted or lost its data, 4 records are "
                                 "sent again, 6 are lost"});
}

TEST_CASE_FIXTURE(TargetFixture, "at the end, records go back only when Redis is out of reach") {
  const auto sink = target();
  sink->write(range(0, 3));
  SUBCASE("it works") {
    CHECK(sink->take_back().empty());
  }
  SUBCASE("it is gone") {
    redis.stop();
    CHECK(sink->take_back() == range(0, 3));
    CHECK(sink->take_back().empty());
  }
}

TEST_CASE_FIXTURE(TargetFixture, "a Redis that refuses is an outage with one line; records spool") {
  std::string problem;
  StreamOptions options = stream();
  std::vector<std::string> mend;
  SUBCASE("read-only") {
    redis.command({"REPLICAOF", "127.0.0.1", "1"});
    mend = {"REPLICAOF", "NO", "ONE"};
    problem = "READONLY";
  }
  SUBCASE("out of memory") {
    redis.command({"XGROUP", "CREATE", "events", "data:1", "$", "MKSTREAM"});
    redis.command({"CONFIG", "SET", "maxmemory", "1"});
    mend = {"CONFIG", "SET", "maxmemory", "0"};
    problem = "OOM";
  }
  SUBCASE("wrong password") {
    redis.command({"ACL", "SETUSER", "proxy", "on", ">another-password", "~*", "+@all"});
    options.redis.user = "proxy";
    options.redis.password = Secret("our-password");
    mend = {"ACL", "SETUSER", "proxy", ">our-password"};
    problem = "WRONGPASS";
  }
  StreamRecordWriter to_redis(options, random, log.log());
  QueueTelemetrySink sink(to_redis, 1'000, kClock, log.log(), spooling());
  record_range(sink, 0, 100);
  REQUIRE(sink.flush(kLong));
  CHECK(sink.stats().spooled == 100);
  REQUIRE(log.lines().size() == 1);
  CHECK(log.lines()[0].starts_with("telemetry: records wait for Redis: "));
  CHECK(log.lines()[0].find(problem) != std::string::npos);
  CHECK(log.lines()[0].find("our-password") == std::string::npos);
  redis.command(mend);
  log.wait_for("telemetry: Redis works again, 100 records came from the spool, 0 were dropped");
  CHECK(as_set(ids_in_stream()) == as_set(names(0, 100)));
  CHECK(sink.stats().dropped == 0);
  CHECK(log.lines().size() == 2);
}

TEST_CASE_FIXTURE(TargetFixture, "Redis dies under load: every record arrives in the end") {
  const auto to_redis = target();
  std::set<std::string> arrived;
  {
    StreamWorker worker(stream(), store, kClock, log.log(), working("one"));
    QueueTelemetrySink sink(*to_redis, 10'000, kClock, log.log(), spooling());
    for (int i = 0; i < 6'000; ++i) {
      sink.record(numbered(i));
      if (i == 2'000) redis.stop();
      if (i == 4'000) redis.start();
    }
    REQUIRE(sink.flush(kLong));
    CHECK(wait_until([&] { return store.ids().size() == 6'000; }));
    CHECK(sink.stats().dropped == 0);
  }
  CHECK(as_set(store.ids()) == as_set(names(0, 6'000)));
}

TEST_CASE_FIXTURE(TargetFixture, "Redis is gone when the server ends: the spool has what it had") {
  const auto to_redis = target();
  {
    QueueTelemetrySink sink(*to_redis, 100, kClock, log.log(), spooling());
    record_range(sink, 0, 10);
    REQUIRE(sink.flush(kLong));
    redis.stop();
  }
  CHECK(log.count("10 records stay in the spool for the next start") == 1);
  redis.start();
  const auto next = target();
  QueueTelemetrySink sink(*next, 100, kClock, log.log(), spooling());
  log.wait_for("10 records came from the spool");
  CHECK(ids_in_stream() == names(0, 10));
}

TEST_CASE("a stream id") {
  CHECK(parse_stream_id("12-3") == StreamId{12, 3});
  CHECK(StreamId{12, 3} < StreamId{12, 4});
  CHECK(StreamId{12, 9} < StreamId{13, 0});
  for (const char* text : {"", "12", "12-", "-3", "12-3x", "a-3"}) {
    CHECK_FALSE(parse_stream_id(text));
  }
}
