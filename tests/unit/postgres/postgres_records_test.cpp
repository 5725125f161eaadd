#include <doctest/doctest.h>

#include "fakes/sample_records.h"
#include "responses_proxy/sql_records.h"
#include "responses_proxy/storage_error.h"
#include "unit/postgres/postgres_test.h"

using namespace responses_proxy;

TEST_CASE("a host without a runtime keeps records in PostgreSQL, and finds them again") {
  const SystemClock clock;
  testing::PrivatePostgres& server = testing::postgres();
  const auto records = open_postgres_records(server.url(server.create_database()), clock);
  records->ping();
  records->sink().record(testing::sample_record("one", testing::at_second(1)));
  REQUIRE(records->sink().flush(Millis(60'000)));
  CHECK(records->queries().requests({}).rows.at(0).request_id == "one");
}

TEST_CASE("a database that cannot be reached is no error until somebody asks") {
  const SystemClock clock;
  const auto records = open_postgres_records("postgresql://nobody@127.0.0.1:1/none", clock);
  CHECK_THROWS_AS(records->ping(), StorageError);
  CHECK_THROWS_AS(open_postgres_records("sqlite:///file", clock), StorageError);
}
