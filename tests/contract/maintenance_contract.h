// What tidying up must do to a database of records, whichever it is; see records_contract.h.
#pragma once

#include <doctest/doctest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "fakes/manual_clock.h"
#include "fakes/record_database.h"
#include "fakes/sample_records.h"
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

// As an earlier version has left it: nothing is added up.
inline void forget_sums(RecordDatabase& store) {
  store.database->write([](SqlConnection& connection) {
    connection.execute("DELETE FROM usage_days");
    connection.execute("DELETE FROM usage_session_days");
    connection.execute("UPDATE requests SET summed = 0");
    connection.execute("UPDATE maintenance SET summed_at = 0, summed_id = '', sum_until = 0");
  });
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

TEST_CASE_TEMPLATE_DEFINE("maintenance: what an earlier version wrote is added up once", Backend,
                          rm_sums) {
  using namespace responses_proxy;
  using namespace responses_proxy::testing;
  Backend backend;
  const auto store = backend.open();
  constexpr int kRecords = 2 * RecordMaintenance::kSumBatch + 5;
  store->writer.write(many_records(kRecords));
  const auto expected = all_usage(*store);
  forget_sums(*store);
  REQUIRE(all_usage(*store).empty());
  ManualClock clock;
  go_to(clock, kRecords + 3'600);
  RecordMaintenance maintenance(*store->database, clock, std::chrono::days(0), ignore_log);

  SUBCASE("in batches") {
    CHECK(tend_all(maintenance) == 3);
    CHECK(all_usage(*store) == expected);
    CHECK(tend_all(maintenance) == 1);
    CHECK(all_usage(*store) == expected);
  }
  SUBCASE("by several processes, which go on where another one has stopped") {
    const auto replica = backend.open();
    RecordMaintenance other(*replica->database, clock, std::chrono::days(0), ignore_log);
    CHECK(maintenance.tend() == RecordMaintenance::kPause);
    CHECK(other.tend() == RecordMaintenance::kPause);
    CHECK(maintenance.tend() == RecordMaintenance::kRest);
    CHECK(tend_all(other) == 1);
    CHECK(all_usage(*store) == expected);
  }
  SUBCASE("beside records that this version writes") {
    CHECK(maintenance.tend() == RecordMaintenance::kPause);
    RequestRecord early = sample_record("early", at_second(1));
    RequestRecord late = sample_record("late", at_second(kRecords + 1));
    store->writer.write(std::vector{early, late});
    tend_all(maintenance);
    const auto sums = store->queries.usage(UsageBy::day, {});
    REQUIRE(sums.size() == 1);
    CHECK(sums[0].requests == kRecords + 2);
  }
}

TEST_CASE_TEMPLATE_DEFINE("maintenance: an earlier version may go on writing for an hour", Backend,
                          rm_earlier) {
  using namespace responses_proxy;
  using namespace responses_proxy::testing;
  Backend backend;
  const auto store = backend.open();
  constexpr int kStart = 1'000;
  ManualClock clock;
  go_to(clock, kStart);
  RecordMaintenance maintenance(*store->database, clock, std::chrono::days(0), ignore_log);
  const auto write_as_before = [&](const std::string& id, int second) {
    store->writer.write(std::vector{sample_record(id, at_second(second))});
    store->database->write([&](SqlConnection& connection) {
      const SqlValue name = id;
      connection.execute("UPDATE requests SET summed = 0 WHERE request_id = $1", {&name, 1});
      connection.execute("DELETE FROM usage_days");
    });
  };
  const auto requests = [&] {
    const auto sums = store->queries.usage(UsageBy::day, {});
    return sums.empty() ? 0 : sums[0].requests;
  };
  tend_all(maintenance);
  write_as_before("soon", kStart + 10);
  tend_all(maintenance);
  CHECK(requests() == 0);  // others of that moment may still be on their way
  go_to(clock, kStart + 100);
  tend_all(maintenance);
  CHECK(requests() == 1);

  go_to(clock, kStart + 2 * 3'600);
  tend_all(maintenance);
  write_as_before("much later", kStart + 3'599);
  tend_all(maintenance);
  CHECK(requests() == 0);
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
    CHECK(rows_of(*store, "attempts") == 1);
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
    forget_sums(*store);
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

#define MAINTENANCE_CONTRACT(Backend)             \
  TEST_CASE_TEMPLATE_INVOKE(rm_sums, Backend);    \
  TEST_CASE_TEMPLATE_INVOKE(rm_earlier, Backend); \
  TEST_CASE_TEMPLATE_INVOKE(rm_delete, Backend);  \
  TEST_CASE_TEMPLATE_INVOKE(rm_failure, Backend)
