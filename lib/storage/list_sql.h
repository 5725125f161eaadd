// The SQL behind the lists: RecordQuery -> statement and parameters.
//
// Role       Every list is ordered newest first by the columns of an index, so that a page costs
//            the rows it has, however many there are; tests/unit/storage checks the plans.
#pragma once

#include <optional>
#include <span>
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

// Columns: request_summary_fields().
SqlQuery requests_query(const RecordQuery& query, const Behind& behind = {});
// Columns: decision_fields().
SqlQuery decisions_query(const RecordQuery& query, const Behind& behind = {});
// Columns: session_fields().
SqlQuery sessions_query(const RecordQuery& query, const Behind& behind = {});
// Columns: key, requests, errors, kTokenCounts.
SqlQuery usage_query(UsageBy by, const RecordQuery& query);

// Columns: request_id, attempt_fields(); attempts of one request in order. At most
// kAttemptsChunk ids.
inline constexpr std::size_t kAttemptsChunk = 50;
SqlQuery attempts_query(std::span<const RequestRecord> requests);
// Columns: request_body_fields().
SqlQuery bodies_query(const std::string& request_id);
// Column: resource_id.
SqlQuery resource_of_response_query(const std::string& response_id);

}  // namespace responses_proxy
