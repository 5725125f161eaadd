// The SQL behind the lists: RecordQuery -> statement and parameters.
//
// Role       Every list is ordered newest first by the columns of an index, so that a page costs
//            the rows it has, however many there are; tests/unit/storage checks the plans. Where no
//            index serves a filter of requests, it looks at a window of rows (needs_window()).
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "responses_proxy/record_queries.h"
#include "storage/cursor.h"
#include "storage/sql_connection.h"

namespace responses_proxy {

struct SqlQuery {
  std::string text;
  std::vector<SqlValue> params;
};

// Rows a page may have; one more is asked for, to know whether another page follows.
std::size_t page_size(const RecordQuery& query);

// Where the page before ended; nothing on the first one. The query's own cursor is not looked at.
using Behind = std::optional<Cursor>;

struct KeyRange {
  std::int64_t from = std::numeric_limits<std::int64_t>::min();
  std::int64_t before = std::numeric_limits<std::int64_t>::max();
};
// Of the rows that are asked for; `before`: of the page before, the last one.
KeyRange keys_of(const RecordQuery& query, std::optional<std::int64_t> before = {});

// Requests of a session: asked for in one segment after the other, the newest first.
bool by_segments(const RecordQuery& query);
// Rows are looked at one by one, those of a window at most: as many as a filter that finds nothing
// may cost, and the page tells where to go on.
bool needs_window(const RecordQuery& query);
inline constexpr std::int64_t kWindowRows = 20'000;

// Columns: kRequestColumns.
SqlQuery requests_query(const RecordQuery& query, const KeyRange& keys,
                        std::optional<std::int64_t> segment = {});
// The one request: by the time that is in its id, or of those whose id has none, or another one.
SqlQuery request_by_time_query(const std::string& request_id, WallTime time);
SqlQuery request_by_id_query(const std::string& request_id);
// Column: the key of the last row in the window; no row: all of them are.
SqlQuery window_query(const KeyRange& keys);
// Columns: segment, first_key; the newest first.
SqlQuery segments_query(const KeyRange& keys);
// Columns: request_body, response_body.
SqlQuery bodies_query(std::int64_t key);
// Columns: session_fields().
SqlQuery sessions_query(const RecordQuery& query, const Behind& behind = {});
// Columns: key, requests, errors, kTokenCounts.
SqlQuery usage_query(UsageBy by, const RecordQuery& query);
// Column: resource_id; the second, of records that have not been moved (earlier_records.h).
SqlQuery resource_of_response_query(const std::string& response_id);
SqlQuery earlier_resource_query(const std::string& response_id);

}  // namespace responses_proxy
