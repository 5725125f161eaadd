// What becomes of the store when the database does not do its part.
#include <doctest/doctest.h>

#include <chrono>
#include <thread>

#include "databases/open_database.h"
#include "fakes/record_database.h"
#include "fakes/sample_records.h"
#include "storage/migrations.h"
#include "unit/postgres/postgres_test.h"

using namespace responses_proxy;
using testing::at_second;
using testing::postgres;
using testing::sample_record;

namespace {

struct TestDatabase {
  std::string name = postgres().create_database();
  std::string url = postgres().tcp_url(name);
};

std::vector<RequestRecord> one(const std::string& id) {
  return {sample_record(id, at_second(0))};
}

template <class Action>
std::string error_of(Action&& action) {
  try {
    action();
  } catch (const StorageError& error) {
    return error.what();
  }
  return "";
}

// A database that comes back is found within the pause between two attempts.
bool soon_works(const std::function<void()>& action) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (std::chrono::steady_clock::now() < deadline) {
    if (error_of(action).empty()) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  return false;
}

std::vector<std::string> ids_in(RecordQueries& records) {
  std::vector<std::string> ids;
  for (const auto& row : records.requests({}).rows) ids.push_back(row.request_id);
  return ids;
}

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

using Ids = std::vector<std::string>;

}  // namespace

TEST_CASE("Postgres: down at the start, up later") {
  const TestDatabase database;
  postgres().stop();
  const auto store = testing::open_records(database.url);
  for (const std::string& error :
       {error_of([&] { store->writer.write(one("a")); }),
        error_of([&] { store->database->ping(); }), error_of([&] { store->queries.requests({}); }),
        error_of([&] { store->queries.resource_of_response("resp_of_a"); }),
        error_of([&] { migrate_database(database.url, SystemClock()); })}) {
    CAPTURE(error);
    CHECK(has(error, "PostgreSQL database 127.0.0.1:"));
    CHECK(has(error, "Connection refused"));
    CHECK_FALSE(has(error, "\n"));
    CHECK_FALSE(has(error, "p@ss"));
    CHECK_FALSE(has(error, "%70%40"));
  }
  postgres().start();
  CHECK(soon_works([&] { store->database->ping(); }));  // makes the tables as well
  CHECK(ids_in(store->queries).empty());
  store->writer.write(one("a"));
  CHECK(store->queries.resource_of_response("resp_of_a") == "openai-1");
}

TEST_CASE("Postgres: a restart between two calls goes unnoticed") {
  const TestDatabase database;
  const auto store = testing::open_records(database.url);
  store->writer.write(one("a"));
  CHECK(ids_in(store->queries) == Ids{"a"});
  CHECK(store->queries.resource_of_response("resp_of_a") == "openai-1");
  postgres().stop();
  postgres().start();
  store->writer.write(one("b"));
  CHECK(ids_in(store->queries).size() == 2);
  CHECK(store->queries.resource_of_response("resp_of_b") == "openai-1");
  store->database->ping();
}

TEST_CASE("Postgres: connections ended by the administrator go unnoticed") {
  const TestDatabase database;
  const auto store = testing::open_records(database.url);
  store->writer.write(one("a"));
  CHECK(ids_in(store->queries) == Ids{"a"});
  postgres().sql("postgres",
                 "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '" +
                     database.name + "'");
  store->writer.write(one("b"));
  CHECK(ids_in(store->queries).size() == 2);
}

TEST_CASE("Postgres: restarted empty, it gets its tables again") {
  const TestDatabase database;
  const auto store = testing::open_records(database.url);
  store->writer.write(one("before"));
  postgres().erase();
  postgres().start();
  postgres().sql("postgres", "CREATE DATABASE " + database.name);
  SUBCASE("by the next write") {
    store->writer.write(one("after"));
    CHECK(ids_in(store->queries) == Ids{"after"});
  }
  SUBCASE("by whoever looks whether it is ready") {
    store->database->ping();
    CHECK(ids_in(store->queries).empty());
  }
}

TEST_CASE("Postgres: tables that are dropped are made again") {
  const TestDatabase database;
  const auto store = testing::open_records(database.url);
  store->writer.write(one("before"));
  postgres().sql(database.name, "DROP SCHEMA public CASCADE; CREATE SCHEMA public");
  CHECK(has(error_of([&] { store->writer.write(one("after")); }), "does not exist"));
  store->writer.write(one("after"));
  CHECK(ids_in(store->queries) == Ids{"after"});
}

TEST_CASE("Postgres: read-only") {
  const TestDatabase database;
  const auto store = testing::open_records(database.url);
  store->writer.write(one("a"));
  const auto set_read_only = [&](const std::string& value) {
    postgres().sql("postgres", "ALTER DATABASE " + database.name +
                                   " SET default_transaction_read_only = " + value +
                                   "; SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                                   "WHERE datname = '" +
                                   database.name + "'");
  };
  set_read_only("on");
  CHECK(has(error_of([&] { store->writer.write(one("b")); }), "read-only transaction"));
  CHECK(ids_in(store->queries) == Ids{"a"});
  const auto restarted = testing::open_records(database.url);
  CHECK(ids_in(restarted->queries) == Ids{"a"});
  set_read_only("off");
  store->writer.write(one("b"));
  CHECK(ids_in(restarted->queries).size() == 2);
}

TEST_CASE("Postgres: a wrong password is named, and not shown") {
  const TestDatabase database;
  std::string url = database.url;
  url.replace(url.find(":%") + 1, url.find('@') - url.find(":%") - 1, "hunter%322");
  const auto store = testing::open_records(url);
  for (const std::string& error : {error_of([&] { store->writer.write(one("a")); }),
                                   error_of([&] { migrate_database(url, SystemClock()); })}) {
    CAPTURE(error);
    CHECK(has(error, "password authentication failed"));
    CHECK_FALSE(has(error, "hunter"));
  }
}

TEST_CASE("Postgres: a parameter libpq does not know keeps the store from being opened") {
  const std::string error =
      error_of([] { testing::open_records("postgresql://u:hunter2@h/d?no_such_parameter=1"); });
  CAPTURE(error);
  CHECK(has(error, "no_such_parameter"));
  CHECK_FALSE(has(error, "hunter2"));
}

TEST_CASE("Postgres: silent, it is left") {
  const TestDatabase database;
  const auto store = testing::open_records(database.url);
  store->writer.write(one("a"));
  CHECK(store->queries.resource_of_response("resp_of_a") == "openai-1");
  postgres().freeze();
  const std::string first = error_of([&] { store->queries.resource_of_response("resp_of_a"); });
  const std::string second = error_of([&] { store->queries.resource_of_response("resp_of_a"); });
  const std::string third = error_of([&] { store->queries.resource_of_response("resp_of_a"); });
  postgres().thaw();
  CHECK(has(first, "no answer within 250 ms"));
  CHECK(has(second, "timeout expired"));  // of connecting
  CHECK(third == second);                 // known, without trying again
  CHECK(soon_works([&] { store->queries.resource_of_response("resp_of_a"); }));
  store->writer.write(one("b"));
}

TEST_CASE("Postgres: the tables of a newer program are left alone") {
  const TestDatabase database;
  migrate_database(database.url, SystemClock());
  postgres().sql(database.name, "INSERT INTO schema_migrations VALUES (1000)");
  CHECK_THROWS_AS(testing::open_records(database.url), SchemaTooNew);
  CHECK_THROWS_AS(migrate_database(database.url, SystemClock()), SchemaTooNew);
}
