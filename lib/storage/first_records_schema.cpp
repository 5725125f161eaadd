#include "storage/schema_steps.h"

namespace responses_proxy {

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

}  // namespace responses_proxy
