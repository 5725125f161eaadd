#include "postgres/postgres_connection.h"
#include "databases/open_database.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <random>
#include <thread>

#include "fakes/record_database.h"
#include "fakes/sample_records.h"
#include "storage/migrations.h"
#include "unit/postgres/postgres_test.h"

using namespace responses_proxy;
using testing::at_second;
using testing::postgres;
using testing::sample_record;

namespace {

using Mode = PostgresConnection::Mode;

struct TestDatabase {
  std::string name = postgres().create_database();
  std::string url = postgres().url(name);
  const SystemClock clock{};
  std::shared_ptr<PostgresServer> server = std::make_shared<PostgresServer>(url, clock);

  std::string sql(const std::string& statements) const { return postgres().sql(name, statements); }
};

}  // namespace

TEST_CASE("Postgres: a slow statement is ended, and the next one works") {
  const TestDatabase database;
  PostgresConnection connection(database.server, {Mode::write, Millis(50), nullptr});
  CHECK_THROWS_WITH_AS(connection.execute("SELECT pg_sleep(60)", {}),
                       doctest::Contains("statement timeout"), StorageError);
  connection.execute("SELECT 1", {});
  SUBCASE("in a transaction, which is over then") {
    CHECK_THROWS_AS(
        [&] {
          SqlTransaction transaction(connection);
          connection.execute("CREATE TABLE t (a BIGINT)", {});
          connection.execute("SELECT pg_sleep(60)", {});
          transaction.commit();
        }(),
        StorageError);
    CHECK_THROWS_AS(connection.execute("SELECT * FROM t", {}), StorageError);
  }
}

TEST_CASE("Postgres: a transaction that lost its connection does not go on with another") {
  const TestDatabase database;
  PostgresConnection connection(database.server, {Mode::write, Millis(5'000), nullptr});
  connection.execute("CREATE TABLE t (a BIGINT)", {});
  {
    SqlTransaction transaction(connection);
    connection.execute("INSERT INTO t VALUES (1)", {});
    database.sql(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> "
        "pg_backend_pid() AND datname = current_database()");
    CHECK_THROWS_AS(connection.execute("INSERT INTO t VALUES (2)", {}), StorageError);
    CHECK_THROWS_AS(connection.execute("INSERT INTO t VALUES (3)", {}), StorageError);
    CHECK_THROWS_AS(transaction.commit(), StorageError);
  }
  CHECK(database.sql("SELECT COUNT(*) FROM t") == "0\n");
  connection.execute("INSERT INTO t VALUES (4)", {});
  CHECK(database.sql("SELECT COUNT(*) FROM t") == "1\n");
}

TEST_CASE("Postgres: every address of a name is tried") {
  const TestDatabase database;
  // Nobody listens at the first one, of either family; the server is at the last.
  const std::string port = std::to_string(postgres().port());
  std::string url = postgres().tcp_url(database.name);
  const std::string at = "@127.0.0.1:" + port;
  url.replace(url.find(at), at.size(), "@127.0.0.2,[::1],127.0.0.1");
  url += "?port=" + port;
  PostgresConnection connection(std::make_shared<PostgresServer>(url, database.clock), {});
  connection.execute("SELECT 1", {});

  // "localhost" may be ::1 first, where the server does not listen.
  url = postgres().tcp_url(database.name);
  url.replace(url.find(at), at.size(), "@localhost:" + port);
  PostgresConnection by_name(std::make_shared<PostgresServer>(url, database.clock), {});
  by_name.execute("SELECT 1", {});
}

TEST_CASE("Postgres: a read that fails can be followed by another on the same connection") {
  const TestDatabase database;
  PostgresConnection reader(database.server, {Mode::read, Millis(5'000), nullptr});
  CHECK_THROWS_AS(reader.execute("SELECT 1 / 0", {}), RecordRefused);
  reader.execute("SELECT 1", {});
}

TEST_CASE("Postgres: readers cannot write") {
  const TestDatabase database;
  migrate_database(database.url, SystemClock());
  PostgresConnection reader(database.server, {Mode::read, Millis(5'000), nullptr});
  CHECK_THROWS_WITH_AS(reader.execute("DELETE FROM requests", {}),
                       doctest::Contains("read-only transaction"), StorageError);
}

TEST_CASE("Postgres: who starts at the same time makes the tables once") {
  const TestDatabase database;
  std::vector<std::thread> starters;
  std::atomic<int> failed = 0;
  for (int i = 0; i < 6; ++i) {
    starters.emplace_back([&] {
      try {
        migrate_database(database.url, SystemClock());
        testing::open_records(database.url)->database->ping();
      } catch (const StorageError&) {
        ++failed;
      }
    });
  }
  for (auto& starter : starters) starter.join();
  CHECK(failed == 0);
  CHECK(database.sql("SELECT COUNT(*) FROM schema_migrations") ==
        std::to_string(migrations().size()) + "\n");
}

TEST_CASE("Postgres: texts compare by their bytes, whatever the locale") {
  const TestDatabase database;
  migrate_database(database.url, SystemClock());
  const std::string of_columns =
      "SELECT COUNT(*) FROM information_schema.columns WHERE table_schema = 'public' AND "
      "data_type = 'text'";
  CHECK(database.sql(of_columns) != "0\n");
  CHECK(database.sql(of_columns + " AND collation_name IS DISTINCT FROM 'C'") == "0\n");
}

TEST_CASE("Postgres: a record that breaks a constraint is refused, and leaves nothing behind") {
  const TestDatabase database;
  const auto store = testing::open_records(database.url);
  database.sql("ALTER TABLE requests ADD CHECK (request_id <> 'two')");
  const std::vector records{sample_record("one", at_second(0)), sample_record("two", at_second(1))};
  CHECK_THROWS_WITH_AS(store->writer.write(records), doctest::Contains("violates check constraint"),
                       RecordRefused);
  CHECK(store->queries.requests({}).rows.empty());
  CHECK(store->queries.sessions({}).rows.empty());
  store->writer.write(std::span(records).first(1));
  CHECK(store->queries.sessions({}).rows.at(0).request_count == 1);
}

TEST_CASE("Postgres: writers that have the same records end up with each of them once") {
  const TestDatabase database;
  migrate_database(database.url, SystemClock());
  constexpr int kRecords = 300;
  std::vector<RequestRecord> records;
  for (int i = 0; i < kRecords; ++i) {
    records.push_back(sample_record("r" + std::to_string(i), at_second(i)));
    records.back().session_id = "s" + std::to_string(i % 7);
  }
  std::atomic<int> failed = 0;
  std::vector<std::thread> writers;
  for (unsigned seed = 1; seed <= 4; ++seed) {
    writers.emplace_back([&, seed] {
      const auto store = testing::open_records(database.url);
      std::vector<RequestRecord> mine = records;
      std::shuffle(mine.begin(), mine.end(), std::mt19937(seed));
      try {
        for (int i = 0; i < kRecords; i += 50) {
          store->writer.write(std::span(mine).subspan(static_cast<std::size_t>(i), 50));
        }
        store->writer.write(mine);
      } catch (const StorageError& error) {
        MESSAGE(error.what());
        ++failed;
      }
    });
  }
  for (auto& writer : writers) writer.join();
  CHECK(failed == 0);
  CHECK(database.sql("SELECT COUNT(*) FROM requests") == "300\n");
  CHECK(database.sql("SELECT COUNT(*) FROM request_keys") == "300\n");
  CHECK(database.sql("SELECT SUM(requests) FROM record_segments") == "300\n");
  CHECK(database.sql("SELECT SUM(request_count) FROM sessions") == "300\n");
}

TEST_CASE("Postgres: bodies that are larger than one insert") {
  const TestDatabase database;
  const auto store = testing::open_records(database.url);
  std::vector<RequestRecord> records;
  for (int i = 0; i < 5; ++i) {
    records.push_back(sample_record(std::to_string(i), at_second(i)));
    records.back().request_body.assign(3'000'000, static_cast<char>('a' + i));
    records.back().response_body = R"({"text":"\"quoted\" \\ and {braced}, NULL"})";
  }
  store->writer.write(records);
  CHECK(database.sql("SELECT MIN(length(request_body)), MAX(length(request_body)), COUNT(*) "
                     "FROM requests") == "3000000|3000000|5\n");
  CHECK(database.sql("SELECT DISTINCT response_body FROM requests") ==
        records[0].response_body + "\n");
}
