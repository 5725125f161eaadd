#include "storage/schema_steps.h"

namespace responses_proxy {

// One narrow row a request, in the order of time, the rest of it and its attempts in `details`
// (request_rows.h). What is found by a wide-spread text has an index within each segment of the
// table (record_segments.h). The records of earlier versions stay where they are until they are
// moved (earlier_records.h).
Migration narrow_records() {
  return {
      10,
      {"ALTER TABLE requests RENAME TO requests_v9", "ALTER TABLE attempts RENAME TO attempts_v9",
       "DROP INDEX requests_by_session", "DROP INDEX requests_by_resource",
       "DROP INDEX requests_by_pool", "DROP INDEX requests_by_model",
       "DROP INDEX requests_by_status", "DROP INDEX requests_by_asked_pool",
       "DROP INDEX requests_by_status_class", "DROP INDEX requests_by_caller",
       "DROP INDEX attempts_by_resource", "DROP INDEX attempts_by_pool",

       R"(CREATE TABLE record_segments (
                segment INTEGER NOT NULL PRIMARY KEY,
                first_key BIGINT NOT NULL,
                requests BIGINT NOT NULL))",
       "INSERT INTO record_segments VALUES (0, -4611686018427387904, 0)",
       R"(CREATE TABLE requests (
                row_key INTEGER PRIMARY KEY,
                segment INTEGER NOT NULL,
                created_at BIGINT NOT NULL,
                request_id TEXT NOT NULL,
                session_id TEXT NOT NULL,
                session_hash BIGINT NOT NULL,
                response_id TEXT NOT NULL,
                response_hash BIGINT NOT NULL,
                caller TEXT NOT NULL,
                model TEXT NOT NULL,
                asked_pool_id TEXT NOT NULL,
                resource_id TEXT NOT NULL,
                pool_id TEXT NOT NULL,
                status_code INTEGER NOT NULL,
                attempts INTEGER NOT NULL,
                details BLOB NOT NULL,
                request_body TEXT NOT NULL,
                response_body TEXT NOT NULL))",
       "CREATE INDEX requests_by_session_hash ON requests (segment, session_hash, row_key) "
       "WHERE session_hash <> 0",
       "CREATE INDEX requests_by_response_hash ON requests (segment, response_hash) "
       "WHERE response_hash <> 0",
       // Most requests are a 200: those are found quickly by time alone.
       "CREATE INDEX requests_by_status ON requests (status_code, row_key) "
       "WHERE status_code <> 200",
       "CREATE INDEX requests_by_status_class ON requests ((status_code / 100), row_key) "
       "WHERE status_code / 100 <> 2",
       // Where a request was before it came to the resource that its row names.
       R"(CREATE TABLE left_attempts (
                request_key BIGINT NOT NULL REFERENCES requests (row_key) ON DELETE CASCADE,
                attempt INTEGER NOT NULL,
                resource_id TEXT NOT NULL,
                pool_id TEXT NOT NULL,
                PRIMARY KEY (request_key, attempt)))",
       // Of ids that do not say when their request began.
       R"(CREATE TABLE request_keys (
                request_id TEXT NOT NULL PRIMARY KEY,
                request_key BIGINT NOT NULL REFERENCES requests (row_key) ON DELETE CASCADE))",
       "CREATE INDEX request_keys_by_key ON request_keys (request_key)",

       "ALTER TABLE background_usage RENAME TO background_usage_v9",
       "DROP INDEX background_usage_by_request",
       // NULL until the record is moved.
       R"(CREATE TABLE background_usage (
                response_id TEXT NOT NULL PRIMARY KEY,
                request_key BIGINT REFERENCES requests (row_key) ON DELETE CASCADE
                  DEFERRABLE INITIALLY DEFERRED))",
       "CREATE INDEX background_usage_by_key ON background_usage (request_key)",
       "INSERT INTO background_usage SELECT response_id, NULL FROM background_usage_v9",
       "DROP TABLE background_usage_v9"}};
}

// The sums of sessions in stretches (usage_sums.h); those of before are moved (earlier_sums.h). No
// NOT NULL where rows are added to: for each statement that it could end in the middle, SQLite
// keeps a copy of the pages that it changes. Of `sessions`, it is taken out of the text of the
// schema, which changes nothing in the file (https://sqlite.org/lang_altertable.html, the second
// way).
Migration narrow_sums() {
  Migration step{11,
                 {"ALTER TABLE usage_session_days RENAME TO usage_session_days_v10",
                  "DROP INDEX usage_session_days_by_session",
                  R"(CREATE TABLE usage_session_days (
                stretch BIGINT NOT NULL,
                session_id TEXT NOT NULL,
                model TEXT NOT NULL,
                resource_id TEXT NOT NULL,
                pool_id TEXT NOT NULL,
                asked_pool_id TEXT NOT NULL,
                caller TEXT NOT NULL,
                status_code INTEGER NOT NULL,
                requests BIGINT,
                errors BIGINT,
                input_tokens BIGINT,
                output_tokens BIGINT,
                total_tokens BIGINT,
                cached_tokens BIGINT,
                reasoning_tokens BIGINT,
                PRIMARY KEY (stretch, session_id, model, resource_id, pool_id, asked_pool_id,
                             caller, status_code)) WITHOUT ROWID)"}};
  step.if_undone_by_pages = {
      "DROP INDEX sessions_by_time", "PRAGMA writable_schema = ON",
      "UPDATE sqlite_schema SET sql = REPLACE(sql, ' NOT NULL', '') "
      "WHERE type = 'table' AND name = 'sessions'",
      "PRAGMA writable_schema = RESET",
      // Unique as ever, but not to be checked: a session has one row.
      "CREATE INDEX sessions_by_time ON sessions (last_seen_at, session_id)"};
  return step;
}

}  // namespace responses_proxy
