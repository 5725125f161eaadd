// Behind PgBouncer in transaction mode, with another application on the same pool.
#include <doctest/doctest.h>

#include <memory>

#include "fakes/private_pg_bouncer.h"
#include "fakes/record_database.h"
#include "fakes/sample_records.h"
#include "fakes/wait_until.h"
#include "storage/migrations.h"
#include "storage/postgres_driver.h"
#include "unit/storage/postgres_test.h"

using namespace responses_proxy;
using testing::at_second;
using testing::postgres;
using testing::sample_record;

namespace {

// A client that knows nothing of us.
class OtherApplication {
 public:
  explicit OtherApplication(const std::string& url) {
    const bool listens = testing::wait_until([&] {
      try {
        driver_ = std::make_unique<PostgresDriver>(url);
        return true;
      } catch (const PostgresError&) {
        return false;
      }
    });
    REQUIRE(listens);
  }
  std::string ask(const std::string& sql) {
    std::string answer;
    driver_->execute(sql, {}, [&](const PostgresRow& row) { answer += row.text(0); });
    return answer;
  }

 private:
  std::unique_ptr<PostgresDriver> driver_;
};

}  // namespace

TEST_CASE(
    "PgBouncer: our records arrive, and another application finds the session as it left it") {
  const testing::PrivatePgBouncer bouncer(postgres());
  const std::string url = bouncer.url(postgres().create_database());
  OtherApplication other(url);
  other.ask("CREATE TABLE orders (id BIGINT)");

  migrate_database(url, SystemClock());
  migrate_database(url, SystemClock());
  const auto store = testing::open_records(url);
  for (int i = 0; i < 3; ++i) {
    store->writer.write(std::vector{sample_record("r" + std::to_string(i), at_second(i))});
    CHECK(store->queries.requests({}).rows.size() == static_cast<std::size_t>(i + 1));
    CHECK(store->queries.sessions({}).rows.at(0).request_count == i + 1);
    CHECK(store->queries.resource_of_response("resp_of_r0") == "openai-1");
    other.ask("INSERT INTO orders VALUES (" + std::to_string(i) + ")");
  }
  CHECK(other.ask("SELECT COUNT(*) FROM orders") == "3");
  CHECK(other.ask("SELECT MAX(version) FROM schema_migrations") ==
        std::to_string(migrations().back().version));

  // Whatever the session was before us.
  for (const auto& [setting, value] :
       std::vector<std::pair<std::string, std::string>>{{"default_transaction_read_only", "off"},
                                                        {"transaction_read_only", "off"},
                                                        {"statement_timeout", "0"},
                                                        {"enable_sort", "on"},
                                                        {"enable_bitmapscan", "on"},
                                                        {"jit", "on"}}) {
    CAPTURE(setting);
    CHECK(other.ask("SHOW " + setting) == value);
  }
  CHECK(other.ask("SELECT COUNT(*) FROM pg_prepared_statements") == "0");
  CHECK(other.ask("SELECT COUNT(*) FROM pg_locks WHERE locktype = 'advisory'") == "0");
}

TEST_CASE("PgBouncer: a statement that fails leaves no transaction in the session") {
  const testing::PrivatePgBouncer bouncer(postgres());
  const std::string database = postgres().create_database();
  OtherApplication other(bouncer.url(database));
  const auto store = testing::open_records(bouncer.url(database));
  postgres().sql(database, "ALTER TABLE requests ADD CHECK (request_id <> 'two')");
  CHECK_THROWS_AS(store->writer.write(std::vector{sample_record("two", at_second(0))}),
                  RecordRefused);
  CHECK(other.ask("SELECT 1") == "1");
  store->writer.write(std::vector{sample_record("one", at_second(0))});
  CHECK(store->queries.requests({}).rows.size() == 1);
}
