// A page must cost what it shows, however big the table is: found through an index, in the
// order of that index.
#include <doctest/doctest.h>

#include "core/json.h"
#include "databases/open_database.h"
#include "fakes/sample_records.h"
#include "postgres/postgres_connection.h"
#include "storage/list_sql.h"
#include "storage/record_key.h"
#include "storage/record_maintenance.h"
#include "unit/postgres/postgres_test.h"
#include "unit/storage/many_rows.h"

using namespace responses_proxy;
using testing::postgres;

namespace {

constexpr std::int64_t kRows = 200'000;  // the same plans as with a million, in a fifth of the time

// The indexes are dropped while the tables are filled: only what comes of it counts here.
class BigDatabase {
 public:
  BigDatabase() : name_(postgres().create_database()) {
    const std::string url = postgres().url(name_);
    migrate_database(url, SystemClock());
    const std::string indexes =
        postgres().sql(name_,
                       "SELECT indexdef || ';' FROM pg_indexes WHERE schemaname = 'public' AND "
                       "indexname LIKE '%\\_by\\_%'");
    postgres().sql(name_,
                   "DO $$ DECLARE i text; BEGIN FOR i IN SELECT indexname FROM pg_indexes "
                   "WHERE schemaname = 'public' AND indexname LIKE '%\\_by\\_%' LOOP "
                   "EXECUTE 'DROP INDEX ' || i; END LOOP; END $$");
    reader_ = connect(url, PostgresConnection::Mode::read);
    writer_ = connect(url, PostgresConnection::Mode::write);
    testing::fill_tables(*writer_, kRows);
    postgres().sql(name_, indexes);
    postgres().sql(name_, "VACUUM ANALYZE");
  }

  // What really happened, as EXPLAIN tells it.
  Json plan(const SqlQuery& query) { return explain(*reader_, "ANALYZE, BUFFERS, ", query); }
  // What would happen, without the settings of readers.
  Json plan_only(const SqlQuery& query) { return explain(*writer_, "", query); }

 private:
  static Json explain(SqlConnection& connection, const std::string& how, const SqlQuery& query) {
    std::string text;
    connection.query("EXPLAIN (" + how + "FORMAT JSON) " + query.text, query.params,
                     [&](const SqlRow& row) { text += row.text(0); });
    return Json::parse(text).at(0).at("Plan");
  }
  std::unique_ptr<PostgresConnection> connect(const std::string& url,
                                              PostgresConnection::Mode mode) const {
    return std::make_unique<PostgresConnection>(
        std::make_shared<PostgresServer>(url, clock_),
        PostgresConnection::Options{mode, Millis(30'000), nullptr});
  }

  SystemClock clock_;
  std::string name_;
  std::unique_ptr<PostgresConnection> reader_;
  std::unique_ptr<PostgresConnection> writer_;
};

BigDatabase& database() {
  static BigDatabase instance;
  return instance;
}

struct Summary {
  std::string indexes;  // in the order of the plan
  std::string tables;   // likewise
  bool scans = false;
  bool sorts = false;
  std::int64_t pages = 0;
};

void summarize(const Json& node, Summary& summary) {
  const auto type = node.at("Node Type").get<std::string>();
  summary.scans |= type == "Seq Scan" || type.find("Bitmap") != std::string::npos;
  // An incremental sort only orders rows that the index gave out as equal.
  summary.sorts |= type == "Sort";
  if (node.contains("Relation Name")) {
    summary.tables += node.at("Relation Name").get<std::string>() + " ";
  }
  if (node.contains("Index Name")) {
    summary.indexes += node.at("Index Name").get<std::string>() + " ";
  }
  if (node.contains("Plans")) {
    for (const Json& child : node.at("Plans")) summarize(child, summary);
  }
}

Summary summary_of(const SqlQuery& query) {
  const Json plan = database().plan(query);
  Summary summary;
  summary.pages = plan.at("Shared Hit Blocks").get<std::int64_t>() +
                  plan.at("Shared Read Blocks").get<std::int64_t>();
  summarize(plan, summary);
  return summary;
}

// `most_pages` of 8 KB; the table has tens of thousands.
void check_page(const SqlQuery& query, const std::string& index, std::int64_t most_pages) {
  const Summary summary = summary_of(query);
  CAPTURE(query.text);
  CAPTURE(summary.indexes);
  CHECK(summary.indexes.find(index) != std::string::npos);
  CHECK(summary.indexes != "");
  CHECK_FALSE(summary.scans);
  CHECK_FALSE(summary.sorts);
  CHECK(summary.pages <= most_pages);
}

// Of a window of 20,000 rows, and of one page.
constexpr std::int64_t kWindowPages = 4'000;
constexpr std::int64_t kPagePages = 300;

struct Filter {
  const char* name;
  void (*set)(RecordQuery&);
  const char* index;
};

const Filter kFilters[] = {
    {"none", [](RecordQuery&) {}, "requests_pkey"},
    {"until", [](RecordQuery& q) { q.until = testing::at_second(kRows / 2); }, "requests_pkey"},
    {"session", [](RecordQuery& q) { q.session_id = "s-77"; }, "requests_by_session_hash"},
    {"resource", [](RecordQuery& q) { q.resource_id = "openai-5"; }, "requests_pkey"},
    {"pool", [](RecordQuery& q) { q.pool_id = "no-such"; }, "requests_pkey"},
    {"requested pool", [](RecordQuery& q) { q.requested_pool_id = "wish-7"; }, "requests_pkey"},
    {"caller", [](RecordQuery& q) { q.caller = "caller-7"; }, "requests_pkey"},
    {"unknown model", [](RecordQuery& q) { q.model = "no-such"; }, "requests_pkey"},
    {"status", [](RecordQuery& q) { q.status = 502; }, "requests_by_status"},
    {"status 200", [](RecordQuery& q) { q.status = 200; }, "requests_pkey"},
    {"status 5xx", [](RecordQuery& q) { q.status_class = 5; }, "requests_by_status_class"},
};

}  // namespace

TEST_CASE("Postgres: every list reads one page of a big table through an index, or a window") {
  for (const Filter& filter : kFilters) {
    for (const bool later : {false, true}) {
      CAPTURE(filter.name);
      CAPTURE(later);
      RecordQuery query;
      filter.set(query);
      std::optional<std::int64_t> before;
      if (later) before = first_key_at(testing::at_second(kRows / 2));
      KeyRange keys = keys_of(query, before);
      if (needs_window(query)) {
        check_page(window_query(keys), "requests_pkey", kPagePages);
        keys.from = first_key_at(testing::at_second((later ? kRows / 2 : kRows) - kWindowRows));
      }
      const auto segment = by_segments(query) ? std::optional(std::int64_t{1}) : std::nullopt;
      check_page(requests_query(query, keys, segment), filter.index,
                 needs_window(query) ? kWindowPages : kPagePages);
    }
  }
}

TEST_CASE("Postgres: sessions come in the order of their index") {
  RecordQuery query;
  check_page(sessions_query(query), "sessions_by_time", 200);
  const Cursor behind{testing::kFirstMicros + (kRows - 5'000) * 1'000'000, 0, "s-1"};
  check_page(sessions_query(query, behind), "sessions_by_time", 200);
  query.session_id = "s-77";
  CHECK_FALSE(summary_of(sessions_query(query)).scans);
}

TEST_CASE("Postgres: look-ups of single rows use their index") {
  const Summary response = summary_of(resource_of_response_query("resp_4711"));
  CHECK(response.indexes.find("requests_by_response_hash") != std::string::npos);
  CHECK(response.pages < 50);
  const std::string id = testing::many_id(4'711);
  for (const SqlQuery& query :
       {request_by_time_query(id, testing::at_second(4'711)), request_by_id_query("host-4707")}) {
    const Summary one = summary_of(query);
    CAPTURE(one.indexes);
    CHECK_FALSE(one.scans);
    CHECK(one.pages < 20);
  }
}

TEST_CASE("Postgres: usage is read from its sums") {
  for (const UsageBy by :
       {UsageBy::day, UsageBy::model, UsageBy::resource, UsageBy::session, UsageBy::caller}) {
    for (const bool of_session : {false, true}) {
      RecordQuery query;
      query.since = testing::at_second(kRows - 5'000);
      if (of_session) query.session_id = "s-77";
      const SqlQuery sql = usage_query(by, query);
      const Summary summary = summary_of(sql);
      CAPTURE(sql.text);
      CAPTURE(summary.indexes);
      CAPTURE(summary.tables);
      if (of_session) {
        CHECK(summary.indexes.find("usage_session_days_pkey") != std::string::npos);
        CHECK_FALSE(summary.scans);
        CHECK(summary.pages < 100);
      } else {
        // One of the two, whole where its index would not save much: three days are in it.
        CHECK(summary.tables == (by == UsageBy::session ? "usage_session_days " : "usage_days "));
      }
    }
  }
}

TEST_CASE("Postgres: a batch of deletions reads its own rows only") {
  for (const SqlQuery& deletion : deletions(testing::at_second(kRows / 2), 250)) {
    const Json plan = database().plan_only(deletion);
    Summary summary;
    summarize(plan, summary);
    CAPTURE(deletion.text);
    CAPTURE(plan.dump(2));
    CHECK(summary.indexes != "");
    CHECK_FALSE(summary.scans);
  }
}
