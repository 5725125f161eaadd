// How long the lists and sums of the control plane take over many records, in both databases, and
// what a batch of deletions takes.
//   lists_bench [ROWS]    1000000 without it
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <exception>
#include <functional>
#include <string>
#include <vector>

#include "fakes/manual_clock.h"
#include "fakes/private_postgres.h"
#include "fakes/record_database.h"
#include "fakes/sample_records.h"
#include "fakes/temp_folder.h"
#include "sqlite/sqlite_connection.h"
#include "storage/record_maintenance.h"
#include "unit/storage/many_rows.h"

namespace responses_proxy::testing {
namespace {

constexpr int kTimes = 5;

// The median, in milliseconds.
double measure(const std::function<void()>& work) {
  std::vector<double> took;
  for (int i = 0; i < kTimes; ++i) {
    const auto start = std::chrono::steady_clock::now();
    work();
    took.push_back(
        std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start)
            .count());
  }
  std::sort(took.begin(), took.end());
  return took[took.size() / 2];
}

void fill_sqlite(const std::string& path, std::int64_t rows) {
  SqliteConnection connection(path, SqliteConnection::Mode::write);
  SqlTransaction transaction(connection);
  connection.execute(
      fill_requests("(WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n "
                    "WHERE i < " +
                    std::to_string(rows - 1) + ") SELECT i FROM n)"),
      {});
  for (const std::string& statement : kFillTheRest) connection.execute(statement, {});
  transaction.commit();
}

void fill_postgres(const PrivatePostgres& postgres, const std::string& name, std::int64_t rows) {
  std::string all = fill_requests("generate_series(0::bigint, " + std::to_string(rows - 1) + ") i");
  for (const std::string& statement : kFillTheRest) all += "; " + statement;
  postgres.sql(name, "SET session_replication_role = replica; " + all);
  postgres.sql(name, "VACUUM ANALYZE");
}

void report(const std::string& what, const std::function<void()>& work) {
  fmt::print("  {:<34} {:>9.2f} ms\n", what, measure(work));
}

void measure_lists(RecordDatabase& store) {
  RecordQuery page;
  report("requests, first page", [&] { store.queries.requests(page); });
  report("decisions, first page", [&] { store.queries.decisions(page); });
  report("sessions, first page", [&] { store.queries.sessions(page); });
  RecordQuery one = page;
  one.session_id = "s-77";
  report("requests of a session", [&] { store.queries.requests(one); });
  for (const auto& [by, name] : {std::pair{UsageBy::day, "day"},
                                 {UsageBy::model, "model"},
                                 {UsageBy::resource, "resource"},
                                 {UsageBy::session, "session"},
                                 {UsageBy::caller, "caller"}}) {
    report(fmt::format("usage by {}, all days", name),
           [&, by = by] { store.queries.usage(by, page); });
  }
}

void measure_deletion(RecordDatabase& store, const Clock& clock) {
  RecordMaintenance maintenance(*store.database, clock, std::chrono::days(1), ignore_log);
  report("250 requests deleted", [&] { maintenance.tend(); });
}

// As an earlier version has left them.
void measure_sums(RecordDatabase& store, const Clock& clock) {
  store.database->write([](SqlConnection& connection) {
    connection.execute("DELETE FROM usage_days");
    connection.execute("DELETE FROM usage_session_days");
  });
  store.database->write(
      [](SqlConnection& connection) { connection.execute("UPDATE requests SET summed = 0"); });
  RecordMaintenance maintenance(*store.database, clock, std::chrono::days(0), ignore_log);
  const auto start = std::chrono::steady_clock::now();
  int batches = 1;
  while (maintenance.tend() == RecordMaintenance::kPause) ++batches;
  const double seconds =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  fmt::print("  {:<34} {:>9.2f} ms each, {:.1f} s without the pauses\n", "1000 requests summed up",
             1'000 * seconds / batches, seconds);
}

void measure_all(const std::string& name, RecordDatabase& store, std::int64_t rows) {
  fmt::print("{}, {} requests\n", name, rows);
  ManualClock clock;
  clock.advance(std::chrono::duration_cast<Millis>(std::chrono::seconds(2 * rows)));
  measure_lists(store);
  measure_sums(store, clock);
  measure_deletion(store, clock);
}

int run(std::int64_t rows) {
  const TempFolder folder;
  const std::string path = (folder.path() / "records").string();
  const auto sqlite = open_records("sqlite:///" + path);
  fill_sqlite(path, rows);
  measure_all("SQLite", *sqlite, rows);
  PrivatePostgres postgres;
  const std::string name = postgres.create_database();
  const auto store = open_records(postgres.url(name));
  store->database->ping();
  fill_postgres(postgres, name, rows);
  measure_all("PostgreSQL", *store, rows);
  return 0;
}

}  // namespace
}  // namespace responses_proxy::testing

int main(int argc, char** argv) {
  try {
    return responses_proxy::testing::run(argc > 1 ? std::stoll(argv[1]) : 1'000'000);
  } catch (const std::exception& error) {
    fmt::print(stderr, "lists_bench: {}\n", error.what());
    return 1;
  }
}
