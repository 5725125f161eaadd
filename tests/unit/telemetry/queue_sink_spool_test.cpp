// The sink while its database is in trouble, with a spool behind the queue.
#include <doctest/doctest.h>

#include <filesystem>
#include <set>

#include "fakes/record_database.h"
#include "fakes/temp_folder.h"
#include "sqlite/sqlite_connection.h"
#include "telemetry/queue_sink.h"
#include "telemetry/spool.h"
#include "unit/telemetry/file_limit.h"
#include "unit/telemetry/sink_fakes.h"

using namespace responses_proxy;
using namespace responses_proxy::testing;
namespace fs = std::filesystem;

namespace {

constexpr const char* kBegins = "records wait for the database";
constexpr const char* kEnds = "the database works again";

struct TroubleFixture {
  QueueSinkOptions spooling(std::uint64_t bytes = 1U << 24) const {
    QueueSinkOptions options;
    options.linger = Millis(0);
    options.first_retry = Millis(0);
    options.max_retry = Millis(1);
    options.max_batch = 64;
    options.patience = kLong;
    options.spool_path = spool_path;
    options.spool_bytes = bytes;
    return options;
  }

  // Ids in the database at `path`, newest first.
  static std::vector<std::string> stored(RecordQueries& records) {
    RecordQuery query;
    query.limit = 100;
    std::vector<std::string> ids;
    do {
      const auto page = records.requests(query);
      for (const auto& record : page.rows) ids.push_back(record.request_id);
      query.cursor = page.next_cursor;
    } while (!query.cursor.empty());
    return ids;
  }
  static std::set<std::string> as_set(const std::vector<std::string>& ids) {
    return {ids.begin(), ids.end()};
  }

  TempFolder folder;
  const std::string spool_path = (folder.path() / "spool").string();
  const std::string database = (folder.path() / "db").string();
  FakeWriter store;
  LogLines log;
};

}  // namespace

TEST_CASE_FIXTURE(TroubleFixture, "an outage fills the spool, not the memory, and loses nothing") {
  store.set_failing(true);
  QueueTelemetrySink sink(store, 50, kClock, log.log(), spooling());
  for (int i = 0; i < 2'000; i += 50) {  // forty times what the queue holds
    record_range(sink, i, i + 50);
    REQUIRE(sink.flush(kLong));
  }
  TelemetryStats stats = sink.stats();
  CHECK(stats.recorded == 2'000);
  CHECK(stats.spooled == 2'000);
  CHECK(stats.queued == 0);
  CHECK(stats.written == 0);

  store.set_failing(false);
  log.wait_for(kEnds);
  stats = sink.stats();
  CHECK(store.ids() == names(0, 2'000));
  CHECK(stats.written == 2'000);
  CHECK(stats.spooled == 0);
  CHECK(stats.dropped == 0);
  CHECK(fs::file_size(spool_path) == 0);
  CHECK(log.lines() ==
        std::vector<std::string>{
            "telemetry: records wait for the database: disk full",
            "telemetry: the database works again, 2000 records came from the spool, 0 were dropped "
            "since the start"});
  sink.record(numbered(2'000));
  CHECK(sink.flush(kLong));
  CHECK(store.ids().back() == "2000");
  CHECK(log.lines().size() == 2);
}

TEST_CASE_FIXTURE(TroubleFixture,
                  "records go on arriving during the replay, and each is written once") {
  store.set_failing(true);
  QueueTelemetrySink sink(store, 10'000, kClock, log.log(), spooling());
  record_range(sink, 0, 1'000);
  REQUIRE(sink.flush(kLong));
  store.set_failing(false);
  record_range(sink, 1'000, 3'000);
  REQUIRE(sink.flush(kLong));
  log.wait_for(kEnds);
  REQUIRE(sink.flush(kLong));
  CHECK(as_set(store.ids()) == as_set(names(0, 3'000)));
  const TelemetryStats stats = sink.stats();
  CHECK(stats.written == 3'000);
  CHECK(stats.dropped == 0);
}

TEST_CASE_FIXTURE(TroubleFixture, "a silent database: the batch under way is spooled as well") {
  store.set_held(true);
  QueueSinkOptions options = spooling();
  options.patience = Millis(0);
  QueueTelemetrySink sink(store, 100, kClock, log.log(), options);
  for (int i = 0; i < 500; i += 50) {
    record_range(sink, i, i + 50);
    REQUIRE(sink.flush(kLong));
  }
  CHECK(sink.stats().spooled == 500);
  CHECK(store.attempts() == 1);  // nobody else waits for it
  CHECK(log.lines() == std::vector<std::string>{
                           "telemetry: records wait for the database: it is silent for 0 ms"});
  store.set_held(false);
  log.wait_for(kEnds);
  CHECK(store.ids() == names(0, 500));
  CHECK(sink.stats().written == 500);
}

TEST_CASE_FIXTURE(TroubleFixture, "what the target gives back at the end is in the spool") {
  {
    QueueTelemetrySink sink(store, 100, kClock, log.log(), spooling());
    record_range(sink, 0, 2);
    REQUIRE(sink.flush(kLong));
    store.gives_back = {numbered(1), numbered(7)};
  }
  CHECK(log.lines() ==
        std::vector<std::string>{"telemetry: 2 records stay in the spool for the next start"});
  store.gives_back.clear();
  QueueTelemetrySink sink(store, 100, kClock, log.log(), spooling());
  log.wait_for("2 records came from the spool");
  CHECK(store.ids() == std::vector<std::string>{"0", "1", "7"});
}

TEST_CASE_FIXTURE(TroubleFixture,
                  "without a spool, what the target gives back is said to be lost") {
  QueueSinkOptions options = spooling();
  options.spool_path.clear();
  {
    QueueTelemetrySink sink(store, 100, kClock, log.log(), options);
    store.gives_back = {numbered(1)};
  }
  CHECK(log.lines() == std::vector<std::string>{"telemetry: 1 records lost at shutdown"});
}

TEST_CASE_FIXTURE(TroubleFixture, "what a process leaves is replayed by the next one") {
  store.set_failing(true);
  {
    QueueTelemetrySink sink(store, 1'000, kClock, log.log(), spooling());
    record_range(sink, 0, 300);
  }
  CHECK(store.ids().empty());
  CHECK(log.count("300 records stay in the spool for the next start") == 1);
  CHECK(log.count("lost") == 0);

  SUBCASE("as it was left") {
    store.set_failing(false);
    QueueTelemetrySink sink(store, 1'000, kClock, log.log(), spooling());
    CHECK(log.count("the spool has 300 records of an earlier run") == 1);
    log.wait_for("300 records came from the spool");
    CHECK(store.ids() == names(0, 300));
    CHECK(sink.stats().written == 300);
    CHECK(sink.stats().recorded == 0);
  }
  SUBCASE("the database does not work at first") {
    QueueTelemetrySink sink(store, 1'000, kClock, log.log(), spooling());
    CHECK(sink.stats().spooled == 300);
    sink.record(numbered(300));
    REQUIRE(sink.flush(kLong));
    store.set_failing(false);
    log.wait_for("301 records came from the spool");
    CHECK(store.ids() == names(0, 301));
  }
  SUBCASE("damaged in the middle, torn at the end") {
    fs::resize_file(spool_path, fs::file_size(spool_path) - 1);
    {
      std::FILE* file = std::fopen(spool_path.c_str(), "r+");
      REQUIRE(file);
      std::fseek(file, 2'000, SEEK_SET);
      std::fputc('#', file);
      std::fclose(file);
    }
    store.set_failing(false);
    QueueTelemetrySink sink(store, 1'000, kClock, log.log(), spooling());
    log.wait_for("298 records came from the spool, 2 were dropped");
    CHECK(store.ids().size() == 298);
    CHECK(sink.stats().dropped == 2);
  }
}

TEST_CASE_FIXTURE(TroubleFixture,
                  "killed between the database and the spool: nothing is there twice") {
  const auto records = open_records("sqlite:///" + database);
  std::vector<RequestRecord> batch;
  for (int i = 0; i < 50; ++i) batch.push_back(numbered(i));
  Spool(spool_path, 1U << 20).append(batch);
  records->writer.write(std::span(batch).first(30));
  QueueTelemetrySink sink(records->writer, 100, kClock, log.log(), spooling());
  log.wait_for(kEnds);
  CHECK(stored(records->queries).size() == 50);
  CHECK(as_set(stored(records->queries)) == as_set(names(0, 50)));
  const auto sessions = records->queries.sessions({}).rows;
  REQUIRE(sessions.size() == 1);
  CHECK(sessions[0].request_count == 50);
}

TEST_CASE_FIXTURE(TroubleFixture,
                  "only a full spool drops, what is dropped is counted, and the rest arrives") {
  store.set_failing(true);
  QueueTelemetrySink sink(store, 10, kClock, log.log(), spooling(20'000));
  for (int i = 0; i < 200; ++i) {
    sink.record(numbered(i));
    if (sink.stats().dropped == 0) sink.flush(Millis(i < 5 ? kLong : Millis(20)));
  }
  TelemetryStats stats = sink.stats();
  CHECK(stats.recorded + stats.dropped == 200);
  CHECK(stats.dropped > 0);
  CHECK(stats.spooled > 5);
  CHECK(stats.queued == 10);
  CHECK(fs::file_size(spool_path) <= 20'000);
  CHECK(log.count("it is full") == 1);

  store.set_failing(false);
  log.wait_for(kEnds);
  REQUIRE(sink.flush(kLong));
  CHECK(as_set(store.ids()) == as_set(names(0, static_cast<int>(stats.recorded))));
  CHECK(sink.stats().written == stats.recorded);
  CHECK(sink.stats().dropped == stats.dropped);
}

TEST_CASE_FIXTURE(TroubleFixture,
                  "a spool that cannot be used is said once, and memory takes over") {
  bool at_start = false;
  SUBCASE("it is a folder") {
    fs::create_directory(spool_path);
    at_start = true;
  }
  SUBCASE("the disk is full") {}
  std::optional<FileLimit> disk_full;
  if (!at_start) disk_full.emplace(0);
  store.set_failing(true);
  QueueTelemetrySink sink(store, 30, kClock, log.log(), spooling());
  CHECK(log.count("the spool does not take them") == (at_start ? 1 : 0));
  sink.record(numbered(0));
  log.wait_for("the spool does not take them");
  log.wait_for(kBegins);
  record_range(sink, 1, 40);
  CHECK(sink.stats().queued == 30);
  CHECK(sink.stats().spooled == 0);
  CHECK(sink.stats().dropped == 10);
  store.set_failing(false);
  CHECK(sink.flush(kLong));
  CHECK(store.ids() == names(0, 30));
  CHECK(log.count("the spool does not take them") == 1);
  CHECK(log.count(kEnds) == 1);
}

TEST_CASE_FIXTURE(TroubleFixture,
                  "a second server on one spool does not start; it does when the first has ended") {
  auto first = std::make_unique<QueueTelemetrySink>(store, 30, kClock, log.log(), spooling());
  const auto second = [&] { QueueTelemetrySink(store, 30, kClock, log.log(), spooling()); };
  CHECK_THROWS_WITH_AS(second(),
                       ("the spool " + spool_path +
                        " belongs to another rp-server that is running: stop that one, or give "
                        "this one a file of its own with PROXY_TELEMETRY_SPOOL_PATH")
                           .c_str(),
                       SpoolInUse);
  // Also after an outage, when the file is empty again.
  store.set_failing(true);
  first->record(numbered(0));
  CHECK(first->flush(kLong));
  CHECK(first->stats().spooled == 1);
  store.set_failing(false);
  log.wait_for(kEnds);
  CHECK_THROWS_AS(second(), SpoolInUse);
  first.reset();
  CHECK_NOTHROW(second());
}

TEST_CASE_FIXTURE(TroubleFixture,
                  "a spool that could not be opened, or was deleted, is made in the next outage") {
  SUBCASE("a folder was in its place") {
    fs::create_directory(spool_path);
  }
  SUBCASE("it was deleted") {}
  QueueTelemetrySink sink(store, 30, kClock, log.log(), spooling());
  fs::remove(spool_path);
  store.set_failing(true);
  sink.record(numbered(1));
  CHECK(sink.flush(kLong));
  CHECK(sink.stats().spooled == 1);
  CHECK(fs::file_size(spool_path) > 0);
}

TEST_CASE_FIXTURE(TroubleFixture, "a record the database refuses does not block the replay") {
  store.set_failing(true);
  QueueTelemetrySink sink(store, 1'000, kClock, log.log(), spooling());
  record_range(sink, 0, 200);
  REQUIRE(sink.flush(kLong));
  store.refuse("70");
  store.refuse("199");
  store.set_failing(false);
  log.wait_for(kEnds);
  CHECK(store.ids().size() == 198);
  CHECK(sink.stats().written == 198);
  CHECK(sink.stats().dropped == 2);
  CHECK(log.count("refuses a record") == 1);
}

TEST_CASE_FIXTURE(TroubleFixture,
                  "SQLite locked by another connection: readers answer, nothing is lost") {
  const auto records = open_records("sqlite:///" + database);
  QueueTelemetrySink sink(records->writer, 100, kClock, log.log(), spooling());
  record_range(sink, 0, 10);
  REQUIRE(sink.flush(kLong));
  {
    SqliteConnection other(database, SqliteConnection::Mode::write);
    other.execute("BEGIN EXCLUSIVE", {});
    for (int i = 10; i < 400; i += 50) {
      record_range(sink, i, std::min(i + 50, 400));
      REQUIRE(sink.flush(kLong));
    }
    CHECK(sink.stats().spooled == 390);
    CHECK(log.count("database is locked") == 1);
    CHECK(stored(records->queries).size() == 10);
    CHECK(records->queries.resource_of_response("resp_of_3") == "openai-1");
    CHECK_NOTHROW(records->database->ping());
    CHECK_NOTHROW(open_records("sqlite:///" + database));  // a restart finds it locked, too
    other.rollback();
  }
  log.wait_for(kEnds);
  CHECK(stored(records->queries).size() == 400);
  CHECK(as_set(stored(records->queries)) == as_set(names(0, 400)));
}

TEST_CASE_FIXTURE(TroubleFixture, "SQLite without room on its disk") {
  const auto records = open_records("sqlite:///" + database);
  QueueTelemetrySink sink(records->writer, 40, kClock, log.log(), spooling());
  record_range(sink, 0, 10);
  REQUIRE(sink.flush(kLong));
  {
    // The log of the database cannot grow; the spool has some room left.
    const FileLimit disk_full(fs::file_size(database + "-wal"));
    record_range(sink, 10, 40);
    log.wait_for(kBegins);
    REQUIRE(sink.flush(kLong));
  }
  log.wait_for(kEnds);
  CHECK(as_set(stored(records->queries)) == as_set(names(0, 40)));
  CHECK(sink.stats().dropped == 0);
}

TEST_CASE_FIXTURE(TroubleFixture,
                  "the database's file is replaced by a folder, then the folder goes") {
  const auto records = open_records("sqlite:///" + database);
  QueueTelemetrySink sink(records->writer, 100, kClock, log.log(), spooling());
  record_range(sink, 0, 10);
  REQUIRE(sink.flush(kLong));
  fs::remove(database);
  fs::create_directory(database);
  record_range(sink, 10, 60);
  REQUIRE(sink.flush(kLong));
  CHECK(sink.stats().spooled == 50);
  fs::remove(database);
  log.wait_for(kEnds);
  CHECK(as_set(stored(records->queries)) ==
        as_set(names(10, 60)));  // the others went with their file
}

TEST_CASE_FIXTURE(TroubleFixture, "a constraint of the database is a refusal, not an outage") {
  const auto records = open_records("sqlite:///" + database);
  SqliteConnection(database, SqliteConnection::Mode::write)
      .execute(
          "CREATE TRIGGER no_13 BEFORE INSERT ON requests WHEN NEW.request_id = '13' "
          "BEGIN SELECT RAISE(ABORT, 'not this one'); END",
          {});
  QueueTelemetrySink sink(records->writer, 100, kClock, log.log(), spooling());
  record_range(sink, 0, 40);
  REQUIRE(sink.flush(kLong));
  CHECK(stored(records->queries).size() == 39);
  CHECK(sink.stats().dropped == 1);
  CHECK(log.lines().size() == 1);
  CHECK(log.count("not this one") == 1);
}
