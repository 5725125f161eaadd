#include "postgres/postgres_listener.h"
#include "databases/open_database.h"

#include <doctest/doctest.h>

#include <atomic>

#include "fakes/wait_until.h"
#include "storage/registry_store.h"
#include "unit/postgres/postgres_test.h"

namespace responses_proxy {

TEST_CASE("a change of the registry is heard of, also after the server was away") {
  testing::PrivatePostgres& postgres = testing::postgres();
  const std::string url = postgres.url(postgres.create_database());
  const SystemClock clock;
  const auto database = open_database(url, clock);
  RegistryStore store(*database);
  std::atomic<int> heard{0};
  PostgresListener listener(url, RegistryStore::kChannel, [&] { ++heard; });
  REQUIRE(testing::wait_until([&] { return heard == 1; }));  // it listens
  const std::vector<RegistryEdit> edits{
      {RegistryAction::create, {RegistryKind::provider, "a", 0, {}, {}, "{}"}, "{}"}};
  REQUIRE(store.apply(0, edits, "admin", WallTime{}));
  CHECK(testing::wait_until([&] { return heard == 2; }));
  CHECK_FALSE(store.apply(0, edits, "admin", WallTime{}));  // undone, and so not told
  REQUIRE(store.apply(1, edits, "admin", WallTime{}));
  CHECK(testing::wait_until([&] { return heard == 3; }));
}

TEST_CASE("a listener ends while its server does not answer") {
  CHECK_THROWS_AS(PostgresListener("postgresql://h:x/d", "c", [] {}), StorageError);
  const PostgresListener nobody("postgresql://127.0.0.1:1/d?connect_timeout=1", "c", [] {});
}

}  // namespace responses_proxy
