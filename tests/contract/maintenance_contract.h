// What tidying up must do to a database of records, whichever it is; see records_contract.h.
#pragma once

#include <doctest/doctest.h>

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "fakes/manual_clock.h"
#include "fakes/record_database.h"
#include "fakes/sample_records.h"
#include "fakes/version_9.h"
#include "storage/record_maintenance.h"

namespace responses_proxy::testing {

inline void go_to(ManualClock& clock, std::int64_t second) {
  clock.advance(std::chrono::duration_cast<Millis>(at_second(second) - clock.wall()));
}

// Steps until there is nothing to do; their number.
inline int tend_all(RecordMaintenance& maintenance) {
  int steps = 1;
  while (maintenance.tend() == RecordMaintenance::kPause) ++steps;
  return steps;
}

inline std::int64_t rows_of(RecordDatabase& store, const std::string& from) {
  return store.database->read([&](SqlConnection& connection) {
    std::int64_t rows = -1;
    connection.query("SELECT COUNT(*) FROM " + from, {},
                     [&](const SqlRow& row) { rows = row.integer(0); });
    return rows;
  });
}

// What has been written, as the version before this one would have left it: added up nowhere.
inline void become_earlier(RecordDatabase& store, const std::vector<RequestRecord>& records) {
  store.database->write([](SqlConnection& connection) {
    // Its note of a background response does not go with the record.
    connection.execute("UPDATE background_usage SET request_key = NULL");
    for (const char* table : {"usage_days", "usage_session_days", "requests", "record_segments"}) {
      connection.execute(std::string("DELETE FROM ") + table);
    }
  });
  write_as_before(store, records, false);
}

inline std::vector<RequestRecord> all_requests(RecordDatabase& store) {
  RecordQuery query;
  query.with_bodies = true;
  query.limit = RecordQuery::kMaxPage;
  std::vector<RequestRecord> all;
  do {
    Page<RequestRecord> page = store.queries.requests(query);
    all.insert(all.end(), page.rows.begin(), page.rows.end());
    query.cursor = page.next_cursor;
  } while (!query.cursor.empty());
  return all;
}

// All that usage says, grouped by everything.
inline std::vector<std::pair<std::string, std::int64_t>> all_usage(RecordDatabase& store) {
  std::vector<std::pair<std::string, std::int64_t>> all;
  for (const UsageBy by :
       {UsageBy::day, UsageBy::model, UsageBy::resource, UsageBy::session, UsageBy::caller}) {
    RecordQuery query;
    query.limit = RecordQuery::kMaxPage;
    for (const UsageRow& row : store.queries.usage(by, query)) {
      all.emplace_back(row.key + "/requests", row.requests);
      all.emplace_back(row.key + "/errors", row.errors);
      all.emplace_back(row.key + "/tokens", row.usage.total.value_or(-1));
    }
  }
  return all;
}

// One a second: of three models, and every tenth one failed.
inline std::vector<RequestRecord> many_records(int count) {
  std::vector<RequestRecord> records;
  for (int i = 0; i < count; ++i) {
    const std::string id = "many-" + std::to_string(i);
    records.push_back(i % 10 == 0 ? failed_record(id, at_second(i))
                                  : sample_record(id, at_second(i)));
    records.back().model = "model-" + std::to_string(i % 3);
    records.back().session_id = "session-" + std::to_string(i % 7);
  }
  return records;
}

}  // namespace responses_proxy::testing

TEST_CASE_TEMPLATE_DEFINE("maintenance: what an earlier version wrote is moved and added up once",
                          Backend, rm_move) {
  using namespace responses_proxy;
  using namespace responses_proxy::testing;
  Backend backend;
  const auto store = backend.open();
  constexpr int kRecords = 2 * RecordMaintenance::kMoveBatch + 5;
  std::vector<RequestRecord> records = many_records(kRecords);
  records[0].background = true;
  records[0].usage.total = 1;
  records[1].attempts.clear();
  store->writer.write(records);
  const auto usage = all_usage(*store);
  const auto requests = all_requests(*store);
  REQUIRE(requests.size() == kRecords);
  become_earlier(*store, records);
  REQUIRE(all_usage(*store).empty());
  REQUIRE(all_requests(*store).empty());
  const ManualClock clock;
  RecordMaintenance maintenance(*store->database, clock, std::chrono::days(0), ignore_log);

  SUBCASE("in batches, the newest first") {
    CHECK(maintenance.tend() == RecordMaintenance::kPause);
    CHECK(store->queries.requests({}).rows.at(0).request_id == records.back().request_id);
    CHECK(rows_of(*store, "requests") == RecordMaintenance::kMoveBatch);
    // What is not there yet makes its response known already.
    CHECK(store->queries.resource_of_response(records[2].response_id) == "openai-1");
    CHECK(tend_all(maintenance) == 3);
    CHECK(all_usage(*store) == usage);
    CHECK(all_requests(*store) == requests);
    CHECK(tend_all(maintenance) == 1);
    CHECK(all_usage(*store) == usage);
    for (const char* table : {"requests_v9", "attempts_v9"}) CHECK(rows_of(*store, table) == 0);
  }
  SUBCASE("by several processes, which go on where another one has stopped") {
    const auto replica = backend.open();
    RecordMaintenance other(*replica->database, clock, std::chrono::days(0), ignore_log);
    CHECK(maintenance.tend() == RecordMaintenance::kPause);
    CHECK(other.tend() == RecordMaintenance::kPause);
    CHECK(tend_all(maintenance) == 2);
    CHECK(tend_all(other) == 1);
    CHECK(all_usage(*store) == usage);
    CHECK(all_requests(*store) == requests);
  }
  SUBCASE("beside records that this version writes, the same ones once more among them") {
    CHECK(maintenance.tend() == RecordMaintenance::kPause);
    const std::vector again{records[3], records.back(), sample_record("new", at_second(kRecords))};
    backend.open()->writer.write(again);
    tend_all(maintenance);
    store->writer.write(again);
    const auto sums = store->queries.usage(UsageBy::day, {});
    REQUIRE(sums.size() == 1);
    CHECK(sums[0].requests == kRecords + 1);
    CHECK(all_requests(*store).size() == kRecords + 1);
  }
  SUBCASE("sums that are there are not added to") {
    store->database->write(
        [](SqlConnection& connection) { connection.execute("UPDATE requests_v9 SET summed = 1"); });
    tend_all(maintenance);
    CHECK(all_usage(*store).empty());
    CHECK(all_requests(*store) == requests);
  }
  SUBCASE("the note of a background response goes with its record, once that is moved") {
    tend_all(maintenance);
    CHECK(rows_of(*store, "background_usage WHERE request_key IS NOT NULL") == 1);
    store->database->write(
        [](SqlConnection& connection) { connection.execute("DELETE FROM requests"); });
    CHECK(rows_of(*store, "background_usage") == 0);
  }
}

TEST_CASE_TEMPLATE_DEFINE("maintenance: the sums of sessions of schema 10 are moved once", Backend,
                          rm_move_sums) {
  using namespace responses_proxy;
  using namespace responses_proxy::testing;
  Backend backend;
  const auto store = backend.open();
  std::vector<RequestRecord> records;
  constexpr int kSessions = RecordMaintenance::kMoveBatch + 5;
  for (int i = 0; i < 2 * kSessions; ++i) {
    records.push_back(sample_record("r" + std::to_string(i), at_second(86'400 * (i % 2) + i)));
    records.back().session_id = "s-" + std::to_string(i / 2);
    records.back().model = i % 3 == 0 ? "one" : "other";
  }
  store->writer.write(records);
  const auto usage = all_usage(*store);
  const auto define = [&](const std::string& statement) {
    store->database->write([&](SqlConnection& connection) { connection.execute(statement); });
  };
  const std::string columns =
      "session_id, model, resource_id, pool_id, asked_pool_id, caller, status_code, requests, "
      "errors, input_tokens, output_tokens, total_tokens, cached_tokens, reasoning_tokens";
  define("INSERT INTO usage_session_days_v10 (day, " + columns + ") SELECT stretch / 1048576, " +
         columns + " FROM usage_session_days");
  const ManualClock clock;
  RecordMaintenance maintenance(*store->database, clock, std::chrono::days(0), ignore_log);

  SUBCASE("all of them") {
    define("DELETE FROM usage_session_days");
    CHECK(tend_all(maintenance) == 4);
    CHECK(all_usage(*store) == usage);
    CHECK(rows_of(*store, "usage_session_days_v10") == 0);
  }
  SUBCASE("beside those that are there") {
    tend_all(maintenance);
    tend_all(maintenance);
    const auto sessions = store->queries.usage(UsageBy::session, {});
    REQUIRE(!sessions.empty());
    for (const UsageRow& row : sessions) CHECK(row.requests == 4);
    CHECK(store->queries.usage(UsageBy::day, {}).at(0).requests == kSessions);
  }
}

TEST_CASE_TEMPLATE_DEFINE("maintenance: large bodies are moved a few at a time", Backend,
                          rm_move_bodies) {
  using namespace responses_proxy;
  using namespace responses_proxy::testing;
  Backend backend;
  const auto store = backend.open();
  std::vector<RequestRecord> records = many_records(3);
  for (RequestRecord& record : records) record.request_body.assign(5'000'000, 'b');
  write_as_before(*store, records, true);
  const ManualClock clock;
  RecordMaintenance maintenance(*store->database, clock, std::chrono::days(0), ignore_log);
  CHECK(tend_all(maintenance) == 4);
  std::reverse(records.begin(), records.end());
  CHECK((all_requests(*store) == records));
}

TEST_CASE_TEMPLATE_DEFINE("maintenance: records go when they are old enough", Backend, rm_delete) {
  using namespace responses_proxy;
  using namespace responses_proxy::testing;
  Backend backend;
  const auto store = backend.open();
  constexpr int kDay = 86'400;
  constexpr int kOld = 2 * RecordMaintenance::kDeleteBatch + 5;
  std::vector<RequestRecord> records = many_records(kOld);
  records[0].background = true;
  records[0].usage.total = 1;
  records.push_back(sample_record("new", at_second(20 * kDay)));
  records.back().session_id = "session-1";  // one of the old ones goes on
  store->writer.write(records);
  REQUIRE(rows_of(*store, "background_usage") == 1);
  const std::int64_t session_days = rows_of(*store, "usage_session_days");
  const auto by_model = store->queries.usage(UsageBy::model, {});
  ManualClock clock;
  go_to(clock, 30 * kDay + kOld);

  SUBCASE("never, without a limit") {
    RecordMaintenance maintenance(*store->database, clock, std::chrono::days(0), ignore_log);
    tend_all(maintenance);
    CHECK(rows_of(*store, "requests") == kOld + 1);
  }
  SUBCASE("not a moment earlier") {
    go_to(clock, 30 * kDay);
    RecordMaintenance maintenance(*store->database, clock, std::chrono::days(30), ignore_log);
    tend_all(maintenance);
    CHECK(rows_of(*store, "requests") == kOld + 1);
    go_to(clock, 30 * kDay + 2);
    tend_all(maintenance);
    CHECK(rows_of(*store, "requests") == kOld - 1);
  }
  SUBCASE("in batches, with all that belongs to them") {
    RecordMaintenance maintenance(*store->database, clock, std::chrono::days(30), ignore_log);
    CHECK(tend_all(maintenance) == 3);
    CHECK(rows_of(*store, "requests") == 1);
    CHECK(rows_of(*store, "left_attempts") == 0);
    CHECK(rows_of(*store, "request_keys") == 1);
    CHECK(rows_of(*store, "background_usage") == 0);
    CHECK(rows_of(*store, "usage_session_days") == session_days);  // the day is not over
    const auto sessions = store->queries.sessions({}).rows;
    REQUIRE(sessions.size() == 1);
    CHECK(sessions[0].session_id == "session-1");
    go_to(clock, 31 * kDay);
    tend_all(maintenance);
    CHECK(rows_of(*store, "usage_session_days") == 1);
    const auto after = store->queries.usage(UsageBy::model, {});
    REQUIRE(after.size() == by_model.size());
    for (std::size_t i = 0; i < after.size(); ++i) CHECK(after[i].requests == by_model[i].requests);
  }
  SUBCASE("by two processes") {
    const auto replica = backend.open();
    RecordMaintenance here(*store->database, clock, std::chrono::days(30), ignore_log);
    RecordMaintenance there(*replica->database, clock, std::chrono::days(30), ignore_log);
    here.tend();
    there.tend();
    here.tend();
    CHECK(rows_of(*store, "requests") == 1);
  }
  SUBCASE("what an earlier version wrote is added up before it goes") {
    become_earlier(*store, records);
    RecordMaintenance maintenance(*store->database, clock, std::chrono::days(30), ignore_log);
    tend_all(maintenance);
    CHECK(rows_of(*store, "requests") == 1);
    const auto after = store->queries.usage(UsageBy::model, {});
    REQUIRE(after.size() == by_model.size());
    for (std::size_t i = 0; i < after.size(); ++i) CHECK(after[i].requests == by_model[i].requests);
  }
}

TEST_CASE_TEMPLATE_DEFINE("maintenance: a failure is told once, and tried again", Backend,
                          rm_failure) {
  using namespace responses_proxy;
  using namespace responses_proxy::testing;
  Backend backend;
  const auto store = backend.open();
  store->writer.write(std::vector{sample_record("old", at_second(0))});
  ManualClock clock;
  go_to(clock, 40 * 86'400);
  std::vector<LogEvent> events;
  RecordMaintenance maintenance(*store->database, clock, std::chrono::days(30),
                                [&](const LogEvent& event) { events.push_back(event); });
  const auto define = [&](const std::string& statement) {
    store->database->write([&](SqlConnection& connection) { connection.execute(statement); });
  };
  define("ALTER TABLE maintenance RENAME TO elsewhere");
  CHECK(maintenance.tend() == RecordMaintenance::kRest);
  CHECK(maintenance.tend() == RecordMaintenance::kRest);
  REQUIRE(events.size() == 1);
  CHECK(events[0].event == "maintenance_failed");
  CHECK(events[0].message.find("maintenance") != std::string::npos);
  CHECK(rows_of(*store, "requests") == 1);
  define("ALTER TABLE elsewhere RENAME TO maintenance");
  tend_all(maintenance);
  CHECK(rows_of(*store, "requests") == 0);
  CHECK(events.size() == 1);
}

#define MAINTENANCE_CONTRACT(Backend)                 \
  TEST_CASE_TEMPLATE_INVOKE(rm_move, Backend);        \
  TEST_CASE_TEMPLATE_INVOKE(rm_move_sums, Backend);   \
  TEST_CASE_TEMPLATE_INVOKE(rm_move_bodies, Backend); \
  TEST_CASE_TEMPLATE_INVOKE(rm_delete, Backend);      \
  TEST_CASE_TEMPLATE_INVOKE(rm_failure, Backend)
