// What every TelemetrySink must do. Run it on an implementation with
//   TELEMETRY_SINK_CONTRACT(Backend)
// where Backend is default-constructible, starts with an empty database and has
//   std::unique_ptr<TelemetrySink> open(std::size_t capacity, bool with_spool);
//   RecordQueries& records();   // where the records end up
//   void break_down();        // from now on the stage behind the sink takes nothing ...
//   void mend();              // ... until now
// break_down() is called only when all records are in the database.
#pragma once

#include <doctest/doctest.h>

#include <memory>
#include <set>
#include <string>
#include <vector>

#include "fakes/sample_records.h"
#include "fakes/wait_until.h"
#include "responses_proxy/record_queries.h"
#include "responses_proxy/telemetry_sink.h"

namespace responses_proxy::testing {

inline constexpr Millis kPatience{60'000};  // longer than anything should take

inline RequestRecord numbered(int number) {
  RequestRecord record = sample_record(std::to_string(number), at_second(number));
  record.session_id = "session";
  record.request_body.clear();  // lists are without them
  record.response_body.clear();
  return record;
}

inline void record_range(TelemetrySink& sink, int from, int to) {
  for (int i = from; i < to; ++i) sink.record(numbered(i));
}

// Every row there is, a request that is there twice twice.
inline std::vector<RequestRecord> all_rows(RecordQueries& records) {
  std::vector<RequestRecord> rows;
  RecordQuery query;
  query.limit = RecordQuery::kMaxPage;
  do {
    auto page = records.requests(query);
    rows.insert(rows.end(), page.rows.begin(), page.rows.end());
    query.cursor = page.next_cursor;
  } while (!query.cursor.empty());
  return rows;
}

// Waits for `count` rows; they must be those of the numbers from 0 on, and be counted once.
inline void check_rows(RecordQueries& records, std::size_t count) {
  CHECK(wait_until([&] { return all_rows(records).size() >= count; }));
  std::set<std::string> ids;
  for (const RequestRecord& row : all_rows(records)) CHECK(ids.insert(row.request_id).second);
  CHECK(ids.size() == count);
  for (std::size_t i = 0; i < count; ++i) CHECK(ids.contains(std::to_string(i)));
  const auto sessions = records.sessions({}).rows;
  REQUIRE(sessions.size() == (count > 0 ? 1 : 0));
  if (count > 0) CHECK(sessions[0].request_count == static_cast<std::int64_t>(count));
}

}  // namespace responses_proxy::testing

#define TELEMETRY_SINK_CONTRACT(Backend)                                                   \
  using namespace responses_proxy;                                                         \
  using namespace responses_proxy::testing;                                                \
  TEST_CASE(#Backend ": what is recorded is in the database, once and as it was") {        \
    Backend backend;                                                                       \
    const auto sink = backend.open(1'000, true);                                           \
    CHECK(sink->flush(kPatience));                                                         \
    record_range(*sink, 0, 300);                                                           \
    CHECK(sink->flush(kPatience));                                                         \
    check_rows(backend.records(), 300);                                                    \
    CHECK(all_rows(backend.records()).back() == numbered(0));                              \
    const TelemetryStats stats = sink->stats();                                            \
    CHECK(stats.recorded == 300);                                                          \
    CHECK(stats.written == 300);                                                           \
    CHECK(stats.dropped == 0);                                                             \
    CHECK(stats.queued == 0);                                                              \
    CHECK(stats.spooled == 0);                                                             \
  }                                                                                        \
  TEST_CASE(#Backend ": a request recorded twice is there once") {                         \
    Backend backend;                                                                       \
    const auto sink = backend.open(1'000, true);                                           \
    record_range(*sink, 0, 5);                                                             \
    CHECK(sink->flush(kPatience));                                                         \
    record_range(*sink, 3, 8);                                                             \
    CHECK(sink->flush(kPatience));                                                         \
    check_rows(backend.records(), 8);                                                      \
  }                                                                                        \
  TEST_CASE(#Backend ": records from many threads all arrive") {                           \
    Backend backend;                                                                       \
    const auto sink = backend.open(10'000, true);                                          \
    std::vector<std::thread> threads;                                                      \
    for (int i = 0; i < 4; ++i) {                                                          \
      threads.emplace_back([&sink, i] { record_range(*sink, i * 200, i * 200 + 200); });   \
    }                                                                                      \
    for (auto& thread : threads) thread.join();                                            \
    CHECK(sink->flush(kPatience));                                                         \
    check_rows(backend.records(), 800);                                                    \
  }                                                                                        \
  TEST_CASE(#Backend ": what is queued when the sink ends arrives as well") {              \
    Backend backend;                                                                       \
    record_range(*backend.open(1'000, true), 0, 100);                                      \
    check_rows(backend.records(), 100);                                                    \
  }                                                                                        \
  TEST_CASE(#Backend ": an outage loses nothing") {                                        \
    Backend backend;                                                                       \
    const auto sink = backend.open(100, true);                                             \
    record_range(*sink, 0, 10);                                                            \
    CHECK(sink->flush(kPatience));                                                         \
    check_rows(backend.records(), 10);                                                     \
    backend.break_down();                                                                  \
    for (int i = 10; i < 500; i += 70) {                                                   \
      record_range(*sink, i, i + 70);                                                      \
      CHECK(sink->flush(kPatience)); /* in the spool */                                    \
    }                                                                                      \
    CHECK(sink->stats().spooled == 490);                                                   \
    backend.mend();                                                                        \
    check_rows(backend.records(), 500);                                                    \
    CHECK(wait_until([&] { return sink->stats().spooled == 0; }));                         \
    CHECK(sink->stats().written == 500);                                                   \
    CHECK(sink->stats().dropped == 0);                                                     \
  }                                                                                        \
  TEST_CASE(#Backend ": what a sink spooled is replayed by the next one") {                \
    Backend backend;                                                                       \
    backend.break_down();                                                                  \
    {                                                                                      \
      const auto sink = backend.open(100, true);                                           \
      record_range(*sink, 0, 50);                                                          \
      CHECK(sink->flush(kPatience));                                                       \
    }                                                                                      \
    backend.mend();                                                                        \
    const auto next = backend.open(100, true);                                             \
    check_rows(backend.records(), 50);                                                     \
  }                                                                                        \
  TEST_CASE(#Backend ": without room, what is dropped is counted, and the rest arrives") { \
    Backend backend;                                                                       \
    backend.break_down();                                                                  \
    const auto sink = backend.open(50, false);                                             \
    record_range(*sink, 0, 80);                                                            \
    CHECK_FALSE(sink->flush(Millis(1)));                                                   \
    CHECK(sink->stats().recorded == 50);                                                   \
    CHECK(sink->stats().dropped == 30);                                                    \
    backend.mend();                                                                        \
    CHECK(sink->flush(kPatience));                                                         \
    check_rows(backend.records(), 50);                                                     \
    CHECK(sink->stats().written == 50);                                                    \
    CHECK(sink->stats().dropped == 30);                                                    \
  }                                                                                        \
  static_assert(true)
