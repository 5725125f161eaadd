#include "storage/migrations.h"

#include <doctest/doctest.h>

#include "fakes/record_database.h"
#include "fakes/sample_records.h"
#include "fakes/temp_folder.h"
#include "fakes/version_9.h"
#include "sqlite/sqlite_connection.h"
#include "storage/record_maintenance.h"
#include "storage/sql_values.h"

using namespace responses_proxy;

namespace {

struct TestDatabase {
  std::int64_t number(const std::string& sql) {
    std::int64_t value = -1;
    connection.query(sql, {}, [&](const SqlRow& row) { value = row.integer(0); });
    return value;
  }
  testing::TempFolder folder;
  SqliteConnection connection{(folder.path() / "db").string(), SqliteConnection::Mode::write};
};

const std::vector<Migration> kFirst{{1, {"CREATE TABLE one (a BIGINT)"}}};
const std::vector<Migration> kSecond{
    kFirst.front(), {2, {"ALTER TABLE one ADD COLUMN b BIGINT", "INSERT INTO one VALUES (7, 8)"}}};

}  // namespace

TEST_CASE("versions ascend without gaps") {
  std::int64_t expected = 0;
  for (const Migration& step : migrations()) CHECK(step.version == ++expected);
  CHECK(expected > 0);
}

TEST_CASE("each change is applied once, and later ones are added") {
  TestDatabase database;
  migrate(database.connection, kFirst);
  migrate(database.connection, kFirst);
  CHECK(database.number("SELECT MAX(version) FROM schema_migrations") == 1);
  migrate(database.connection, kSecond);
  migrate(database.connection, kSecond);
  CHECK(database.number("SELECT COUNT(*) FROM schema_migrations") == 2);
  CHECK(database.number("SELECT SUM(b) FROM one") == 8);
}

TEST_CASE("records of the first version have no bodies") {
  TestDatabase database;
  migrate(database.connection, migrations().first(1));
  std::string columns;
  std::string zeros;
  database.connection.query("SELECT name FROM pragma_table_info('requests')", {},
                            [&](const SqlRow& row) {
                              const char* comma = columns.empty() ? "" : ", ";
                              columns += comma + row.text(0);
                              zeros += comma + std::string("0");
                            });
  database.connection.execute("INSERT INTO requests (" + columns + ") VALUES (" + zeros + ")", {});
  migrate(database.connection);
  CHECK(database.number(
            "SELECT COUNT(*) FROM requests_v9 WHERE request_body || response_body = ''") == 1);
  CHECK(database.number("SELECT COUNT(*) FROM requests_v9 WHERE client_request_id = ''") == 1);
}

TEST_CASE("records of before have no caller, and are not about background responses") {
  TestDatabase database;
  migrate(database.connection, migrations().first(3));
  database.connection.execute(
      "INSERT INTO requests SELECT 'old', 0, '', '', 0, '', '', '', '', '', '', '', 200, 1, "
      "'none', "
      "'', '', 1, 2, 3, 4, 5, 0, 0, 0, 0, 0, 0, '', '', '', '', '', ''",
      {});
  database.connection.execute(
      "INSERT INTO attempts VALUES ('old', 1, 0, '', '', '', '', 0, 0, 0, 200, '', '', '')", {});
  migrate(database.connection);
  CHECK(database.number("SELECT COUNT(*) FROM requests_v9 WHERE caller = '' AND background = 0") ==
        1);
  CHECK(database.number("SELECT COUNT(*) FROM attempts_v9 WHERE input_tokens IS NULL") == 1);
}

TEST_CASE("a request that reached no resource loses the pool it asked for as its pool") {
  TestDatabase database;
  migrate(database.connection, migrations().first(2));
  const auto insert = [&](const std::string& id, const std::string& resource) {
    database.connection.execute(
        "INSERT INTO requests SELECT '" + id +
            "', 0, '', '', 0, '', '', 'asked', '', '', '', '', 503, 1, 'proxy', '', '', 0, 0, 0, "
            "0, 0, 0, 0, 0, 0, 0, 0, '" +
            resource + "', '', 'asked', '', ''",
        {});
    database.connection.execute("INSERT INTO sessions VALUES ('" + id + "', '', '" + resource +
                                    "', 'asked', '', 503, 0, 0, 1, 1, 0, 0, 0, 0, 0)",
                                {});
  };
  insert("served", "openai-1");
  insert("refused", "");
  migrate(database.connection);
  CHECK(database.number("SELECT COUNT(*) FROM requests_v9 WHERE pool_id = 'asked'") == 1);
  CHECK(database.number(
            "SELECT COUNT(*) FROM requests_v9 WHERE pool_id = '' AND resource_id = ''") == 1);
  CHECK(database.number("SELECT COUNT(*) FROM sessions WHERE last_pool_id = 'asked'") == 1);
}

TEST_CASE("records of schema 9 are those of now when they have been moved") {
  TestDatabase database;
  migrate(database.connection, migrations().first(9));
  RequestRecord background = testing::sample_record("background", testing::at_second(3));
  background.background = true;
  std::vector records{background, testing::failed_record("failed", testing::at_second(2)),
                      testing::sample_record("first", testing::at_second(1))};
  records[2].attempts.clear();
  testing::insert_version_9(database.connection, records, false);
  database.connection.execute(
      "INSERT INTO background_usage VALUES ('resp_of_background', 'background')", {});
  migrate(database.connection);
  CHECK(database.number("SELECT COUNT(*) FROM background_usage WHERE request_key IS NULL") == 1);

  const auto store = testing::open_records("sqlite:///" + (database.folder.path() / "db").string());
  CHECK(store->queries.requests({}).rows.empty());
  RecordMaintenance maintenance(*store->database, store->clock, std::chrono::days(0), ignore_log);
  while (maintenance.tend() == RecordMaintenance::kPause) continue;
  RecordQuery query;
  query.with_bodies = true;
  CHECK(store->queries.requests(query).rows == records);
  CHECK(store->queries.usage(UsageBy::day, {}).at(0).requests == 3);
  CHECK(database.number("SELECT COUNT(*) FROM background_usage WHERE request_key IS NULL") == 0);
  CHECK(database.number("SELECT COUNT(*) FROM requests_v9") == 0);
}

TEST_CASE("sessions and their sums of schema 10 are those of now") {
  TestDatabase database;
  migrate(database.connection, migrations().first(10));
  database.connection.execute(
      "INSERT INTO sessions (session_id, session_name, last_resource_id, last_pool_id, last_model, "
      "last_status_code, created_at, last_seen_at, request_count, error_count, input_tokens, "
      "last_caller) VALUES ('s-1', 'name', 'res', 'pool', 'model', 502, 10, 20, 7, 1, 100, 'bob')",
      {});
  for (const char* day : {"20000", "20001"}) {
    database.connection.execute(
        std::string("INSERT INTO usage_session_days VALUES (") + day +
            ", 's-1', 'model', 'res', 'pool', 'asked', 'bob', 502, 3, 1, 100, "
            "NULL, NULL, NULL, NULL)",
        {});
  }
  migrate(database.connection);
  CHECK(database.number(
            "SELECT COUNT(*) FROM pragma_integrity_check WHERE integrity_check = 'ok'") == 1);
  const auto store = testing::open_records("sqlite:///" + (database.folder.path() / "db").string());
  RecordMaintenance maintenance(*store->database, store->clock, std::chrono::days(0), ignore_log);
  while (maintenance.tend() == RecordMaintenance::kPause) continue;
  const SessionRow row = store->queries.sessions({}).rows.at(0);
  CHECK(row.session_name == "name");
  CHECK(row.last_caller == "bob");
  CHECK(row.last_resource_id == "res");
  CHECK(row.last_pool_id == "pool");
  CHECK(row.last_model == "model");
  CHECK(row.last_status_code == 502);
  CHECK(to_micros(row.created_at) == 10);
  CHECK(to_micros(row.last_seen_at) == 20);
  CHECK(row.request_count == 7);
  CHECK(row.error_count == 1);
  CHECK(row.usage.input == 100);
  CHECK_FALSE(row.usage.output);
  RecordQuery query;
  query.session_id = "s-1";
  const auto days = store->queries.usage(UsageBy::day, query);
  REQUIRE(days.size() == 2);
  CHECK(days[0].key == "2024-10-05");
  CHECK(days[1].key == "2024-10-04");
  CHECK(days[0].requests == 3);
  CHECK(days[0].usage.input == 100);
  query.status = 502;
  query.requested_pool_id = "asked";
  CHECK(store->queries.usage(UsageBy::caller, query).at(0).requests == 6);
  CHECK(database.number("SELECT COUNT(*) FROM usage_session_days_v10") == 0);

  RequestRecord more = testing::sample_record("more", testing::at_second(1));
  more.session_id = "s-1";
  store->writer.write(std::vector{more});
  CHECK(store->queries.sessions({}).rows.at(0).request_count == 8);
}

TEST_CASE("a failing change leaves the database as it was") {
  TestDatabase database;
  migrate(database.connection, kFirst);
  auto broken = kSecond;
  broken.back().statements.emplace_back("INSERT INTO no_such_table VALUES (1)");
  CHECK_THROWS_AS(migrate(database.connection, broken), StorageError);
  CHECK(database.number("SELECT MAX(version) FROM schema_migrations") == 1);
  CHECK(database.number("SELECT COUNT(*) FROM one") == 0);
  migrate(database.connection, kSecond);
  CHECK(database.number("SELECT COUNT(*) FROM one") == 1);
}

TEST_CASE("a database of a newer program is left alone") {
  TestDatabase database;
  migrate(database.connection, kSecond);
  std::string message;
  try {
    migrate(database.connection, kFirst);
  } catch (const StorageError& error) {
    message = error.what();
  }
  CHECK_THROWS_AS(check_schema(database.connection, kFirst), SchemaTooNew);
  CHECK_NOTHROW(check_schema(database.connection, kSecond));
  CHECK(message ==
        "The database has schema version 2, this program knows versions up to 1. Use the program "
        "that wrote it, or a newer one.");
}
