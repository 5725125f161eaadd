// RecordStore: durable records in SQL and the questions the control plane asks them.
//
// Role       Writes batches of RequestRecords; answers history queries, newest first.
// Threads    write() from one thread at a time; queries from any threads, beside a write.
// Errors     Throws StorageError (message names the database and the operation, never a secret).
// Blocking   Every call does SQL: never on an event loop.
// Limits     A page has at most kMaxPage rows; one of telemetry() ends earlier when its bodies come
//            to kMaxPageBytes. Writing a record twice changes nothing. Times are kept to the
//            microsecond, texts up to kMaxText bytes (cut at a whole character), bodies whole; NUL
//            and bytes that are not UTF-8 become U+FFFD, in records and in filters alike.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

#include "responses_proxy/request_record.h"

namespace responses_proxy {

class StorageError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// The database works but does not take a record: a constraint, a value it cannot hold. Without that
// record the batch can be written.
class RecordRefused : public StorageError {
 public:
  using StorageError::StorageError;
};

// The cursor of a query is not one that this query's pages give out.
class InvalidCursor : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// What the list endpoints under /admin filter by; absent = any. A request matches by any of its
// attempts, a decision by its own one, a session by its latest request, usage by where the tokens
// were spent: the attempt that made the answer.
struct RecordQuery {
  static constexpr std::size_t kMaxPage = 1000;
  static constexpr std::size_t kMaxPageBytes = 16 * 1024 * 1024;
  static constexpr std::size_t kMaxText = 512;
  static constexpr std::size_t kMaxCursor = 2 * kMaxText + 64;

  std::size_t limit = 50;
  std::string cursor;  // next_cursor of the page before; "" = newest
  std::optional<std::string> session_id;
  std::optional<std::string> resource_id;
  std::optional<std::string> pool_id;            // of the resource
  std::optional<std::string> requested_pool_id;  // not of sessions
  std::optional<std::string> model;
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
  std::string key;  // the day "2026-11-21", model, resource id or session id
  std::int64_t requests = 0;
  std::int64_t errors = 0;  // not those that the client caused
  TokenUsage usage;         // sums
};

enum class UsageBy : std::uint8_t { day, model, resource, session };

// The event a record came from.
struct TelemetryRow {
  std::string event_id;  // the same whenever it is asked for
  std::string type;      // "request.completed"
  std::string request_id;
  WallTime created_at;
  std::string payload;  // JSON: everything of the record
};

class RecordStore {
 public:
  virtual ~RecordStore() = default;

  // One transaction. What is already stored under a request id stays as it is. Throws RecordRefused
  // when it is one of the records that cannot be written.
  virtual void write(std::span<const RequestRecord> records) = 0;
  // Without the bodies.
  virtual Page<RequestRecord> requests(const RecordQuery& query) = 0;
  virtual Page<DecisionRow> decisions(const RecordQuery& query) = 0;
  virtual Page<SessionRow> sessions(const RecordQuery& query) = 0;
  virtual Page<TelemetryRow> telemetry(const RecordQuery& query) = 0;
  // At most query.limit rows: the latest days, or the keys with the most tokens; no cursor.
  virtual std::vector<UsageRow> usage(UsageBy by, const RecordQuery& query) = 0;
  // The resource that made this response, if it is on record.
  virtual std::optional<std::string> resource_of_response(const std::string& response_id) = 0;
  // Throws when the database does not answer.
  virtual void ping() = 0;
};

// Opens (and, where needed, creates and migrates) the database at `url`.
//
// sqlite:///relative, sqlite:////absolute: throws StorageError when the file cannot be used. A file
// that was moved or deleted since is created anew by the next write.
// postgresql://...: a database that cannot be used now is no error here; every call tries again.
// Throws StorageError for a URL that is malformed, and for the tables of a newer program.
std::unique_ptr<RecordStore> open_record_store(const std::string& url);

// Brings the database to this program's schema; throws StorageError when that is not possible.
void migrate_database(const std::string& url);

}  // namespace responses_proxy
