// What the contract of records writes, and how it lists it again.
#pragma once

#include <doctest/doctest.h>

#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "fakes/record_database.h"
#include "fakes/sample_records.h"

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
    REQUIRE((page.next_cursor.empty() || page.next_cursor != query.cursor));  // or it never ends
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
