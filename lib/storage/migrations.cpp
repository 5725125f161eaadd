#include "storage/migrations.h"

#include <fmt/format.h>

#include <array>

namespace responses_proxy {

namespace {

// Times are microseconds since 1970-01-01 UTC, durations microseconds, texts "" where there is
// nothing; NULL is kept for numbers that nobody reported.
//
// Every list is ordered by (created_at, request_id): each filter's index ends with that pair. The
// lists of decisions and events follow the indexes of `requests`, so they need none of their own.
Migration initial_schema() {
  return {1,
          {R"(CREATE TABLE sessions (
                session_id TEXT NOT NULL PRIMARY KEY,
                session_name TEXT NOT NULL,
                last_resource_id TEXT NOT NULL,
                last_pool_id TEXT NOT NULL,
                last_model TEXT NOT NULL,
                last_status_code INTEGER NOT NULL,
                created_at BIGINT NOT NULL,
                last_seen_at BIGINT NOT NULL,
                request_count BIGINT NOT NULL,
                error_count BIGINT NOT NULL,
                input_tokens BIGINT,
                output_tokens BIGINT,
                total_tokens BIGINT,
                cached_tokens BIGINT,
                reasoning_tokens BIGINT))",
           "CREATE UNIQUE INDEX sessions_by_time ON sessions (last_seen_at, session_id)",

           // asked_pool_id is the client's wish; resource_id, provider_id and pool_id are those of
           // the last attempt.
           R"(CREATE TABLE requests (
                request_id TEXT NOT NULL PRIMARY KEY,
                created_at BIGINT NOT NULL,
                method TEXT NOT NULL,
                path TEXT NOT NULL,
                stream INTEGER NOT NULL,
                session_id TEXT NOT NULL,
                session_name TEXT NOT NULL,
                asked_pool_id TEXT NOT NULL,
                model TEXT NOT NULL,
                model_alias TEXT NOT NULL,
                previous_response_id TEXT NOT NULL,
                response_id TEXT NOT NULL,
                status_code INTEGER NOT NULL,
                completed INTEGER NOT NULL,
                blame TEXT NOT NULL,
                error TEXT NOT NULL,
                adjusted TEXT NOT NULL,
                input_tokens BIGINT,
                output_tokens BIGINT,
                total_tokens BIGINT,
                cached_tokens BIGINT,
                reasoning_tokens BIGINT,
                request_bytes BIGINT NOT NULL,
                response_bytes BIGINT NOT NULL,
                text_bytes BIGINT NOT NULL,
                duration_us BIGINT NOT NULL,
                first_byte_us BIGINT,
                proxy_us BIGINT NOT NULL,
                resource_id TEXT NOT NULL,
                provider_id TEXT NOT NULL,
                pool_id TEXT NOT NULL))",
           "CREATE UNIQUE INDEX requests_by_time ON requests (created_at, request_id)",
           "CREATE UNIQUE INDEX requests_by_session ON requests "
           "(session_id, created_at, request_id)",
           "CREATE UNIQUE INDEX requests_by_resource ON requests "
           "(resource_id, created_at, request_id)",
           "CREATE UNIQUE INDEX requests_by_pool ON requests (pool_id, created_at, request_id)",
           "CREATE UNIQUE INDEX requests_by_model ON requests (model, created_at, request_id)",
           // Most requests are a 200: those are found quickly by time alone.
           "CREATE UNIQUE INDEX requests_by_status ON requests "
           "(status_code, created_at, request_id) WHERE status_code <> 200",
           "CREATE INDEX requests_by_response ON requests (response_id) WHERE response_id <> ''",

           // One row per attempt: the decision and what came of it. created_at is the request's.
           R"(CREATE TABLE attempts (
                request_id TEXT NOT NULL REFERENCES requests (request_id) ON DELETE CASCADE,
                attempt INTEGER NOT NULL,
                created_at BIGINT NOT NULL,
                resource_id TEXT NOT NULL,
                provider_id TEXT NOT NULL,
                pool_id TEXT NOT NULL,
                reason TEXT NOT NULL,
                started_at BIGINT NOT NULL,
                duration_us BIGINT NOT NULL,
                first_byte_us BIGINT,
                status_code INTEGER NOT NULL,
                blame TEXT NOT NULL,
                error TEXT NOT NULL,
                upstream_request_id TEXT NOT NULL,
                PRIMARY KEY (request_id, attempt)))",
           "CREATE UNIQUE INDEX attempts_by_resource ON attempts "
           "(resource_id, created_at, request_id, attempt)",
           "CREATE UNIQUE INDEX attempts_by_pool ON attempts "
           "(pool_id, created_at, request_id, attempt)"}};
}

// Behind the other columns, so that reading those does not read a body.
Migration captured_bodies() {
  return {2,
          {"ALTER TABLE requests ADD COLUMN request_body TEXT NOT NULL DEFAULT ''",
           "ALTER TABLE requests ADD COLUMN response_body TEXT NOT NULL DEFAULT ''"}};
}

// `pool_id` is what its name says: a request that reached no resource was in no pool. Statuses can
// be asked for by their class; as with single ones, what most requests have is found by time alone.
Migration what_was_asked() {
  return {3,
          {"ALTER TABLE requests ADD COLUMN client_request_id TEXT NOT NULL DEFAULT ''",
           "UPDATE requests SET pool_id = '' WHERE resource_id = ''",
           "UPDATE sessions SET last_pool_id = '' WHERE last_resource_id = ''",
           "CREATE UNIQUE INDEX requests_by_asked_pool ON requests "
           "(asked_pool_id, created_at, request_id) WHERE asked_pool_id <> ''",
           "CREATE UNIQUE INDEX requests_by_status_class ON requests "
           "((status_code / 100), created_at, request_id) WHERE status_code / 100 <> 2"}};
}

// Who asked, what each attempt used, and which record has a background response's usage.
Migration callers_and_usage() {
  return {4,
          {"ALTER TABLE requests ADD COLUMN caller TEXT NOT NULL DEFAULT ''",
           "CREATE UNIQUE INDEX requests_by_caller ON requests "
           "(caller, created_at, request_id) WHERE caller <> ''",
           "ALTER TABLE requests ADD COLUMN background INTEGER NOT NULL DEFAULT 0",
           "ALTER TABLE sessions ADD COLUMN last_caller TEXT NOT NULL DEFAULT ''",
           "ALTER TABLE attempts ADD COLUMN input_tokens BIGINT",
           "ALTER TABLE attempts ADD COLUMN output_tokens BIGINT",
           "ALTER TABLE attempts ADD COLUMN total_tokens BIGINT",
           "ALTER TABLE attempts ADD COLUMN cached_tokens BIGINT",
           "ALTER TABLE attempts ADD COLUMN reasoning_tokens BIGINT",
           // Goes with its request; deferred, because it is written before that one.
           R"(CREATE TABLE background_usage (
                response_id TEXT NOT NULL PRIMARY KEY,
                request_id TEXT NOT NULL REFERENCES requests (request_id) ON DELETE CASCADE
                  DEFERRABLE INITIALLY DEFERRED))",
           "CREATE INDEX background_usage_by_request ON background_usage (request_id)"}};
}

// What was registered: lib/registry knows what is in a document. `version` counts the changes; each
// of them has at least one row of the audit.
Migration registry() {
  const std::string row = R"((
                id TEXT NOT NULL PRIMARY KEY,
                revision BIGINT NOT NULL,
                created_at BIGINT NOT NULL,
                updated_at BIGINT NOT NULL,
                document TEXT NOT NULL))";
  return {5,
          {"CREATE TABLE registry_providers " + row, "CREATE TABLE registry_aliases " + row,
           R"(CREATE TABLE registry_version (
                id INTEGER NOT NULL PRIMARY KEY,
                version BIGINT NOT NULL))",
           "INSERT INTO registry_version (id, version) VALUES (1, 0)",
           R"(CREATE TABLE registry_audit (
                version BIGINT NOT NULL,
                position INTEGER NOT NULL,
                changed_at BIGINT NOT NULL,
                actor TEXT NOT NULL,
                action TEXT NOT NULL,
                kind TEXT NOT NULL,
                record_id TEXT NOT NULL,
                details TEXT NOT NULL,
                PRIMARY KEY (version, position)))"}};
}

// The turns behind the ids of responses (lib/conversations/): each has its own items and the number
// of the turn before it, 0 for a beginning. One that nobody may find any more has no name.
Migration conversations() {
  return {6,
          {R"(CREATE TABLE conversations (
                conversation BIGINT NOT NULL PRIMARY KEY,
                used_at BIGINT NOT NULL))",
           "CREATE INDEX conversations_by_use ON conversations (used_at)",
           R"(CREATE TABLE response_turns (
                turn BIGINT NOT NULL PRIMARY KEY,
                conversation BIGINT NOT NULL,
                turn_before BIGINT NOT NULL,
                caller TEXT NOT NULL,
                response_id TEXT NOT NULL,
                previous_response_id TEXT NOT NULL,
                input TEXT NOT NULL,
                output TEXT NOT NULL))",
           "CREATE UNIQUE INDEX response_turns_by_id ON response_turns (response_id, caller) "
           "WHERE response_id <> ''",
           "CREATE INDEX response_turns_by_conversation ON response_turns (conversation)",
           "CREATE INDEX response_turns_by_before ON response_turns (turn_before)"}};
}

// The responses that are kept in a provider's place (lib/conversations/). The large columns are
// last, so that reading the others does not read them.
Migration kept_responses() {
  return {7,
          {R"(CREATE TABLE kept_responses (
                caller TEXT NOT NULL,
                response_id TEXT NOT NULL,
                is_open INTEGER NOT NULL,
                touched_at BIGINT NOT NULL,
                previous_response_id TEXT NOT NULL,
                input TEXT NOT NULL,
                marks TEXT NOT NULL,
                document TEXT NOT NULL,
                PRIMARY KEY (response_id, caller)))",
           "CREATE INDEX kept_responses_by_use ON kept_responses (touched_at)"}};
}

// The sums behind usage (usage_sums.h). Records that whoever wrote them has added are marked; what
// an earlier version wrote is added bit by bit, up to the place that `maintenance` names
// (record_maintenance.h).
Migration usage_sums() {
  const std::string columns = R"((
                day BIGINT NOT NULL,
                session_id TEXT NOT NULL,
                model TEXT NOT NULL,
                resource_id TEXT NOT NULL,
                pool_id TEXT NOT NULL,
                asked_pool_id TEXT NOT NULL,
                caller TEXT NOT NULL,
                status_code INTEGER NOT NULL,
                requests BIGINT NOT NULL,
                errors BIGINT NOT NULL,
                input_tokens BIGINT,
                output_tokens BIGINT,
                total_tokens BIGINT,
                cached_tokens BIGINT,
                reasoning_tokens BIGINT,
                PRIMARY KEY (day, session_id, model, resource_id, pool_id, asked_pool_id, caller,
                             status_code)))";
  return {8,
          {"CREATE TABLE usage_days " + columns, "CREATE TABLE usage_session_days " + columns,
           "CREATE INDEX usage_session_days_by_session ON usage_session_days (session_id, day)",
           "ALTER TABLE requests ADD COLUMN summed INTEGER NOT NULL DEFAULT 0",
           R"(CREATE TABLE maintenance (
                id INTEGER NOT NULL PRIMARY KEY,
                summed_at BIGINT NOT NULL,
                summed_id TEXT NOT NULL,
                sum_until BIGINT NOT NULL))",
           "INSERT INTO maintenance (id, summed_at, summed_id, sum_until) VALUES (1, 0, '', 0)"}};
}

Migration kept_conversations() {
  return {9,
          {R"(CREATE TABLE kept_conversations (
                caller TEXT NOT NULL,
                conversation_id TEXT NOT NULL,
                version BIGINT NOT NULL,
                touched_at BIGINT NOT NULL,
                head TEXT NOT NULL,
                document TEXT NOT NULL,
                PRIMARY KEY (conversation_id, caller)))",
           "CREATE INDEX kept_conversations_by_use ON kept_conversations (touched_at)"}};
}

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

std::int64_t version_of(SqlConnection& connection) {
  std::int64_t version = 0;
  connection.query("SELECT COALESCE(MAX(version), 0) FROM schema_migrations", {},
                   [&](const SqlRow& row) { version = row.integer(0); });
  return version;
}

// 0 = a database without our tables, or one that fails: that comes up again when it is written.
// Reads only, so that a database without changes to make opens while another process locks it.
std::int64_t version_if_any(SqlConnection& connection) {
  try {
    return version_of(connection);
  } catch (const StorageError&) {
    return 0;
  }
}

std::int64_t last_of(std::span<const Migration> steps) {
  return steps.empty() ? 0 : steps.back().version;
}

void refuse_newer(std::int64_t found, std::int64_t last) {
  if (found <= last) return;
  throw SchemaTooNew(
      fmt::format("The database has schema version {}, this program knows versions up to {}. "
                  "Use the program that wrote it, or a newer one.",
                  found, last));
}

}  // namespace

std::span<const Migration> migrations() {
  static const std::array<Migration, 10> all{
      initial_schema(),     captured_bodies(), what_was_asked(), callers_and_usage(),
      registry(),           conversations(),   kept_responses(), usage_sums(),
      kept_conversations(), narrow_records()};
  return all;
}

void check_schema(SqlConnection& connection, std::span<const Migration> steps) {
  refuse_newer(version_if_any(connection), last_of(steps));
}

void check_readable(SqlConnection& connection, const std::string& sql) {
  connection.query(sql, {}, [](const SqlRow&) {});
  check_schema(connection);
}

void migrate(SqlConnection& connection, std::span<const Migration> steps) {
  const std::int64_t last = last_of(steps);
  if (last > 0 && version_if_any(connection) == last) return;
  SqlTransaction transaction(connection);
  connection.lock_schema();
  const std::string versions =
      "CREATE TABLE IF NOT EXISTS schema_migrations (version BIGINT NOT NULL PRIMARY KEY)";
  connection.define({&versions, 1});
  const std::int64_t found = version_of(connection);
  refuse_newer(found, last);
  for (const Migration& step : steps) {
    if (step.version <= found) continue;
    connection.define(step.statements);
    const SqlValue version = step.version;
    connection.execute("INSERT INTO schema_migrations (version) VALUES ($1)", {&version, 1});
  }
  transaction.commit();
}

}  // namespace responses_proxy
