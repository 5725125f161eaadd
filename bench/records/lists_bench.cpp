// How long the lists and sums of the control plane take over many records, in both databases, with
// the plans of their queries, and what a batch of deletions takes.
//   lists_bench [ROWS]    1000000 without it
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "fakes/manual_clock.h"
#include "fakes/private_postgres.h"
#include "fakes/record_database.h"
#include "fakes/sample_records.h"
#include "fakes/temp_folder.h"
#include "fakes/version_9.h"
#include "postgres/postgres_connection.h"
#include "sqlite/sqlite_connection.h"
#include "storage/list_sql.h"
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
  fill_tables(connection, rows);
}

void fill_postgres(const PrivatePostgres& postgres, const std::string& name, const Clock& clock,
                   std::int64_t rows) {
  PostgresConnection connection(
      std::make_shared<PostgresServer>(postgres.url(name), clock),
      {PostgresConnection::Mode::write, std::chrono::minutes(10), nullptr});
  fill_tables(connection, rows);
  postgres.sql(name, "VACUUM ANALYZE");
}

void report(const std::string& what, const std::function<void()>& work) {
  fmt::print("  {:<40} {:>9.2f} ms\n", what, measure(work));
}

// How one database tells what it will do, and in which column.
struct Explain {
  std::string command;
  int column;
};

void show_plan(RecordDatabase& store, const Explain& explain, const SqlQuery& sql) {
  store.database->read([&](SqlConnection& connection) {
    connection.query(explain.command + sql.text, sql.params, [&](const SqlRow& row) {
      fmt::print("      {}\n", row.text(explain.column));
    });
  });
}

// One for each way that requests are found in.
void measure_requests(RecordDatabase& store, const Explain& explain) {
  const auto list = [&](const std::string& what, const RecordQuery& query) {
    report("requests " + what, [&] { store.queries.requests(query); });
    report("decisions " + what, [&] { store.queries.decisions(query); });
    const KeyRange keys = keys_of(query);
    if (needs_window(query)) show_plan(store, explain, window_query(keys));
    const auto segment = by_segments(query) ? std::optional(std::int64_t{1}) : std::nullopt;
    show_plan(store, explain, requests_query(query, keys, segment));
  };
  RecordQuery query;
  list("of all", query);
  query.session_id = "s-77";
  list("of a session", query);
  query = {};
  query.status = 502;
  list("with a status", query);
  query = {};
  query.status_class = 5;
  list("with a class of statuses", query);
  query = {};
  query.model = "gpt-7";
  list("of a model that has many", query);
  query = {};
  query.resource_id = "no-such";
  list("of a resource that has none", query);
  query = {};
  query.request_id = many_id(4'711);
  report("one request", [&] { store.queries.requests(query); });
  show_plan(store, explain, request_by_time_query(*query.request_id, at_second(4'711)));
  report("the resource of a response", [&] { store.queries.resource_of_response("resp_4711"); });
  report("the same, of none", [&] { store.queries.resource_of_response("resp_none"); });
  show_plan(store, explain, resource_of_response_query("resp_4711"));
}

void measure_sums(RecordDatabase& store, const Explain& explain) {
  const RecordQuery page;
  report("sessions, first page", [&] { store.queries.sessions(page); });
  show_plan(store, explain, sessions_query(page));
  for (const auto& [by, name] : {std::pair{UsageBy::day, "day"},
                                 {UsageBy::model, "model"},
                                 {UsageBy::resource, "resource"},
                                 {UsageBy::session, "session"},
                                 {UsageBy::caller, "caller"}}) {
    report(fmt::format("usage by {}, all days", name),
           [&, by = by] { store.queries.usage(by, page); });
    show_plan(store, explain, usage_query(by, page));
  }
}

void measure_deletion(RecordDatabase& store, const Clock& clock) {
  RecordMaintenance maintenance(*store.database, clock, std::chrono::days(1), ignore_log);
  report("250 requests deleted", [&] { maintenance.tend(); });
}

void measure_moving(RecordDatabase& store, const Clock& clock, std::int64_t rows) {
  constexpr int kBatches = 20;
  constexpr auto kRecords = kBatches * RecordMaintenance::kMoveBatch;
  std::vector<RequestRecord> records;
  for (std::int64_t i = rows; i < rows + kRecords; ++i) records.push_back(many_record(i));
  write_as_before(store, records, true);
  RecordMaintenance maintenance(*store.database, clock, std::chrono::days(0), ignore_log);
  const auto start = std::chrono::steady_clock::now();
  while (maintenance.tend() == RecordMaintenance::kPause) continue;
  const std::chrono::duration<double, std::milli> took = std::chrono::steady_clock::now() - start;
  fmt::print("  {:<40} {:>9.2f} ms\n", "500 earlier requests moved", took.count() / kBatches);
}

void measure_all(const std::string& name, RecordDatabase& store, const Explain& explain,
                 std::int64_t rows) {
  fmt::print("{}, {} requests, 10000 sessions\n", name, rows);
  ManualClock clock;
  clock.advance(std::chrono::duration_cast<Millis>(std::chrono::seconds(2 * rows)));
  measure_requests(store, explain);
  measure_sums(store, explain);
  measure_moving(store, clock, rows);
  measure_deletion(store, clock);
}

int run(std::int64_t rows) {
  const TempFolder folder;
  const std::string path = (folder.path() / "records").string();
  const auto sqlite = open_records("sqlite:///" + path);
  fill_sqlite(path, rows);
  measure_all("SQLite", *sqlite, {"EXPLAIN QUERY PLAN ", 3}, rows);
  PrivatePostgres postgres;
  const std::string name = postgres.create_database();
  const auto store = open_records(postgres.url(name));
  store->database->ping();
  fill_postgres(postgres, name, store->clock, rows);
  measure_all("PostgreSQL", *store, {"EXPLAIN (COSTS OFF) ", 0}, rows);
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
