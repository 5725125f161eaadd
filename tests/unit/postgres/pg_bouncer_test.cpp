// Behind PgBouncer in transaction mode, with another application on the same pool.
#include <doctest/doctest.h>

#include <atomic>
#include <memory>

#include "databases/open_database.h"
#include "fakes/private_pg_bouncer.h"
#include "fakes/record_database.h"
#include "fakes/sample_records.h"
#include "fakes/wait_until.h"
#include "postgres/postgres_driver.h"
#include "postgres/postgres_listener.h"
#include "storage/migrations.h"
#include "storage/registry_store.h"
#include "unit/postgres/postgres_test.h"

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

TEST_CASE("PgBouncer: what is registered arrives, and nobody listens in a session of others") {
  const testing::PrivatePgBouncer bouncer(postgres());
  const std::string name = postgres().create_database();
  OtherApplication other(bouncer.url(name));
  const SystemClock clock;
  const auto database = open_database(bouncer.url(name), clock);
  RegistryStore store(*database);
  std::atomic<int> heard{0};
  std::atomic<int> heard_behind{0};
  const PostgresListener direct(postgres().url(name), RegistryStore::kChannel, [&] { ++heard; });
  REQUIRE(testing::wait_until([&] { return heard == 1; }));
  {
    // Its first connection is over when it ends.
    const PostgresListener behind(bouncer.url(name), RegistryStore::kChannel,
                                  [&] { ++heard_behind; });
  }
  CHECK(other.ask("SELECT COUNT(*) FROM pg_listening_channels()") == "0");

  const std::vector<RegistryEdit> edits{
      {RegistryAction::create, {RegistryKind::provider, "a", 0, {}, {}, "{}"}, "{}"}};
  for (std::int64_t version = 0; version < 3; ++version) {
    REQUIRE(store.apply(version, edits, "admin", at_second(1)));
    CHECK(store.version() == version + 1);
    CHECK(store.load().rows.at(0).revision == version + 1);
  }
  CHECK_FALSE(store.apply(0, edits, "admin", at_second(1)));
  CHECK(store.audit(10).size() == 3);
  CHECK(testing::wait_until([&] { return heard > 1; }));  // NOTIFY passes
  CHECK(heard_behind == 0);
  CHECK(other.ask("SELECT 1") == "1");
}
