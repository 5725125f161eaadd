// A page must cost what it shows: found through an index, in the order of that index.
#include <doctest/doctest.h>

#include "fakes/sample_records.h"
#include "fakes/temp_folder.h"
#include "sqlite/sqlite_connection.h"
#include "storage/list_sql.h"
#include "storage/migrations.h"
#include "storage/record_maintenance.h"
#include "unit/storage/many_rows.h"

using namespace responses_proxy;

namespace {

constexpr int kRows = 100'000;

struct TestDatabase {
  TestDatabase() {
    migrate(connection);
    SqlTransaction transaction(connection);
    connection.execute(testing::fill_requests("(WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL "
                                              "SELECT i + 1 FROM n WHERE i < " +
                                              std::to_string(kRows - 1) + ") SELECT i FROM n)"),
                       {});
    for (const std::string& statement : testing::kFillTheRest) connection.execute(statement, {});
    transaction.commit();
  }

  std::string plan(const SqlQuery& query) {
    std::string steps;
    connection.query("EXPLAIN QUERY PLAN " + query.text, query.params,
                     [&](const SqlRow& row) { steps += row.text(3) + "\n"; });
    return steps;
  }

  testing::TempFolder folder;
  SqliteConnection connection{(folder.path() / "db").string(), SqliteConnection::Mode::write};
};

// As the program leaves it.
struct WithoutStatistics {
  static TestDatabase& database() {
    static TestDatabase instance;
    return instance;
  }
};

// As somebody leaves it who has run ANALYZE.
struct WithStatistics {
  static TestDatabase& database() {
    static TestDatabase instance;
    static const bool once = (instance.connection.execute("ANALYZE", {}), true);
    static_cast<void>(once);
    return instance;
  }
};

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

void check_page(const std::string& plan, const std::string& index) {
  CAPTURE(plan);
  CHECK(has(plan, "INDEX " + index));
  CHECK_FALSE(has(plan, "TEMP B-TREE"));
}

const Cursor kCursor{1795219200000000, 1, "req"};

struct Filter {
  const char* name;
  void (*set)(RecordQuery&);
  const char* requests_index;
  const char* decisions_index;
};

const Filter kFilters[] = {
    {"none", [](RecordQuery&) {}, "requests_by_time", "requests_by_time"},
    {"since", [](RecordQuery& q) { q.since = testing::at_second(0); }, "requests_by_time",
     "requests_by_time"},
    {"until", [](RecordQuery& q) { q.until = testing::at_second(0); }, "requests_by_time",
     "requests_by_time"},
    {"session", [](RecordQuery& q) { q.session_id = "s"; }, "requests_by_session",
     "requests_by_session"},
    {"resource", [](RecordQuery& q) { q.resource_id = "r"; }, "attempts_by_resource",
     "attempts_by_resource"},
    {"pool", [](RecordQuery& q) { q.pool_id = "p"; }, "attempts_by_pool", "attempts_by_pool"},
    {"requested pool", [](RecordQuery& q) { q.requested_pool_id = "p"; }, "requests_by_asked_pool",
     "requests_by_asked_pool"},
    {"caller", [](RecordQuery& q) { q.caller = "c"; }, "requests_by_caller", "requests_by_caller"},
    {"model", [](RecordQuery& q) { q.model = "m"; }, "requests_by_model", "requests_by_model"},
    {"status", [](RecordQuery& q) { q.status = 502; }, "requests_by_status", "requests_by_status"},
    {"status 200", [](RecordQuery& q) { q.status = 200; }, "requests_by_time", "requests_by_time"},
    {"status 4xx", [](RecordQuery& q) { q.status_class = 4; }, "requests_by_status_class",
     "requests_by_status_class"},
    {"status 2xx", [](RecordQuery& q) { q.status_class = 2; }, "requests_by_time",
     "requests_by_time"},
};

}  // namespace

TEST_CASE_TEMPLATE("lists follow an index for every filter, on the first page and on later ones",
                   Statistics, WithoutStatistics, WithStatistics) {
  TestDatabase& database = Statistics::database();
  for (const Filter& filter : kFilters) {
    for (const bool later : {false, true}) {
      for (const bool in_time : {false, true}) {
        CAPTURE(filter.name);
        CAPTURE(later);
        RecordQuery query;
        filter.set(query);
        if (in_time) query.since = testing::at_second(-100);
        const Behind behind = later ? Behind(kCursor) : Behind();
        check_page(database.plan(requests_query(query, behind)), filter.requests_index);
        check_page(database.plan(decisions_query(query, behind)), filter.decisions_index);
      }
    }
  }
}

TEST_CASE_TEMPLATE("a later page starts at its cursor instead of reading up to it", Statistics,
                   WithoutStatistics, WithStatistics) {
  TestDatabase& database = Statistics::database();
  RecordQuery query;
  CHECK(has(database.plan(requests_query(query, kCursor)), "(created_at,request_id)<(?,?)"));
  CHECK(has(database.plan(decisions_query(query, kCursor)), "(created_at,request_id)<(?,?)"));
  CHECK(has(database.plan(sessions_query(query, kCursor)), "(last_seen_at,session_id)<(?,?)"));
  query.session_id = "s";
  CHECK(has(database.plan(requests_query(query, kCursor)),
            "session_id=? AND (created_at,request_id)<(?,?)"));
  query.session_id.reset();
  query.resource_id = "r";
  CHECK(has(database.plan(decisions_query(query, kCursor)),
            "resource_id=? AND (created_at,request_id,attempt)<(?,?,?)"));
  CHECK(has(database.plan(requests_query(query, kCursor)),
            "resource_id=? AND (created_at,request_id)<(?,?)"));
}

TEST_CASE_TEMPLATE("sessions come in the order of their index; one session is found by its key",
                   Statistics, WithoutStatistics, WithStatistics) {
  TestDatabase& database = Statistics::database();
  RecordQuery query;
  check_page(database.plan(sessions_query(query)), "sessions_by_time");
  query.model = "m";
  check_page(database.plan(sessions_query(query)), "sessions_by_time");
  query = {};
  query.session_id = "s";
  CHECK(has(database.plan(sessions_query(query)), "session_id=?"));
}

TEST_CASE_TEMPLATE("look-ups of single rows use their index", Statistics, WithoutStatistics,
                   WithStatistics) {
  TestDatabase& database = Statistics::database();
  CHECK(has(database.plan(resource_of_response_query("resp_1")), "INDEX requests_by_response"));
  RecordQuery by_id;
  by_id.request_id = "one";
  CHECK(has(database.plan(requests_query(by_id)), "(request_id=?)"));
  const RequestRecord one = testing::sample_record("one", testing::at_second(0));
  const std::string plan = database.plan(attempts_query({&one, 1}));
  CHECK(has(plan, "SEARCH a USING INDEX"));
  CHECK_FALSE(has(plan, "SCAN a"));
}

TEST_CASE_TEMPLATE("usage is read from its sums, whatever it is grouped and filtered by",
                   Statistics, WithoutStatistics, WithStatistics) {
  TestDatabase& database = Statistics::database();
  for (const UsageBy by :
       {UsageBy::day, UsageBy::model, UsageBy::resource, UsageBy::session, UsageBy::caller}) {
    for (const Filter& filter : kFilters) {
      RecordQuery query;
      filter.set(query);
      const std::string plan = database.plan(usage_query(by, query));
      CAPTURE(plan);
      CHECK(has(plan, " usage_"));
      CHECK_FALSE(has(plan, "requests"));
      CHECK_FALSE(has(plan, "attempts"));
      if (query.since) CHECK(has(plan, "(day>?"));
      if (query.session_id) CHECK(has(plan, "INDEX usage_session_days_by_session (session_id=?"));
    }
  }
}

TEST_CASE_TEMPLATE("a batch of deletions reads its own rows only", Statistics, WithoutStatistics,
                   WithStatistics) {
  TestDatabase& database = Statistics::database();
  for (const SqlQuery& deletion : deletions(testing::at_second(0), 250)) {
    const std::string plan = database.plan(deletion);
    CAPTURE(plan);
    CHECK_FALSE(has(plan, "SCAN"));
    CHECK_FALSE(has(plan, "TEMP B-TREE"));
  }
}
