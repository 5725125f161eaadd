// The worker between a real Redis and a database that can be told to fail.
#include "record_stream/stream_worker.h"

#include <doctest/doctest.h>

#include "fakes/record_database.h"
#include "unit/record_stream/stream_fixture.h"

using namespace responses_proxy;
using namespace responses_proxy::testing;

TEST_CASE_FIXTURE(StreamFixture, "what is in the stream moves to the database") {
  add(0, 200);  // before there is a group
  StreamWorker worker(stream(), store, kClock, log.log(), working("one"));
  CHECK(wait_until([&] { return length() == "0"; }));
  add(200, 210);
  CHECK(wait_until([&] { return store.ids().size() == 210 && length() == "0"; }));
  CHECK(pending() == 0);
  CHECK(wait_until([&] { return redis.text({"HGET", "events:totals", "written"}) == "210"; }));
  worker.stop();
  CHECK(store.ids() == names(0, 210));
  CHECK(worker.stats().written == 210);
  CHECK(worker.stats().poison == 0);
  CHECK(worker.stats().claimed == 0);
  CHECK(members().empty());  // it has left
  CHECK(log.lines().empty());
}

TEST_CASE_FIXTURE(StreamFixture, "two workers share the stream") {
  add(0, 300);
  StreamWorkerOptions options = working("one");
  options.consumer.max_batch = 8;
  FakeWriter other;
  {
    StreamWorker one(stream(), store, kClock, log.log(), options);
    options.consumer.name = "two";
    StreamWorker two(stream(), other, kClock, log.log(), options);
    CHECK(wait_until([&] { return length() == "0"; }));
  }
  std::set<std::string> all = as_set(store.ids());
  for (const auto& id : other.ids()) CHECK(all.insert(id).second);
  CHECK(all == as_set(names(0, 300)));
}

TEST_CASE_FIXTURE(StreamFixture, "what a dead worker had in hand is taken over, and stored once") {
  add(0, 30);
  deliver_to("dead", 20);
  for (int i = 0; i < 10; ++i) store.write(std::vector{numbered(i)});  // written, not taken out
  StreamWorker worker(stream(), store, kClock, log.log(), claiming("one"));
  CHECK(wait_until([&] { return length() == "0"; }));
  CHECK(pending() == 0);
  CHECK(store.ids().size() == 30);
  CHECK(as_set(store.ids()) == as_set(names(0, 30)));
  worker.stop();
  CHECK(worker.stats().claimed == 20);
}

TEST_CASE_FIXTURE(StreamFixture, "a worker that is only slow keeps what it has") {
  add(0, 10);
  deliver_to("slow", 4);
  StreamWorker worker(stream(), store, kClock, log.log(), working("one"));
  CHECK(wait_until([&] { return store.ids().size() == 6; }));
  worker.stop();
  CHECK(length() == "4");
  CHECK(worker.stats().claimed == 0);
}

TEST_CASE_FIXTURE(StreamFixture, "what cannot be stored is set aside, and stops nobody") {
  store.refuse("1");
  add(0, 2);
  const std::string strange = add_field("something", "else");
  add_field("record", "{\"request_id\":");
  add(2, 4);
  StreamWorker worker(stream(), store, kClock, log.log(), working("one"));
  CHECK(wait_until([&] { return length() == "0"; }));
  CHECK(wait_until([&] { return redis.text({"HGET", "events:totals", "poison"}) == "3"; }));
  worker.stop();
  CHECK(as_set(store.ids()) == std::set<std::string>{"0", "2", "3"});
  CHECK(worker.stats().written == 3);
  CHECK(worker.stats().poison == 3);
  const ReplyPtr poison = redis.command({"XRANGE", "events:poison", "-", "+"});
  REQUIRE(poison->elements == 3);
  const auto field = [&](std::size_t i, const char* name) {
    return std::string(text_of(*member_of(*poison->element[i]->element[1], name)));
  };
  CHECK(field(0, "id") == strange);
  CHECK(field(0, "reason") == "not a record");
  CHECK(field(0, "content") == "something else");
  CHECK(field(1, "content") == "{\"request_id\":");
  CHECK(field(2, "reason") == "a constraint");
  CHECK(decode_record(field(2, "content")) == numbered(1));
  REQUIRE(log.lines().size() == 1);
  CHECK(log.lines()[0] ==
        "worker: the entry " + strange +
            " cannot be stored and is set aside (more are only counted): not a record");
}

TEST_CASE_FIXTURE(StreamFixture, "records of a newer version are stored, with their words") {
  const TempFolder folder;
  const auto records = open_records("sqlite:///" + (folder.path() / "db").string());
  const std::string record = R"({"request_id":"new","created_at":1795219200000000,"blame":"weather",
      "priority":{"of":"a newer version"},"attempts":[{"resource_id":"openai-1","blame":"network",
      "reason":"round_robin","zone":"eu"}]})";
  add_field("record", record);
  StreamWorker worker(stream(), records->writer, kClock, log.log(), working("one"));
  CHECK(wait_until([&] { return length() == "0"; }));
  worker.stop();
  CHECK(worker.stats().poison == 0);
  const auto rows = records->queries.requests({}).rows;
  REQUIRE(rows.size() == 1);
  CHECK(rows[0].blame.text() == "weather");
  CHECK(rows[0].attempts.at(0).blame.text() == "network");
  CHECK(records->queries.decisions({}).rows.at(0).reason == "round_robin");
}

TEST_CASE_FIXTURE(StreamFixture,
                  "without memory left in Redis the stream is emptied all the same") {
  add(0, 3);
  add_field("record", "nonsense");
  deliver_to("dead", 4);
  redis.command({"CONFIG", "SET", "maxmemory", "1"});
  StreamWorker worker(stream(), store, kClock, log.log(), claiming("one"));
  CHECK(wait_until([&] { return length() == "0"; }));
  CHECK(store.ids() == names(0, 3));
  CHECK(redis.text({"XLEN", "events:poison"}) == "0");
  CHECK(wait_until([&] { return worker.stats().poison == 1; }));
}

TEST_CASE_FIXTURE(StreamFixture, "a database that does not work keeps entries in the stream") {
  store.set_failing(true);
  add(0, 20);
  StreamWorker worker(stream(), store, kClock, log.log(), working("one"));
  store.wait_for_attempts(3);
  CHECK(length() == "20");
  CHECK(pending() == 20);
  store.set_failing(false);
  CHECK(wait_until([&] { return length() == "0"; }));
  worker.stop();
  CHECK(store.ids() == names(0, 20));
  CHECK(log.lines() == std::vector<std::string>{"worker: the database does not work: disk full",
                                                "worker: the database works again"});
}

TEST_CASE_FIXTURE(StreamFixture, "a worker that ends during an outage leaves its batch to others") {
  store.set_failing(true);
  add(0, 5);
  {
    StreamWorkerOptions options = working("one");
    options.first_retry = options.max_retry = kLong;  // interrupted, not waited for
    StreamWorker worker(stream(), store, kClock, log.log(), options);
    store.wait_for_attempts(1);
  }
  CHECK(pending() == 5);
  CHECK(members() == std::vector<std::string>{"one"});
  store.set_failing(false);
  StreamWorker next(stream(), store, kClock, log.log(), claiming("two"));
  CHECK(wait_until([&] { return length() == "0"; }));
  CHECK(store.ids() == names(0, 5));
}

TEST_CASE_FIXTURE(StreamFixture,
                  "a batch whose connection broke before it was settled is not lost") {
  add(0, 10);
  store.set_held(true);
  StreamWorker worker(stream(), store, kClock, log.log(), working("one"));
  store.wait_for_attempts(1);
  redis.command({"CLIENT", "KILL", "TYPE", "normal"});
  store.set_held(false);
  CHECK(wait_until([&] { return length() == "0"; }));
  worker.stop();
  CHECK(store.attempts() >= 2);  // written again, to no effect
  CHECK(store.ids() == names(0, 10));
  CHECK(worker.stats().written == 10);
}

TEST_CASE_FIXTURE(StreamFixture,
                  "killed between the two steps of taking out: nothing is left over") {
  add(0, 3);
  deliver_to("dead", 3);
  const ReplyPtr entries = redis.command({"XRANGE", "events", "-", "+"});
  redis.command({"XDEL", "events", std::string(text_of(*entries->element[1]->element[0]))});
  StreamWorkerOptions options;
  SUBCASE("by another worker") {
    options = claiming("one");
  }
  SUBCASE("by itself, on its return") {
    options = working("dead");
  }
  StreamWorker worker(stream(), store, kClock, log.log(), options);
  CHECK(wait_until([&] { return length() == "0" && pending() == 0; }));
  worker.stop();
  CHECK(store.ids() == std::vector<std::string>{"0", "2"});
  CHECK(worker.stats().written == 2);
  CHECK(worker.stats().poison == 0);
}

TEST_CASE_FIXTURE(StreamFixture, "Redis dies and comes back empty") {
  StreamWorker worker(stream(), store, kClock, log.log(), working("one"));
  add(0, 5);
  CHECK(wait_until([&] { return store.ids().size() == 5; }));
  redis.stop();
  log.wait_for("worker: Redis does not work");
  redis.start();
  add(5, 9);
  CHECK(wait_until([&] { return store.ids().size() == 9 && length() == "0"; }));
  worker.stop();
  CHECK(store.ids() == names(0, 9));
  CHECK(log.count("worker: Redis does not work") == 1);
  CHECK(log.count("worker: Redis works again") == 1);
  CHECK(log.lines().size() == 2);
}

TEST_CASE_FIXTURE(StreamFixture, "Redis is emptied under the worker") {
  StreamWorker worker(stream(), store, kClock, log.log(), working("one"));
  add(0, 5);
  CHECK(wait_until([&] { return store.ids().size() == 5; }));
  redis.command({"FLUSHALL"});
  add(5, 9);
  CHECK(wait_until([&] { return store.ids().size() == 9 && length() == "0"; }));
  CHECK(log.lines().empty());
}

TEST_CASE_FIXTURE(StreamFixture, "a wrong password is an outage that does not show it") {
  redis.command({"CONFIG", "SET", "requirepass", "right-password"});
  StreamOptions options = stream();
  options.redis.password = Secret("wrong-password");
  StreamWorker worker(options, store, kClock, log.log(), working("one"));
  log.wait_for("WRONGPASS");
  worker.stop();
  REQUIRE(log.lines().size() == 1);
  CHECK(log.lines()[0].find("wrong-password") == std::string::npos);
}

TEST_CASE_FIXTURE(StreamFixture, "members that are long silent and have nothing are forgotten") {
  add(0, 3);
  deliver_to("busy", 2);
  deliver_to("silent", 1);
  const ReplyPtr one = redis.command({"XPENDING", "events", "workers", "-", "+", "9", "silent"});
  REQUIRE(one->elements == 1);
  redis.command({"XACK", "events", "workers", std::string(text_of(*one->element[0]->element[0]))});
  CHECK(members() == std::vector<std::string>{"busy", "silent"});
  StreamWorkerOptions options = working("one");
  options.consumer.forget_idle = Millis(0);
  StreamWorker worker(stream(), store, kClock, log.log(), options);
  CHECK(wait_until([&] { return as_set(members()).count("silent") == 0; }));
  CHECK(as_set(members()).count("busy") == 1);
}

TEST_CASE_FIXTURE(StreamFixture, "large entries come in small batches") {
  const std::string half_a_megabyte(std::size_t{512} << 10, 'x');
  for (int i = 0; i < 150; ++i) {
    RequestRecord record = numbered(i);
    record.request_body = half_a_megabyte;
    add_field("record", encode_record(record));
  }
  StreamWorkerOptions options = working("one");
  options.consumer.max_batch = 1'000;
  StreamWorker worker(stream(), store, kClock, log.log(), options);
  CHECK(wait_until([&] { return length() == "0"; }));
  const auto batches = store.batches();
  REQUIRE(batches.size() > 2);
  CHECK(batches[0] == 64);
  for (std::size_t i = 1; i < batches.size(); ++i) CHECK(batches[i] <= 32);
}

TEST_CASE_FIXTURE(StreamFixture, "a worker that is to empty the stream goes on until it is empty") {
  add(0, 100);
  store.set_held(true);
  StreamWorkerOptions options = working("one");
  options.consumer.max_batch = 5;
  StreamWorker worker(stream(), store, kClock, log.log(), options);
  store.wait_for_attempts(1);
  SUBCASE("asked to") {
    worker.request_stop(kLong);
    store.set_held(false);
    worker.stop();
    CHECK(store.ids() == names(0, 100));
    CHECK(length() == "0");
  }
  SUBCASE("not asked to") {
    worker.request_stop();
    store.set_held(false);
    worker.stop();
    CHECK(store.ids() == names(0, 5));  // the batch in hand
    CHECK(length() == "95");
  }
}

TEST_CASE("no two workers have the same name") {
  SeededRandom random{1};
  const std::string one = consumer_name("worker-1", random);
  CHECK(one.starts_with("worker-1-"));
  CHECK(one != consumer_name("worker-1", random));
}
