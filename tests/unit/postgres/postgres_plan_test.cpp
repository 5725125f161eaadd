// A page must cost what it shows, however big the table is: found through an index, in the
// order of that index.
#include <doctest/doctest.h>

#include "core/json.h"
#include "databases/open_database.h"
#include "fakes/sample_records.h"
#include "postgres/postgres_connection.h"
#include "storage/list_sql.h"
#include "unit/postgres/postgres_test.h"

using namespace responses_proxy;
using testing::postgres;

namespace {

constexpr std::int64_t kRows = 200'000;  // the same plans as with a million, in a fifth of the time
constexpr std::int64_t kFirst = 1'795'219'200'000'000;  // at_second(0), and one row per second

std::string fill(std::int64_t rows) {
  return "INSERT INTO requests SELECT 'req_' || md5(i::text), " + std::to_string(kFirst) +
         " + i * 1000000, 'POST', '/v1/responses', 1, 's-' || i % 20000, '', CASE WHEN i % 50 = 0 "
         "THEN 'wish-' || i / 50 % 10 ELSE '' END, 'gpt-' || i % 10, '', '', 'resp_' || i, CASE "
         "WHEN i % 100 = 0 THEN 500 + i / 100 % 4 "
         "ELSE 200 END, 1, 'none', '', '', 100, 20, 120, 60, 5, 4321, 98765, 1234, 812999, 401100, "
         "97, 'openai-' || i % 8, 'environment', 'pool-' || i % 3, '', '', '', "
         "'caller-' || i % 5000 "
         "FROM generate_series(0::bigint, " +
         std::to_string(rows - 1) + ") i";
}

constexpr const char* kFillAttempts =
    "INSERT INTO attempts SELECT request_id, 1, created_at, resource_id, provider_id, pool_id, "
    "'session_affinity', created_at, 812345, 401002, status_code, 'none', '', '' FROM requests";

constexpr const char* kFillSessions =
    "INSERT INTO sessions SELECT session_id, '', MAX(resource_id), MAX(pool_id), MAX(model), 200, "
    "MIN(created_at), MAX(created_at), COUNT(*), 0, 1, 1, 1, 1, 1 FROM requests "
    "GROUP BY session_id";

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
    postgres().sql(name_, "SET session_replication_role = replica; " + fill(kRows) + "; " +
                              kFillAttempts + "; " + kFillSessions);
    postgres().sql(name_, indexes);
    postgres().sql(name_, "VACUUM ANALYZE");
    connection_ = std::make_unique<PostgresConnection>(
        std::make_shared<PostgresServer>(url, clock_),
        PostgresConnection::Options{PostgresConnection::Mode::read, Millis(30'000), nullptr});
  }

  // What really happened, as EXPLAIN tells it.
  Json plan(const SqlQuery& query) {
    std::string text;
    connection_->query("EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) " + query.text, query.params,
                       [&](const SqlRow& row) { text += row.text(0); });
    return Json::parse(text).at(0).at("Plan");
  }

 private:
  SystemClock clock_;
  std::string name_;
  std::unique_ptr<PostgresConnection> connection_;
};

BigDatabase& database() {
  static BigDatabase instance;
  return instance;
}

struct Summary {
  std::string indexes;  // in the order of the plan
  bool scans = false;
  bool sorts = false;
  std::int64_t pages = 0;
};

void summarize(const Json& node, Summary& summary) {
  const auto type = node.at("Node Type").get<std::string>();
  summary.scans |= type == "Seq Scan" || type.find("Bitmap") != std::string::npos;
  // An incremental sort only orders rows that the index gave out as equal.
  summary.sorts |= type == "Sort";
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

// Where every tenth row matches or more, the index of time serves as well: "" = either.
struct Filter {
  const char* name;
  void (*set)(RecordQuery&);
  const char* requests_index;
  const char* decisions_index;
};

const Filter kFilters[] = {
    {"none", [](RecordQuery&) {}, "requests_by_time", "requests_by_time"},
    {"until", [](RecordQuery& q) { q.until = testing::at_second(kRows / 2); }, "requests_by_time",
     "requests_by_time"},
    {"session", [](RecordQuery& q) { q.session_id = "s-77"; }, "requests_by_session",
     "requests_by_session"},
    {"resource", [](RecordQuery& q) { q.resource_id = "openai-5"; }, "attempts_by_resource",
     "attempts_by_resource"},
    {"pool", [](RecordQuery& q) { q.pool_id = "pool-1"; }, "attempts_by_pool", "attempts_by_pool"},
    {"requested pool", [](RecordQuery& q) { q.requested_pool_id = "wish-7"; },
     "requests_by_asked_pool", "requests_by_asked_pool"},
    {"caller", [](RecordQuery& q) { q.caller = "caller-7"; }, "requests_by_caller",
     "requests_by_caller"},
    {"model", [](RecordQuery& q) { q.model = "gpt-7"; }, "", ""},
    {"unknown model", [](RecordQuery& q) { q.model = "no-such"; }, "requests_by_model",
     "requests_by_model"},
    {"status", [](RecordQuery& q) { q.status = 502; }, "requests_by_status", "requests_by_status"},
    {"status 200", [](RecordQuery& q) { q.status = 200; }, "requests_by_time", "requests_by_time"},
    {"status 5xx", [](RecordQuery& q) { q.status_class = 5; }, "requests_by_status_class",
     "requests_by_status_class"},
};

}  // namespace

TEST_CASE("Postgres: every list reads one page of a big table through an index") {
  for (const Filter& filter : kFilters) {
    for (const bool later : {false, true}) {
      CAPTURE(filter.name);
      CAPTURE(later);
      RecordQuery query;
      filter.set(query);
      Behind behind;
      if (later) behind = Cursor{kFirst + kRows / 3 * 1'000'000, 1, "req_7"};
      check_page(requests_query(query, behind), filter.requests_index, 1'000);
      check_page(decisions_query(query, behind), filter.decisions_index, 1'000);
    }
  }
}

TEST_CASE("Postgres: sessions come in the order of their index") {
  RecordQuery query;
  check_page(sessions_query(query), "sessions_by_time", 200);
  const Cursor behind{kFirst + (kRows - 5'000) * 1'000'000, 0, "s-1"};
  check_page(sessions_query(query, behind), "sessions_by_time", 200);
  query.session_id = "s-77";
  CHECK_FALSE(summary_of(sessions_query(query)).scans);
}

TEST_CASE("Postgres: look-ups of single rows use their index") {
  const Summary response = summary_of(resource_of_response_query("resp_4711"));
  CHECK(response.indexes == "requests_by_response ");
  CHECK(response.pages < 20);
  const RequestRecord one = testing::sample_record("one", testing::at_second(0));
  CHECK(summary_of(attempts_query({&one, 1})).pages < 300);
}

TEST_CASE("Postgres: usage of a period reads that period only") {
  RecordQuery query;
  query.since = testing::at_second(kRows - 5'000);
  for (const UsageBy by :
       {UsageBy::day, UsageBy::model, UsageBy::resource, UsageBy::session, UsageBy::caller}) {
    const Summary summary = summary_of(usage_query(by, query));
    CHECK(summary.indexes == "requests_by_time ");
    CHECK(summary.pages < 1'000);
  }
  query = {};
  query.session_id = "s-77";
  CHECK(summary_of(usage_query(UsageBy::model, query)).indexes == "requests_by_session ");
}
