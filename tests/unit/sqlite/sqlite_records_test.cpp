#include <doctest/doctest.h>

#include "fakes/sample_records.h"
#include "fakes/temp_folder.h"
#include "responses_proxy/sql_records.h"

using namespace responses_proxy;

namespace {

constexpr Millis kPatience{60'000};

}  // namespace

TEST_CASE("a host without a runtime keeps records, and finds them again") {
  const testing::TempFolder folder;
  const std::string url = "sqlite:///" + (folder.path() / "records.db").string();
  const SystemClock clock;
  {
    const auto records = open_sqlite_records(url, clock);
    records->ping();
    records->sink().record(testing::sample_record("one", testing::at_second(1)));
    REQUIRE(records->sink().flush(kPatience));
    CHECK(records->sink().stats().written == 1);
    CHECK(records->queries().requests({}).rows.at(0).request_id == "one");
    records->sink().record(testing::sample_record("two", testing::at_second(2)));
  }  // what is queued is written
  CHECK(open_sqlite_records(url, clock)->queries().requests({}).rows.size() == 2);
}

TEST_CASE("a spool and a URL of somebody else are refused") {
  const testing::TempFolder folder;
  const std::string file = (folder.path() / "records.db").string();
  const SystemClock clock;
  SqlRecordsOptions options;
  options.spool_path = (folder.path() / "spool").string();
  options.spool_bytes = 1 << 20;
  const auto records = open_sqlite_records("sqlite:///" + file, clock, options);
  CHECK_THROWS_AS(open_sqlite_records("sqlite:///" + file, clock, options), std::runtime_error);
  CHECK_THROWS_AS(open_sqlite_records("postgresql://host/db", clock), StorageError);
}
