// RecordQueries: the questions the control plane and the proxy ask about what is on record.
//
// Role       Reads what a RecordWriter has written; lists come newest first, page by page.
// Threads    Safe from any thread, beside a writer.
// Errors     Throws StorageError; InvalidCursor for a cursor that is not one of that list's.
// Blocking   Every call does SQL: never on an event loop.
// Limits     A page has at most kMaxPage rows; one with bodies ends earlier when they come to
//            kMaxPageBytes. A page of requests or decisions may be short, or empty, and not be the
//            last: only next_cursor says so. Times are kept to the microsecond, texts up to
//            kMaxText bytes (cut at a whole character), bodies whole; NUL and bytes that are not
//            UTF-8 become U+FFFD, in records and in filters alike.
#pragma once

#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "responses_proxy/export.h"
#include "responses_proxy/request_record.h"
#include "responses_proxy/storage_error.h"

namespace RP_PUBLIC responses_proxy {

// The cursor of a query is not one that this query's pages give out.
class InvalidCursor : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// What the list endpoints under /admin filter by; absent = any. A request matches by any of its
// attempts, a decision by its own one, a session by its latest request, usage by where the tokens
// were spent: the attempt that made the answer. Usage knows whole days (UTC): those that `since`
// and `until` fall into count.
struct RecordQuery {
  static constexpr std::size_t kMaxPage = 1000;
  static constexpr std::size_t kMaxPageBytes = 16 * 1024 * 1024;
  static constexpr std::size_t kMaxText = 512;
  static constexpr std::size_t kMaxCursor = 2 * kMaxText + 64;

  std::size_t limit = 50;
  std::string cursor;        // next_cursor of the page before; "" = newest
  bool with_bodies = false;  // of requests: everything that is on record, the captured bodies too
  std::optional<std::string> request_id;  // of requests: this one alone
  std::optional<std::string> session_id;
  std::optional<std::string> resource_id;
  std::optional<std::string> pool_id;            // of the resource
  std::optional<std::string> requested_pool_id;  // not of sessions
  std::optional<std::string> model;
  std::optional<std::string> caller;
  std::optional<int> status;
  std::optional<int> status_class;  // 4 = 400 to 499
  std::optional<WallTime> since;    // inclusive
  std::optional<WallTime> until;    // exclusive
};

template <class Row>
struct Page {
  std::vector<Row> rows;
  std::string next_cursor;  // "" on the last page
};

struct DecisionRow {
  std::string request_id;
  std::string caller;
  std::string session_id;
  std::string session_name;
  std::string resource_id;
  std::string pool_id;
  std::string reason;
  int attempt = 1;      // 1 = the first pick
  WallTime created_at;  // of the request
};

struct SessionRow {
  std::string session_id;
  std::string session_name;
  std::string last_caller;
  std::string last_resource_id;
  std::string last_pool_id;
  std::string last_model;
  int last_status_code = 0;
  WallTime created_at;
  WallTime last_seen_at;
  std::int64_t request_count = 0;
  std::int64_t error_count = 0;  // not those that the client caused
  TokenUsage usage;              // sums
};

struct UsageRow {
  std::string key;  // the day "2026-11-21", model, resource id, session id or caller
  std::int64_t requests = 0;
  std::int64_t errors = 0;  // not those that the client caused
  TokenUsage usage;         // sums
};

enum class UsageBy : std::uint8_t { day, model, resource, session, caller };

class RecordQueries {
 public:
  virtual ~RecordQueries() = default;

  virtual Page<RequestRecord> requests(const RecordQuery& query) = 0;
  virtual Page<DecisionRow> decisions(const RecordQuery& query) = 0;
  virtual Page<SessionRow> sessions(const RecordQuery& query) = 0;
  // At most query.limit rows: the latest days, or the keys with the most tokens; no cursor.
  virtual std::vector<UsageRow> usage(UsageBy by, const RecordQuery& query) = 0;
  // The resource that made this response, if it is on record.
  virtual std::optional<std::string> resource_of_response(const std::string& response_id) = 0;
};

}  // namespace responses_proxy
