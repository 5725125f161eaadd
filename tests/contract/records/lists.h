// Pages, cursors and filters of the lists.
#pragma once

#include <doctest/doctest.h>

#include <cstddef>
#include <functional>
#include <set>
#include <string>
#include <vector>

#include "contract/records/samples.h"

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

TEST_CASE_TEMPLATE_DEFINE("records: a page of decisions is full wherever the one before ended",
                          Backend, rs_decision_pages) {
  using namespace responses_proxy;
  using namespace responses_proxy::testing;
  Backend backend;
  const auto store = backend.open();
  std::vector<RequestRecord> records;
  for (int i = 0; i < 6; ++i) {  // one, two and three attempts
    records.push_back(failed_record(std::to_string(i), at_second(i)));
    auto& attempts = records.back().attempts;
    if (i % 3 == 0) attempts.pop_back();
    if (i % 3 == 2) attempts.push_back(sample_attempt("openai-1", at_second(i)));
  }
  store->writer.write(records);
  RecordQuery query;
  SUBCASE("of every resource") {}
  SUBCASE("of one resource") {
    query.resource_id = "openai-1";
  }
  SUBCASE("of another") {
    query.resource_id = "openai-2";
  }
  const Ids all = decision_ids(store->queries.decisions(query).rows);
  for (query.limit = 1; query.limit <= 4; ++query.limit) {
    CAPTURE(query.limit);
    const auto list = [&](const RecordQuery& next) {
      Page<DecisionRow> page = store->queries.decisions(next);
      CHECK((page.next_cursor.empty() || page.rows.size() == next.limit));
      return page;
    };
    CHECK(decision_ids(all_pages<DecisionRow>(list, query)) == all);
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
