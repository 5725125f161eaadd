// A page must cost what it shows: found through an index, in the order of that index.
#include <doctest/doctest.h>

#include "fakes/record_database.h"
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
    testing::fill_tables(connection, kRows);
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
  CHECK(has(plan, index));
  CHECK_FALSE(has(plan, "TEMP B-TREE"));
}

const Cursor kCursor{1795219200000000, 1, "req"};

constexpr const char* kByKey = "SEARCH r USING INTEGER PRIMARY KEY (rowid>? AND rowid<?)";

struct Filter {
  const char* name;
  void (*set)(RecordQuery&);
  const char* index;
  bool window = false;
};

const Filter kFilters[] = {
    {"none", [](RecordQuery&) {}, kByKey},
    {"since", [](RecordQuery& q) { q.since = testing::at_second(0); }, kByKey},
    {"until", [](RecordQuery& q) { q.until = testing::at_second(0); }, kByKey},
    {"session", [](RecordQuery& q) { q.session_id = "s"; },
     "INDEX requests_by_session_hash (segment=? AND session_hash=? AND row_key>? AND row_key<?)"},
    {"no session", [](RecordQuery& q) { q.session_id = ""; }, kByKey, true},
    {"resource", [](RecordQuery& q) { q.resource_id = "r"; }, kByKey, true},
    {"pool", [](RecordQuery& q) { q.pool_id = "p"; }, kByKey, true},
    {"requested pool", [](RecordQuery& q) { q.requested_pool_id = "p"; }, kByKey, true},
    {"caller", [](RecordQuery& q) { q.caller = "c"; }, kByKey, true},
    {"model", [](RecordQuery& q) { q.model = "m"; }, kByKey, true},
    {"status", [](RecordQuery& q) { q.status = 502; }, "INDEX requests_by_status (status_code=?"},
    {"status 200", [](RecordQuery& q) { q.status = 200; }, kByKey, true},
    {"status 4xx", [](RecordQuery& q) { q.status_class = 4; }, "INDEX requests_by_status_class"},
    {"status 2xx", [](RecordQuery& q) { q.status_class = 2; }, kByKey, true},
};

}  // namespace

TEST_CASE_TEMPLATE("lists follow an index for every filter, or look at a window of the keys",
                   Statistics, WithoutStatistics, WithStatistics) {
  TestDatabase& database = Statistics::database();
  for (const Filter& filter : kFilters) {
    for (const bool later : {false, true}) {
      CAPTURE(filter.name);
      CAPTURE(later);
      RecordQuery query;
      filter.set(query);
      const auto before = later ? std::optional(cursor_key(kCursor)) : std::nullopt;
      const KeyRange keys = keys_of(query, before);
      const auto segment = by_segments(query) ? std::optional(std::int64_t{1}) : std::nullopt;
      check_page(database.plan(requests_query(query, keys, segment)), filter.index);
      CHECK(needs_window(query) == filter.window);
      if (filter.window) check_page(database.plan(window_query(keys)), kByKey);
    }
  }
}

TEST_CASE_TEMPLATE("a later page of sessions starts at its cursor instead of reading up to it",
                   Statistics, WithoutStatistics, WithStatistics) {
  TestDatabase& database = Statistics::database();
  CHECK(has(database.plan(sessions_query({}, kCursor)), "(last_seen_at,session_id)<(?,?)"));
}

TEST_CASE_TEMPLATE("sessions come in the order of their index; one session is found by its key",
                   Statistics, WithoutStatistics, WithStatistics) {
  TestDatabase& database = Statistics::database();
  RecordQuery query;
  check_page(database.plan(sessions_query(query)), "INDEX sessions_by_time");
  query.model = "m";
  check_page(database.plan(sessions_query(query)), "INDEX sessions_by_time");
  query = {};
  query.session_id = "s";
  CHECK(has(database.plan(sessions_query(query)), "session_id=?"));
}

TEST_CASE_TEMPLATE("look-ups of single rows use their index", Statistics, WithoutStatistics,
                   WithStatistics) {
  TestDatabase& database = Statistics::database();
  CHECK(has(database.plan(resource_of_response_query("resp_1")),
            "SEARCH r USING INDEX requests_by_response_hash (segment=? AND response_hash=?)"));
  CHECK(has(database.plan(earlier_resource_query("resp_1")), "INDEX requests_by_response"));
  CHECK(has(database.plan(request_by_time_query("req", testing::at_second(7))), kByKey));
  const std::string plan = database.plan(request_by_id_query("of a host"));
  CAPTURE(plan);
  CHECK(has(plan, "(request_id=?)"));
  CHECK(has(plan, "SEARCH r USING INTEGER PRIMARY KEY (rowid=?)"));
  CHECK(has(database.plan(bodies_query(1)), "SEARCH r USING INTEGER PRIMARY KEY (rowid=?)"));
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
      const bool of_session = query.session_id.has_value();
      const bool of_sessions = of_session || by == UsageBy::session;
      if (query.since) CHECK(has(plan, of_sessions ? "(stretch>?" : "(day>?"));
      if (of_session)
        CHECK(has(plan, "usage_session_days USING PRIMARY KEY (stretch=? AND session_id=?)"));
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

TEST_CASE("a filter that finds nothing looks at a window of rows, and says where to go on") {
  TestDatabase& database = WithoutStatistics::database();
  const auto store = testing::open_records("sqlite:///" + (database.folder.path() / "db").string());
  RecordQuery query;
  query.resource_id = "no-such";
  int pages = 0;
  do {
    const auto page = store->queries.requests(query);
    CHECK(page.rows.empty());
    query.cursor = page.next_cursor;
    ++pages;
  } while (!query.cursor.empty());
  CHECK(pages == kRows / kWindowRows + 1);

  query = {};
  query.caller = "caller-7";
  std::size_t found = 0;
  do {
    const auto page = store->queries.decisions(query);
    for (const DecisionRow& row : page.rows) CHECK(row.caller == "caller-7");
    found += page.rows.size();
    query.cursor = page.next_cursor;
  } while (!query.cursor.empty());
  CHECK(found == kRows / 5'000);
}
