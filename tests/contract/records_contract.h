// What a database of records must do, whichever it is. Run it on one with
//   RECORDS_CONTRACT(Backend)
// where Backend is default-constructible and holds an empty database:
//   std::unique_ptr<RecordDatabase> open();   // the same database each time
#pragma once

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "fakes/filled_record.h"
#include "fakes/record_database.h"
#include "fakes/sample_records.h"
#include "storage/record_key.h"

namespace responses_proxy::testing {

inline std::vector<std::string> request_ids(const std::vector<RequestRecord>& records) {
  std::vector<std::string> ids;
  for (const auto& record : records) ids.push_back(record.request_id);
  return ids;
}

// "request/attempt" of each.
inline std::vector<std::string> decision_ids(const std::vector<DecisionRow>& rows) {
  std::vector<std::string> ids;
  for (const auto& row : rows) ids.push_back(row.request_id + "/" + std::to_string(row.attempt));
  return ids;
}

// All rows, page by page; `between` runs after each page.
template <class Row>
std::vector<Row> all_pages(
    const std::function<Page<Row>(const RecordQuery&)>& list, RecordQuery query,
    const std::function<void()>& between = [] {}) {
  std::vector<Row> rows;
  do {
    Page<Row> page = list(query);
    REQUIRE(page.rows.size() <= query.limit);
    rows.insert(rows.end(), page.rows.begin(), page.rows.end());
    query.cursor = page.next_cursor;
    between();
  } while (!query.cursor.empty());
  return rows;
}

// Five requests that differ in everything there is a filter for; newest first: e d c b a.
inline std::vector<RequestRecord> varied_records() {
  RequestRecord a = sample_record("a", at_second(0));
  RequestRecord b = failed_record("b", at_second(10));
  RequestRecord c = sample_record("c", at_second(20));
  c.caller = "bob";
  c.session_id = "s-2";
  c.model = "gpt-5.5-mini";
  c.status_code = 204;
  RequestRecord d = sample_record("d", at_second(90'000));
  d.caller = "bob";
  d.session_id = "s-2";
  d.session_name.clear();
  d.attempts.front().resource_id = "openai-2";
  d.attempts.front().pool_id = "batch";
  RequestRecord e = sample_record("e", at_second(90'010));  // refused before any attempt
  e.caller.clear();
  e.session_id.clear();
  e.requested_pool_id = "no-such-pool";
  e.status_code = 400;
  e.blame = Blame::client;
  e.usage = {};
  e.attempts.clear();
  return {a, b, c, d, e};
}

using Ids = std::vector<std::string>;

inline RecordQuery with_bodies(RecordQuery query) {
  query.with_bodies = true;
  return query;
}

template <class Value>
RecordQuery filter(std::optional<Value> RecordQuery::*member, Value value) {
  RecordQuery query;
  query.*member = std::move(value);
  return query;
}

inline RecordQuery between(WallTime since, WallTime until) {
  RecordQuery query;
  query.since = since;
  query.until = until;
  return query;
}

}  // namespace responses_proxy::testing

TEST_CASE_TEMPLATE_DEFINE("records: every field comes back", Backend, rs_round_trip) {
  using namespace responses_proxy;
  using namespace responses_proxy::testing;
  Backend backend;
  auto store = backend.open();
  RequestRecord full = sample_record("full", at_second(5) + std::chrono::microseconds(123'456));
  full.requested_pool_id = "default";
  const RequestRecord failed = failed_record("failed", at_second(4));
  RequestRecord bare;
  bare.request_id = "bare";
  bare.created_at = at_second(3);
  store->writer.write(std::vector{full, failed, bare});

  store.reset();
  const auto page = backend.open()->queries.requests({});
  REQUIRE(request_ids(page.rows) == Ids{"full", "failed", "bare"});
  CHECK(page.rows[0] == without_bodies(full));
  CHECK(page.rows[1] == without_bodies(failed));
  CHECK(page.rows[2] == bare);
  CHECK(page.next_cursor.empty());
}

TEST_CASE_TEMPLATE_DEFINE("records: every described field survives insert and select", Backend,
                          rs_fields) {
  using namespace responses_proxy;
  using namespace responses_proxy::testing;
  Backend backend;
  const auto store = backend.open();
  const RequestRecord record = filled_record();
  store->writer.write(std::vector{record});
  CHECK(store->queries.requests(with_bodies({})).rows == std::vector{record});
}

TEST_CASE_TEMPLATE_DEFINE("records: writing again changes nothing", Backend, rs_idempotent) {
  using namespace responses_proxy;
  using namespace responses_proxy::testing;
  Backend backend;
  const auto store = backend.open();
  const RequestRecord original = sample_record("one", at_second(0));
  RequestRecord other = original;
  other.status_code = 500;
  other.attempts.push_back(sample_attempt("openai-9", at_second(1)));
  store->writer.write(std::vector{original, other});
  store->writer.write(std::vector{other, original});
  store->writer.write({});

  CHECK(store->queries.requests({}).rows == std::vector{without_bodies(original)});
  CHECK(decision_ids(store->queries.decisions({}).rows) == Ids{"one/1"});
  const auto sessions = store->queries.sessions({}).rows;
  REQUIRE(sessions.size() == 1);
  CHECK(sessions[0].request_count == 1);
  CHECK(sessions[0].error_count == 0);
  CHECK(sessions[0].usage == original.usage);
}

TEST_CASE_TEMPLATE_DEFINE("records: those of one moment have places of their own", Backend,
                          rs_places) {
  using namespace responses_proxy;
  using namespace responses_proxy::testing;
  Backend backend;
  const auto store = backend.open();
  std::vector<RequestRecord> records;
  for (int i = 0; i < 200; ++i) {  // many have the same place, then
    records.push_back(sample_record("r" + std::to_string(i), at_second(0)));
    records.back().response_id = "resp_" + std::to_string(i);
    records.back().background = true;
  }
  store->writer.write(records);
  std::reverse(records.begin(), records.end());
  backend.open()->writer.write(records);
  RecordQuery query;
  query.limit = RecordQuery::kMaxPage;
  const auto ids = request_ids(store->queries.requests(query).rows);
  CHECK(ids.size() == records.size());
  CHECK(std::set<std::string>(ids.begin(), ids.end()).size() == records.size());
  for (const auto& record : records) {
    query.request_id = record.request_id;
    CHECK(request_ids(store->queries.requests(query).rows) == Ids{record.request_id});
  }
  CHECK(store->queries.sessions({}).rows.at(0).request_count == 200);
  const auto wrong_notes = store->database->read([](SqlConnection& connection) {
    std::int64_t rows = -1;
    connection.query(
        "SELECT COUNT(*) FROM background_usage b JOIN requests r ON r.row_key = b.request_key "
        "WHERE r.response_id <> b.response_id",
        {}, [&](const SqlRow& row) { rows = row.integer(0); });
    return rows;
  });
  CHECK(wrong_notes == 0);
}

TEST_CASE_TEMPLATE_DEFINE("records: an id that says when it was made is found by that", Backend,
                          rs_own_ids) {
  using namespace responses_proxy;
  using namespace responses_proxy::testing;
  Backend backend;
  const auto store = backend.open();
  const std::string id = "req_019f3a4c7b80000000000000002a";
  const WallTime began(std::chrono::milliseconds(0x019f3a4c7b80));
  RequestRecord made = sample_record(id, began + std::chrono::microseconds(999));
  RequestRecord claimed = sample_record("req_019f3a4c7b810000000000000002", at_second(0));
  RequestRecord beside = sample_record("req_019f3a4c7b80000000000000002b", began);
  store->writer.write(std::vector{made, claimed, beside});
  for (const RequestRecord& record : {made, claimed, beside}) {
    CHECK(store->queries.requests(filter(&RecordQuery::request_id, record.request_id)).rows ==
          std::vector{without_bodies(record)});
  }
}

TEST_CASE_TEMPLATE_DEFINE("records: pages have no gaps and no repeats while rows arrive", Backend,
                          rs_pages) {
  using namespace responses_proxy;
  using namespace responses_proxy::testing;
  Backend backend;
  const auto store = backend.open();
  std::vector<RequestRecord> records;
  std::set<std::string> expected;
  for (int i = 0; i < 40; ++i) {  // ten at each of four moments
    records.push_back(failed_record("m" + std::to_string(i), at_second(i / 10)));
    records.back().session_id = "session-" + std::to_string(i);
    expected.insert(records.back().request_id);
  }
  store->writer.write(records);

  int arrivals = 0;
  const auto insert_more = [&] {  // same moments, ids before, between and after the others
    for (const char* prefix : {"a", "m1", "z"}) {
      const std::string id = prefix + std::string("-new") + std::to_string(++arrivals);
      auto record = failed_record(id, at_second(arrivals % 4));
      record.session_id = "new-" + id;
      store->writer.write(std::vector{record});
    }
  };
  RecordQuery query;
  query.limit = 7;

  SUBCASE("requests") {
    const auto rows = all_pages<RequestRecord>(
        [&](const RecordQuery& q) { return store->queries.requests(q); }, query, insert_more);
    std::multiset<std::string> seen;
    for (const auto& row : rows) {
      seen.insert(row.request_id);
      CHECK(row.attempts.size() == 2);
    }
    for (const auto& id : expected) CHECK_MESSAGE(seen.count(id) == 1, id);
    CHECK(std::set<std::string>(seen.begin(), seen.end()).size() == seen.size());
    CHECK(std::is_sorted(rows.begin(), rows.end(), [](const auto& left, const auto& right) {
      return left.created_at > right.created_at;
    }));
  }
  SUBCASE("decisions") {
    const auto ids = decision_ids(all_pages<DecisionRow>(
        [&](const RecordQuery& q) { return store->queries.decisions(q); }, query, insert_more));
    const std::multiset<std::string> seen(ids.begin(), ids.end());
    for (const auto& id : expected) {
      CHECK_MESSAGE(seen.count(id + "/1") == 1, id);
      CHECK_MESSAGE(seen.count(id + "/2") == 1, id);
    }
    CHECK(std::set<std::string>(ids.begin(), ids.end()).size() == ids.size());
  }
  SUBCASE("decisions of one resource") {
    query.resource_id = "openai-2";
    const auto ids = decision_ids(all_pages<DecisionRow>(
        [&](const RecordQuery& q) { return store->queries.decisions(q); }, query, insert_more));
    const std::multiset<std::string> seen(ids.begin(), ids.end());
    for (const auto& id : expected) CHECK_MESSAGE(seen.count(id + "/2") == 1, id);
    CHECK(std::set<std::string>(ids.begin(), ids.end()).size() == ids.size());
  }
  SUBCASE("sessions") {
    const auto rows = all_pages<SessionRow>(
        [&](const RecordQuery& q) { return store->queries.sessions(q); }, query, insert_more);
    std::multiset<std::string> seen;
    for (const auto& row : rows) seen.insert(row.session_id);
    for (const auto& record : records) CHECK(seen.count(record.session_id) == 1);
  }
  SUBCASE("requests with bodies") {
    const auto ids = request_ids(
        all_pages<RequestRecord>([&](const RecordQuery& q) { return store->queries.requests(q); },
                                 with_bodies(query), insert_more));
    const std::multiset<std::string> seen(ids.begin(), ids.end());
    for (const auto& id : expected) CHECK_MESSAGE(seen.count(id) == 1, id);
  }
}

TEST_CASE_TEMPLATE_DEFINE("records: page sizes", Backend, rs_page_sizes) {
  using namespace responses_proxy;
  using namespace responses_proxy::testing;
  Backend backend;
  const auto store = backend.open();
  std::vector<RequestRecord> records;
  // More than one insert has, too.
  for (std::size_t i = 0; i < RecordQuery::kMaxPage + 100; ++i) {
    records.push_back(sample_record("r" + std::to_string(i), at_second(0)));
  }
  store->writer.write(records);
  RecordQuery query;
  CHECK(store->queries.requests(query).rows.size() == 50);
  query.limit = 0;
  CHECK(store->queries.requests(query).rows.size() == 1);
  query.limit = RecordQuery::kMaxPage + 1;
  const auto page = store->queries.requests(query);
  CHECK(page.rows.size() == RecordQuery::kMaxPage);
  for (const auto& row : page.rows) CHECK(row.attempts.size() == 1);
  query.cursor = page.next_cursor;
  CHECK(store->queries.requests(query).rows.size() == 100);
  CHECK(store->queries.requests(query).next_cursor.empty());
  CHECK(store->queries.sessions({}).rows.at(0).request_count == RecordQuery::kMaxPage + 100);

  for (const char* cursor : {"x", "1", "1.2", "1.0.6", "1.0.zz", "..", "1.0.61 ", "-", "zz.0.61"}) {
    query.cursor = cursor;
    CHECK_THROWS_AS(store->queries.requests(query), InvalidCursor);
    CHECK_THROWS_AS(store->queries.decisions(query), InvalidCursor);
    CHECK_THROWS_AS(store->queries.sessions(query), InvalidCursor);
    CHECK_THROWS_AS(store->queries.requests(with_bodies(query)), InvalidCursor);
  }
}

TEST_CASE_TEMPLATE_DEFINE("records: a cursor belongs to its list and its filters", Backend,
                          rs_cursors) {
  using namespace responses_proxy;
  using namespace responses_proxy::testing;
  Backend backend;
  const auto store = backend.open();
  store->writer.write(varied_records());
  using Ask = std::function<std::string(const RecordQuery&)>;  // the next cursor
  const std::vector<Ask> lists{
      [&](const RecordQuery& query) { return store->queries.requests(query).next_cursor; },
      [&](const RecordQuery& query) { return store->queries.decisions(query).next_cursor; },
      [&](const RecordQuery& query) { return store->queries.sessions(query).next_cursor; },
      [&](const RecordQuery& query) {
        return store->queries.requests(with_bodies(query)).next_cursor;
      }};
  for (std::size_t from = 0; from < lists.size(); ++from) {
    RecordQuery query;
    query.limit = 1;
    query.cursor = lists[from](query);
    REQUIRE_FALSE(query.cursor.empty());
    for (std::size_t to = 0; to < lists.size(); ++to) {
      CAPTURE(from);
      CAPTURE(to);
      if (from == to) {
        query.limit = 2;
        CHECK_NOTHROW(lists[to](query));
        query.model = "gpt-5.5";
        CHECK_THROWS_AS(lists[to](query), InvalidCursor);
        query.model.reset();
      } else {
        CHECK_THROWS_AS(lists[to](query), InvalidCursor);
      }
    }
  }
}

TEST_CASE_TEMPLATE_DEFINE("records: words of a newer version are kept as text", Backend, rs_words) {
  using namespace responses_proxy;
  using namespace responses_proxy::testing;
  Backend backend;
  const auto store = backend.open();
  RequestRecord record = sample_record("new", at_second(1));
  record.blame = Word<Blame>("weather");
  record.attempts[0].blame = Word<Blame>("network");
  record.attempts[0].reason = Word<SelectionReason>("round_robin");
  store->writer.write(std::vector{record, sample_record("old", at_second(0))});
  const auto rows = store->queries.requests({}).rows;
  REQUIRE(request_ids(rows) == Ids{"new", "old"});
  CHECK(rows[0] == without_bodies(record));
  CHECK(store->queries.decisions({}).rows.at(0).reason == "round_robin");
  // Not the client's, so somebody's.
  CHECK(store->queries.sessions({}).rows.at(0).error_count == 1);
  CHECK(store->queries.usage(UsageBy::model, {}).at(0).errors == 1);
}

TEST_CASE_TEMPLATE_DEFINE("records: errors do not count what the client caused", Backend,
                          rs_errors) {
  using namespace responses_proxy;
  using namespace responses_proxy::testing;
  struct Row {
    int status;
    bool completed;
    Blame blame;
    std::int64_t errors;
  };
  for (const Row& row : {Row{200, true, Blame::none, 0}, Row{400, true, Blame::client, 0},
                         Row{404, true, Blame::client, 0}, Row{499, false, Blame::client, 0},
                         Row{401, true, Blame::resource, 1}, Row{429, true, Blame::proxy, 1},
                         Row{502, true, Blame::provider, 1}, Row{200, false, Blame::provider, 1}}) {
    CAPTURE(row.status);
    CAPTURE(row.completed);
    Backend backend;
    const auto store = backend.open();
    RequestRecord record = sample_record("one", at_second(0));
    record.status_code = row.status;
    record.completed = row.completed;
    record.blame = row.blame;
    store->writer.write(std::vector{record});
    CHECK(store->queries.sessions({}).rows.at(0).error_count == row.errors);
    for (const UsageBy by : {UsageBy::day, UsageBy::model, UsageBy::resource, UsageBy::session}) {
      CHECK(store->queries.usage(by, {}).at(0).errors == row.errors);
    }
  }
}

TEST_CASE_TEMPLATE_DEFINE("records: every filter", Backend, rs_filters) {
  using namespace responses_proxy;
  using namespace responses_proxy::testing;
  using Q = RecordQuery;
  Backend backend;
  const auto store = backend.open();
  store->writer.write(varied_records());

  SUBCASE("requests, with bodies and without") {
    const auto ids = [&](const RecordQuery& query) {
      const auto rows = request_ids(store->queries.requests(query).rows);
      CHECK(request_ids(store->queries.requests(with_bodies(query)).rows) == rows);
      return rows;
    };
    CHECK(ids({}) == Ids{"e", "d", "c", "b", "a"});
    CHECK(ids(filter<std::string>(&Q::request_id, "c")) == Ids{"c"});
    CHECK(ids(filter<std::string>(&Q::request_id, "nobody")).empty());
    CHECK(ids(filter<std::string>(&Q::session_id, "s-1")) == Ids{"b", "a"});
    CHECK(ids(filter<std::string>(&Q::session_id, "")) == Ids{"e"});
    CHECK(ids(filter<std::string>(&Q::resource_id, "openai-2")) == Ids{"d", "b"});
    CHECK(ids(filter<std::string>(&Q::resource_id, "openai-1")) == Ids{"c", "b", "a"});
    CHECK(ids(filter<std::string>(&Q::pool_id, "default")) == Ids{"c", "b", "a"});
    CHECK(ids(filter<std::string>(&Q::pool_id, "batch")) == Ids{"d", "b"});
    CHECK(ids(filter<std::string>(&Q::pool_id, "")).empty());
    CHECK(ids(filter<std::string>(&Q::requested_pool_id, "no-such-pool")) == Ids{"e"});
    CHECK(ids(filter<std::string>(&Q::requested_pool_id, "batch")) == Ids{"b"});
    CHECK(ids(filter<std::string>(&Q::requested_pool_id, "default")).empty());
    CHECK(ids(filter<std::string>(&Q::requested_pool_id, "")) == Ids{"d", "c", "a"});
    CHECK(ids(filter<std::string>(&Q::model, "gpt-5.5-mini")) == Ids{"c"});
    CHECK(ids(filter<std::string>(&Q::caller, "bob")) == Ids{"d", "c"});
    CHECK(ids(filter<std::string>(&Q::caller, "")) == Ids{"e"});
    CHECK(ids(filter<std::string>(&Q::caller, "carol")).empty());
    CHECK(ids(filter(&Q::status, 200)) == Ids{"d", "a"});
    CHECK(ids(filter(&Q::status, 502)) == Ids{"b"});
    CHECK(ids(filter(&Q::status, 418)).empty());
    CHECK(ids(filter(&Q::status_class, 2)) == Ids{"d", "c", "a"});
    CHECK(ids(filter(&Q::status_class, 4)) == Ids{"e"});
    CHECK(ids(filter(&Q::status_class, 5)) == Ids{"b"});
    CHECK(ids(filter(&Q::status_class, 3)).empty());
    CHECK(ids(between(at_second(10), at_second(90'000))) == Ids{"c", "b"});
    CHECK(ids(filter(&Q::until, at_second(0))).empty());
    CHECK(ids(filter(&Q::since, at_second(90'010))) == Ids{"e"});
    RecordQuery two = filter<std::string>(&Q::session_id, "s-2");
    two.model = "gpt-5.5";
    CHECK(ids(two) == Ids{"d"});
    two = between(at_second(10), at_second(90'000));
    two.resource_id = "openai-1";
    CHECK(ids(two) == Ids{"c", "b"});
    two.pool_id = "batch";  // in one attempt
    CHECK(ids(two).empty());
    two.resource_id = "openai-2";
    CHECK(ids(two) == Ids{"b"});
    two.status = 502;
    two.session_id = "s-1";
    two.requested_pool_id = "batch";
    CHECK(ids(two) == Ids{"b"});
    two.requested_pool_id = "default";
    CHECK(ids(two).empty());
  }
  SUBCASE("decisions") {
    const auto ids = [&](const RecordQuery& query) {
      return decision_ids(store->queries.decisions(query).rows);
    };
    CHECK(ids({}) == Ids{"d/1", "c/1", "b/2", "b/1", "a/1"});
    CHECK(ids(filter<std::string>(&Q::session_id, "s-1")) == Ids{"b/2", "b/1", "a/1"});
    CHECK(ids(filter<std::string>(&Q::resource_id, "openai-1")) == Ids{"c/1", "b/1", "a/1"});
    CHECK(ids(filter<std::string>(&Q::pool_id, "batch")) == Ids{"d/1", "b/2"});
    CHECK(ids(filter<std::string>(&Q::model, "gpt-5.5-mini")) == Ids{"c/1"});
    CHECK(ids(filter<std::string>(&Q::caller, "alice")) == Ids{"b/2", "b/1", "a/1"});
    CHECK(ids(filter<std::string>(&Q::requested_pool_id, "batch")) == Ids{"b/2", "b/1"});
    CHECK(ids(filter(&Q::status, 502)) == Ids{"b/2", "b/1"});
    CHECK(ids(filter(&Q::status_class, 5)) == Ids{"b/2", "b/1"});
    CHECK(ids(between(at_second(10), at_second(20))) == Ids{"b/2", "b/1"});
    RecordQuery two = between(at_second(10), at_second(20));
    two.resource_id = "openai-2";
    CHECK(ids(two) == Ids{"b/2"});
  }
  SUBCASE("sessions by their latest request") {
    const auto ids = [&](const RecordQuery& query) {
      Ids found;
      for (const auto& row : store->queries.sessions(query).rows) found.push_back(row.session_id);
      return found;
    };
    CHECK(ids({}) == Ids{"s-2", "s-1"});
    CHECK(ids(filter<std::string>(&Q::session_id, "s-1")) == Ids{"s-1"});
    CHECK(ids(filter<std::string>(&Q::resource_id, "openai-1")).empty());
    CHECK(ids(filter<std::string>(&Q::pool_id, "batch")) == Ids{"s-2", "s-1"});
    CHECK(ids(filter<std::string>(&Q::model, "gpt-5.5")) == Ids{"s-2", "s-1"});
    CHECK(ids(filter<std::string>(&Q::caller, "alice")) == Ids{"s-1"});
    CHECK(ids(filter(&Q::status, 502)) == Ids{"s-1"});
    CHECK(ids(filter(&Q::status, 200)) == Ids{"s-2"});
    CHECK(ids(filter(&Q::status_class, 5)) == Ids{"s-1"});
    CHECK(ids(filter(&Q::status_class, 2)) == Ids{"s-2"});
    const SessionRow first = store->queries.sessions({}).rows.at(1);
    CHECK(first.last_pool_id == "batch");
    CHECK(first.last_status_code == 502);
    CHECK(ids(between(at_second(0), at_second(90'000))) == Ids{"s-1"});
  }
}

TEST_CASE_TEMPLATE_DEFINE("records: a request is listed once however often a resource had it",
                          Backend, rs_attempts) {
  using namespace responses_proxy;
  using namespace responses_proxy::testing;
  Backend backend;
  const auto store = backend.open();
  std::vector<RequestRecord> records;
  for (int i = 0; i < 3; ++i) {
    records.push_back(failed_record(std::to_string(i), at_second(i / 2)));
    records.back().attempts.push_back(sample_attempt("openai-1", at_second(5)));
  }
  store->writer.write(records);
  RecordQuery query;
  query.limit = 2;
  query.resource_id = "openai-1";
  const auto list = [&](const RecordQuery& next) { return store->queries.requests(next); };
  CHECK(request_ids(all_pages<RequestRecord>(list, query)) == Ids{"2", "1", "0"});
  query.pool_id = "default";
  CHECK(request_ids(all_pages<RequestRecord>(list, query)) == Ids{"2", "1", "0"});
  query.resource_id.reset();
  query.pool_id = "batch";
  CHECK(request_ids(all_pages<RequestRecord>(list, query)) == Ids{"2", "1", "0"});
}

TEST_CASE_TEMPLATE_DEFINE("records: decisions say what was chosen and why", Backend, rs_decisions) {
  using namespace responses_proxy;
  using namespace responses_proxy::testing;
  Backend backend;
  const auto store = backend.open();
  store->writer.write(std::vector{failed_record("b", at_second(10))});
  const auto rows = store->queries.decisions({}).rows;
  REQUIRE(rows.size() == 2);
  CHECK(rows[0].request_id == "b");
  CHECK(rows[0].session_id == "s-1");
  CHECK(rows[0].session_name == "first session");
  CHECK(rows[0].resource_id == "openai-2");
  CHECK(rows[0].pool_id == "batch");
  CHECK(rows[0].reason == "failover");
  CHECK(rows[0].created_at == at_second(10));
  CHECK(rows[1].resource_id == "openai-1");
  CHECK(rows[1].reason == "session_affinity");
}

TEST_CASE_TEMPLATE_DEFINE("records: sessions add up, in whichever order records come", Backend,
                          rs_sessions) {
  using namespace responses_proxy;
  using namespace responses_proxy::testing;
  Backend backend;
  const auto store = backend.open();
  RequestRecord late = sample_record("late", at_second(50));
  late.model = "late-model";
  late.session_name.clear();
  late.attempts.front().resource_id = "openai-3";
  RequestRecord early = sample_record("early", at_second(1));
  early.model = "early-model";
  early.session_name = "early name";
  early.usage = {1, 2, 3, std::nullopt, std::nullopt};
  RequestRecord cut = failed_record("cut", at_second(20));
  cut.status_code = 200;  // the answer began well and was cut short
  cut.session_name = "cut name";
  store->writer.write(std::vector{late});
  store->writer.write(std::vector{cut, early});

  const auto rows = store->queries.sessions({}).rows;
  REQUIRE(rows.size() == 1);
  CHECK(rows[0].session_id == "s-1");
  CHECK(rows[0].session_name == "cut name");
  CHECK(rows[0].last_model == "late-model");
  CHECK(rows[0].last_resource_id == "openai-3");
  CHECK(rows[0].created_at == at_second(1));
  CHECK(rows[0].last_seen_at == at_second(50));
  CHECK(rows[0].request_count == 3);
  CHECK(rows[0].error_count == 1);
  CHECK(rows[0].usage == TokenUsage{101, 22, 123, 60, 5});

  // Older ones, of a batch of their own, change what adds up and nothing else.
  RequestRecord older = failed_record("older", at_second(2));
  older.session_name = "older name";
  older.usage.cached = 7;
  store->writer.write(std::vector{older});
  const SessionRow row = store->queries.sessions({}).rows.at(0);
  CHECK(row.session_name == "cut name");
  CHECK(row.last_model == "late-model");
  CHECK(row.last_resource_id == "openai-3");
  CHECK(row.last_pool_id == "default");
  CHECK(row.last_status_code == 200);
  CHECK(row.request_count == 4);
  CHECK(row.error_count == 2);
  CHECK(row.usage == TokenUsage{101, 22, 123, 67, 5});
  // A newer one changes it all.
  RequestRecord newer = failed_record("newer", at_second(70));
  newer.session_name = "newer name";
  store->writer.write(std::vector{newer});
  const SessionRow last = store->queries.sessions({}).rows.at(0);
  CHECK(last.session_name == "newer name");
  CHECK(last.last_model == "gpt-5.5");
  CHECK(last.last_resource_id == "openai-2");
  CHECK(last.last_pool_id == "batch");
  CHECK(last.last_status_code == 502);
  CHECK(last.created_at == at_second(1));
  CHECK(last.last_seen_at == at_second(70));

  RequestRecord silent = failed_record("silent", at_second(80));
  silent.session_id = "no usage";
  store->writer.write(std::vector{silent});
  CHECK(store->queries.sessions({}).rows.front().usage == TokenUsage{});
  // The first number that is reported begins its sum.
  RequestRecord counted = sample_record("counted", at_second(81));
  counted.session_id = "no usage";
  counted.usage = {std::nullopt, 2, std::nullopt, std::nullopt, 5};
  store->writer.write(std::vector{counted});
  CHECK(store->queries.sessions({}).rows.front().usage == counted.usage);
}

TEST_CASE_TEMPLATE_DEFINE("records: usage sums", Backend, rs_usage) {
  using namespace responses_proxy;
  using namespace responses_proxy::testing;
  Backend backend;
  const auto store = backend.open();
  store->writer.write(varied_records());
  struct Expected {
    std::string key;
    std::int64_t requests;
    std::int64_t errors;
    TokenUsage usage;
  };
  const auto check = [&](UsageBy by, const RecordQuery& query, const std::vector<Expected>& rows) {
    const auto found = store->queries.usage(by, query);
    REQUIRE(found.size() == rows.size());
    for (std::size_t i = 0; i < rows.size(); ++i) {
      CHECK(found[i].key == rows[i].key);
      CHECK(found[i].requests == rows[i].requests);
      CHECK(found[i].errors == rows[i].errors);
      CHECK(found[i].usage == rows[i].usage);
    }
  };
  const TokenUsage once{100, 20, 120, 60, 5};
  const TokenUsage twice{200, 40, 240, 120, 10};
  check(UsageBy::day, {}, {{"2026-11-22", 2, 0, once}, {"2026-11-21", 3, 1, twice}});
  check(UsageBy::model, {}, {{"gpt-5.5", 4, 1, twice}, {"gpt-5.5-mini", 1, 0, once}});
  check(UsageBy::resource, {},
        {{"openai-1", 2, 0, twice}, {"openai-2", 2, 1, once}, {"", 1, 0, TokenUsage{}}});
  check(UsageBy::session, {},
        {{"s-2", 2, 0, twice}, {"s-1", 2, 1, once}, {"", 1, 0, TokenUsage{}}});
  check(UsageBy::caller, {},
        {{"bob", 2, 0, twice}, {"alice", 2, 1, once}, {"", 1, 0, TokenUsage{}}});
  check(UsageBy::model, filter<std::string>(&RecordQuery::caller, "alice"),
        {{"gpt-5.5", 2, 1, once}});
  // Where the tokens were spent, not who was asked first.
  check(UsageBy::model, filter<std::string>(&RecordQuery::resource_id, "openai-1"),
        {{"gpt-5.5-mini", 1, 0, once}, {"gpt-5.5", 1, 0, once}});
  check(UsageBy::model, filter<std::string>(&RecordQuery::pool_id, "batch"),
        {{"gpt-5.5", 2, 1, once}});
  check(UsageBy::model, filter<std::string>(&RecordQuery::requested_pool_id, "batch"),
        {{"gpt-5.5", 1, 1, TokenUsage{}}});
  check(UsageBy::model, filter(&RecordQuery::status_class, 5), {{"gpt-5.5", 1, 1, TokenUsage{}}});
  check(UsageBy::day, filter(&RecordQuery::status, 502), {{"2026-11-21", 1, 1, TokenUsage{}}});
  RecordQuery of_session = filter<std::string>(&RecordQuery::session_id, "s-2");
  check(UsageBy::day, of_session,
        {{"2026-11-22", 1, 0, TokenUsage{once}}, {"2026-11-21", 1, 0, once}});
  // Whole days, whatever the time.
  const std::vector<Expected> first_day{{"openai-1", 2, 0, twice},
                                        {"openai-2", 1, 1, TokenUsage{}}};
  check(UsageBy::resource, between(at_second(5), at_second(10)), first_day);
  check(UsageBy::resource, between(at_second(0), at_second(86'400)), first_day);
  check(UsageBy::day, between(at_second(90'000), at_second(90'001)), {{"2026-11-22", 2, 0, once}});
  check(UsageBy::day, between(at_second(-86'400), at_second(0)), {});
  RecordQuery one;
  one.limit = 1;
  check(UsageBy::day, one, {{"2026-11-22", 2, 0, once}});
}

TEST_CASE_TEMPLATE_DEFINE("records: the usage of a session is that of all stretches of its days",
                          Backend, rs_usage_stretches) {
  using namespace responses_proxy;
  using namespace responses_proxy::testing;
  Backend backend;
  const auto store = backend.open();
  constexpr int kDay = 86'400;
  for (int segment = 0; segment < 3; ++segment) {
    std::vector<RequestRecord> records;
    for (const int second : {-kDay, 0, kDay}) {
      const std::string id = std::to_string(segment) + "-" + std::to_string(second);
      records.push_back(sample_record(id, at_second(second + segment)));
      records.push_back(records.back());
      records.back().request_id += "-other";
      records.back().session_id = "s-2";
    }
    store->writer.write(records);
    // As if the table had grown: what comes is in a new segment.
    store->database->write([&](SqlConnection& connection) {
      const std::array<SqlValue, 2> values{std::int64_t{segment + 1},
                                           first_key_at(at_second(2 * kDay + segment))};
      connection.execute("INSERT INTO record_segments VALUES ($1, $2, 0)", values);
    });
  }
  const auto requests = [&](UsageBy by, const RecordQuery& query) {
    std::vector<std::pair<std::string, std::int64_t>> found;
    for (const UsageRow& row : store->queries.usage(by, query)) {
      found.emplace_back(row.key, row.requests);
    }
    return found;
  };
  using Found = std::vector<std::pair<std::string, std::int64_t>>;
  RecordQuery query;
  CHECK(requests(UsageBy::session, query) == Found{{"s-2", 9}, {"s-1", 9}});
  query.session_id = "s-1";
  const Found days{{"2026-11-22", 3}, {"2026-11-21", 3}, {"2026-11-20", 3}};
  CHECK(requests(UsageBy::day, query) == days);
  query.since = at_second(7);
  CHECK(requests(UsageBy::day, query) == Found{days[0], days[1]});
  query.until = at_second(8);
  CHECK(requests(UsageBy::day, query) == Found{days[1]});
  CHECK(requests(UsageBy::session, query) == Found{{"s-1", 3}});
  query.session_id.reset();
  CHECK(requests(UsageBy::session, query) == Found{{"s-2", 3}, {"s-1", 3}});
}

TEST_CASE_TEMPLATE_DEFINE("records: tokens stand with the resource that has used them", Backend,
                          rs_usage_of_attempts) {
  using namespace responses_proxy;
  using namespace responses_proxy::testing;
  Backend backend;
  const auto store = backend.open();
  RequestRecord record = sample_record("moved", at_second(0));
  const AttemptRecord last = record.attempts.back();
  record.attempts.assign(3, last);
  record.attempts[0].resource_id = record.attempts[1].resource_id = "left";
  record.attempts[0].usage = {1, 2, 3, {}, {}};
  record.attempts[1].usage = {10, 20, 30, {}, {}};
  record.attempts[2].usage = {100, 200, 300, {}, {}};
  record.usage = {111, 222, 333, {}, {}};
  store->writer.write(std::vector{record});
  const auto rows = store->queries.usage(UsageBy::resource, {});
  REQUIRE(rows.size() == 2);
  CHECK(rows[0].key == last.resource_id);
  CHECK(rows[0].requests == 1);
  CHECK(rows[0].usage == TokenUsage{100, 200, 300, {}, {}});
  CHECK(rows[1].key == "left");
  CHECK(rows[1].requests == 0);
  CHECK(rows[1].usage == TokenUsage{11, 22, 33, {}, {}});
  const auto left = store->queries.usage(UsageBy::resource,
                                         filter<std::string>(&RecordQuery::resource_id, "left"));
  REQUIRE(left.size() == 1);
  CHECK(left[0].usage == TokenUsage{11, 22, 33, {}, {}});
  CHECK(store->queries.usage(UsageBy::model, {}).at(0).usage == record.usage);
}

TEST_CASE_TEMPLATE_DEFINE("records: a background response's usage counts once", Backend,
                          rs_background) {
  using namespace responses_proxy;
  using namespace responses_proxy::testing;
  Backend backend;
  const auto store = backend.open();
  const auto record = [](const std::string& id, int second, bool finished) {
    RequestRecord made = sample_record(id, at_second(second));
    made.response_id = "resp_1";
    made.background = true;
    if (!finished) made.usage = made.attempts.front().usage = {};
    return made;
  };
  const RequestRecord asked = record("a", 0, false);
  const RequestRecord early = record("b", 1, false);
  const RequestRecord first = record("c", 2, true);
  const RequestRecord later = record("d", 3, true);
  RequestRecord other = record("e", 4, true);
  other.response_id = "resp_2";
  RequestRecord direct = record("f", 5, true);  // the same id, but no background response
  direct.background = false;
  const auto check = [&] {
    const TokenUsage once = first.usage;
    const auto rows = store->queries.requests({}).rows;
    REQUIRE(request_ids(rows) == Ids{"f", "e", "d", "c", "b", "a"});
    const std::vector<TokenUsage> expected{once, once, {}, once, {}, {}};
    for (std::size_t i = 0; i < rows.size(); ++i) {
      CHECK(rows[i].usage == expected[i]);
      CHECK(rows[i].attempts.at(0).usage == expected[i]);
    }
    CHECK(store->queries.sessions({}).rows.at(0).usage.total == 3 * *once.total);
    CHECK(store->queries.usage(UsageBy::day, {}).at(0).usage.total == 3 * *once.total);
  };
  SUBCASE("in one batch, in any order, and once more") {
    const std::vector batch{direct, later, other, first, early, asked};
    store->writer.write(batch);
    check();
    store->writer.write(batch);
    check();
  }
  SUBCASE("in batches of their own, by two writers") {
    const auto replica = backend.open();
    store->writer.write(std::vector{asked, early});
    replica->writer.write(std::vector{first});
    store->writer.write(std::vector{later, other});
    store->writer.write(std::vector{first});  // again: as after a crash
    replica->writer.write(std::vector{direct});
    check();
    const auto noted = [](SqlConnection& connection) {
      std::int64_t rows = 0;
      connection.query("SELECT COUNT(*) FROM background_usage", {},
                       [&](const SqlRow& row) { rows = row.integer(0); });
      return rows;
    };
    CHECK(store->database->read(noted) == 2);
    store->database->write(
        [](SqlConnection& connection) { connection.execute("DELETE FROM requests"); });
    CHECK(store->database->read(noted) == 0);
  }
}

TEST_CASE_TEMPLATE_DEFINE("records: the resource of a response", Backend, rs_response) {
  using namespace responses_proxy;
  using namespace responses_proxy::testing;
  Backend backend;
  const auto store = backend.open();
  RequestRecord made = sample_record("made", at_second(1));
  made.response_id = "resp_1";
  RequestRecord fetched = sample_record("fetched", at_second(2));
  fetched.response_id = "resp_1";
  fetched.attempts.front().resource_id = "openai-2";
  RequestRecord refused = sample_record("refused", at_second(0));
  refused.response_id = "resp_1";
  refused.attempts.clear();
  RequestRecord nameless = sample_record("nameless", at_second(0));
  nameless.response_id.clear();
  store->writer.write(std::vector{fetched, made, refused, nameless});
  CHECK(store->queries.resource_of_response("resp_1") == "openai-1");
  CHECK(store->queries.resource_of_response("resp_2") == std::nullopt);
  CHECK(store->queries.resource_of_response("") == std::nullopt);
}

TEST_CASE_TEMPLATE_DEFINE("records: texts of clients are data", Backend, rs_texts) {
  using namespace responses_proxy;
  using namespace responses_proxy::testing;
  using namespace std::string_literals;
  Backend backend;
  const auto store = backend.open();
  const std::string long_text(RecordQuery::kMaxText - 1, 'x');
  const std::vector<std::pair<std::string, std::string>> texts{
      // written, read
      {"'; DROP TABLE requests; --", "'; DROP TABLE requests; --"},
      {"\"double\" \\back\\ $1 ? %s {}", "\"double\" \\back\\ $1 ? %s {}"},
      {"z\u00fcrich \u4f60\u597d \U0001F600", "z\u00fcrich \u4f60\u597d \U0001F600"},
      {"tab\t line\r\n bell\a del\x7f", "tab\t line\r\n bell\a del\x7f"},
      {"nul\0 inside"s, "nul\uFFFD inside"},
      {"latin1 \xFC\xE9, cut \xE4\xBD", "latin1 \uFFFD\uFFFD, cut \uFFFD\uFFFD"},
      {"surrogate \xED\xA0\x80 overlong \xC0\xAF",
       "surrogate \uFFFD\uFFFD\uFFFD overlong \uFFFD\uFFFD"},
      {long_text + "yz", long_text + "y"},
      {long_text + "\u00fc", long_text},
  };
  int number = 0;
  for (const auto& [written, read] : texts) {
    CAPTURE(read);
    ++number;
    RequestRecord record = sample_record("r" + std::to_string(number), at_second(number));
    record.session_id = record.session_name = record.model = record.requested_pool_id = written;
    record.path = record.error = record.response_id = record.previous_response_id = written;
    record.attempts.front().error = record.attempts.front().upstream_request_id = written;
    store->writer.write(std::vector{record});

    const auto rows = store->queries.requests(filter(&RecordQuery::session_id, written)).rows;
    REQUIRE(request_ids(rows) == Ids{record.request_id});
    CHECK(rows[0].session_id == read);
    CHECK(rows[0].session_name == read);
    CHECK(rows[0].path == read);
    CHECK(rows[0].requested_pool_id == read);
    CHECK(rows[0].attempts.at(0).upstream_request_id == read);
    CHECK(request_ids(store->queries.requests(filter(&RecordQuery::model, read)).rows) ==
          Ids{record.request_id});
    CHECK(store->queries.resource_of_response(written) == "openai-1");
    CHECK(store->queries.sessions(filter(&RecordQuery::session_id, written)).rows.size() == 1);
  }
  RecordQuery one_by_one;
  one_by_one.limit = 1;  // each session id goes through a cursor
  const auto sessions = all_pages<SessionRow>(
      [&](const RecordQuery& query) { return store->queries.sessions(query); }, one_by_one);
  CHECK(sessions.size() == texts.size());
}

TEST_CASE_TEMPLATE_DEFINE("records: bodies come with those who ask for them", Backend, rs_bodies) {
  using namespace responses_proxy;
  using namespace responses_proxy::testing;
  Backend backend;
  const auto store = backend.open();
  constexpr std::size_t kLarge = RecordQuery::kMaxPageBytes / 2 - 100;
  std::vector<RequestRecord> records;
  for (int i = 0; i < 5; ++i) {
    records.push_back(sample_record(std::to_string(i), at_second(i)));
    records.back().request_body.assign(i == 0 ? 0 : kLarge, static_cast<char>('a' + i));
    records.back().response_body = i == 0 ? std::string("\0 \xFF", 3) : "short";
  }
  store->writer.write(records);
  for (const RequestRecord& row : store->queries.requests({}).rows) {
    CHECK((row.request_body.empty() && row.response_body.empty()));
  }
  // Two of the large ones make a page, whatever its limit.
  const auto list = [&](const RecordQuery& query) { return store->queries.requests(query); };
  const auto first = list(with_bodies({}));
  REQUIRE(first.rows.size() == 2);
  CHECK((first.rows[0] == records[4]));
  const auto all = all_pages<RequestRecord>(list, with_bodies({}));
  REQUIRE(request_ids(all) == Ids{"4", "3", "2", "1", "0"});
  CHECK(all[4].request_body.empty());
  CHECK(all[4].response_body == "\xEF\xBF\xBD \xEF\xBF\xBD");
  // One that is larger than a page is still shown.
  records = {sample_record("huge", at_second(9))};
  records[0].response_body.assign(RecordQuery::kMaxPageBytes + 1, 'x');
  store->writer.write(records);
  CHECK((list(with_bodies({})).rows.at(0) == records[0]));
}

TEST_CASE_TEMPLATE_DEFINE("records: queries run beside a writer", Backend, rs_concurrent) {
  using namespace responses_proxy;
  using namespace responses_proxy::testing;
  Backend backend;
  const auto store = backend.open();
  std::thread writer([&] {
    for (int batch = 0; batch < 30; ++batch) {
      std::vector<RequestRecord> records;
      for (int i = 0; i < 10; ++i) {
        records.push_back(sample_record(std::to_string(batch * 10 + i), at_second(batch)));
      }
      store->writer.write(records);
    }
  });
  std::vector<std::thread> readers;
  std::atomic<int> torn{0};
  for (int reader = 0; reader < 6; ++reader) {
    readers.emplace_back([&] {
      for (int round = 0; round < 20; ++round) {
        RecordQuery query;
        query.limit = 1000;
        const auto rows = store->queries.requests(query).rows;
        if (rows.size() % 10 != 0) ++torn;  // a batch is there completely, or not at all
        for (const auto& row : rows) torn += row.attempts.size() == 1 ? 0 : 1;
        store->database->ping();
      }
    });
  }
  writer.join();
  for (auto& reader : readers) reader.join();
  CHECK(torn == 0);
  CHECK(store->queries.sessions({}).rows.at(0).request_count == 300);
}

#define RECORDS_CONTRACT(Backend)                           \
  TEST_CASE_TEMPLATE_INVOKE(rs_round_trip, Backend);        \
  TEST_CASE_TEMPLATE_INVOKE(rs_fields, Backend);            \
  TEST_CASE_TEMPLATE_INVOKE(rs_idempotent, Backend);        \
  TEST_CASE_TEMPLATE_INVOKE(rs_places, Backend);            \
  TEST_CASE_TEMPLATE_INVOKE(rs_own_ids, Backend);           \
  TEST_CASE_TEMPLATE_INVOKE(rs_pages, Backend);             \
  TEST_CASE_TEMPLATE_INVOKE(rs_page_sizes, Backend);        \
  TEST_CASE_TEMPLATE_INVOKE(rs_cursors, Backend);           \
  TEST_CASE_TEMPLATE_INVOKE(rs_words, Backend);             \
  TEST_CASE_TEMPLATE_INVOKE(rs_errors, Backend);            \
  TEST_CASE_TEMPLATE_INVOKE(rs_filters, Backend);           \
  TEST_CASE_TEMPLATE_INVOKE(rs_attempts, Backend);          \
  TEST_CASE_TEMPLATE_INVOKE(rs_decisions, Backend);         \
  TEST_CASE_TEMPLATE_INVOKE(rs_sessions, Backend);          \
  TEST_CASE_TEMPLATE_INVOKE(rs_usage, Backend);             \
  TEST_CASE_TEMPLATE_INVOKE(rs_usage_stretches, Backend);   \
  TEST_CASE_TEMPLATE_INVOKE(rs_usage_of_attempts, Backend); \
  TEST_CASE_TEMPLATE_INVOKE(rs_background, Backend);        \
  TEST_CASE_TEMPLATE_INVOKE(rs_response, Backend);          \
  TEST_CASE_TEMPLATE_INVOKE(rs_texts, Backend);             \
  TEST_CASE_TEMPLATE_INVOKE(rs_bodies, Backend);            \
  TEST_CASE_TEMPLATE_INVOKE(rs_concurrent, Backend)
