#include "storage/session_totals.h"

#include <algorithm>

#include "storage/sql_values.h"

namespace responses_proxy {

namespace {

// The newer name and last_* win, whichever order batches arrive in; sums add up, and stay NULL
// while nobody reported a number.
constexpr const char* kUpdate = R"((session_id) DO UPDATE SET
  session_name = CASE
    WHEN excluded.session_name = '' THEN sessions.session_name
    WHEN sessions.session_name = '' THEN excluded.session_name
    WHEN excluded.last_seen_at >= sessions.last_seen_at THEN excluded.session_name
    ELSE sessions.session_name END,
  last_resource_id = CASE WHEN excluded.last_seen_at >= sessions.last_seen_at
    THEN excluded.last_resource_id ELSE sessions.last_resource_id END,
  last_pool_id = CASE WHEN excluded.last_seen_at >= sessions.last_seen_at
    THEN excluded.last_pool_id ELSE sessions.last_pool_id END,
  last_model = CASE WHEN excluded.last_seen_at >= sessions.last_seen_at
    THEN excluded.last_model ELSE sessions.last_model END,
  last_status_code = CASE WHEN excluded.last_seen_at >= sessions.last_seen_at
    THEN excluded.last_status_code ELSE sessions.last_status_code END,
  created_at = CASE WHEN excluded.created_at < sessions.created_at
    THEN excluded.created_at ELSE sessions.created_at END,
  last_seen_at = CASE WHEN excluded.last_seen_at > sessions.last_seen_at
    THEN excluded.last_seen_at ELSE sessions.last_seen_at END,
  request_count = sessions.request_count + excluded.request_count,
  error_count = sessions.error_count + excluded.error_count,
  input_tokens = COALESCE(sessions.input_tokens + excluded.input_tokens,
    sessions.input_tokens, excluded.input_tokens),
  output_tokens = COALESCE(sessions.output_tokens + excluded.output_tokens,
    sessions.output_tokens, excluded.output_tokens),
  total_tokens = COALESCE(sessions.total_tokens + excluded.total_tokens,
    sessions.total_tokens, excluded.total_tokens),
  cached_tokens = COALESCE(sessions.cached_tokens + excluded.cached_tokens,
    sessions.cached_tokens, excluded.cached_tokens),
  reasoning_tokens = COALESCE(sessions.reasoning_tokens + excluded.reasoning_tokens,
    sessions.reasoning_tokens, excluded.reasoning_tokens)
)";

void add_to(std::optional<std::int64_t>& sum, const std::optional<std::int64_t>& part) {
  if (part) sum = sum.value_or(0) + *part;
}

void add_to(TokenUsage& sum, const TokenUsage& part) {
  add_to(sum.input, part.input);
  add_to(sum.output, part.output);
  add_to(sum.total, part.total);
  add_to(sum.cached, part.cached);
  add_to(sum.reasoning, part.reasoning);
}

bool is_error(const RequestRecord& record) {
  return record.blame != Blame::none && record.blame != Blame::client;
}

}  // namespace

void SessionTotals::add(const RequestRecord& record) {
  if (record.session_id.empty()) return;
  const auto [entry, is_new] = by_session_.try_emplace(storable_text(record.session_id));
  SessionRow& row = entry->second;
  if (is_new) {
    row.session_id = entry->first;
    row.created_at = row.last_seen_at = record.created_at;
  }
  row.created_at = std::min(row.created_at, record.created_at);
  ++row.request_count;
  if (is_error(record)) ++row.error_count;
  add_to(row.usage, record.usage);
  const bool newest = record.created_at >= row.last_seen_at;
  if (!record.session_name.empty() && (newest || row.session_name.empty())) {
    row.session_name = record.session_name;
  }
  if (!newest) return;
  row.last_seen_at = record.created_at;
  row.last_model = record.model;
  row.last_resource_id = record.attempts.empty() ? "" : record.attempts.back().resource_id;
  row.last_pool_id = record.attempts.empty() ? "" : record.attempts.back().pool_id;
  row.last_status_code = record.status_code;
}

SqlValues SessionTotals::values_of(const SessionRow& row) {
  return {to_sql(row.session_id),   to_sql(row.session_name), to_sql(row.last_resource_id),
          to_sql(row.last_pool_id), to_sql(row.last_model),   to_sql(row.last_status_code),
          to_sql(row.created_at),   to_sql(row.last_seen_at), to_sql(row.request_count),
          to_sql(row.error_count),  to_sql(row.usage.input),  to_sql(row.usage.output),
          to_sql(row.usage.total),  to_sql(row.usage.cached), to_sql(row.usage.reasoning)};
}

void SessionTotals::write(SqlConnection& connection) const {
  static const SqlInsert upsert{"sessions",
                                {{"session_id", true},
                                 {"session_name", true},
                                 {"last_resource_id", true},
                                 {"last_pool_id", true},
                                 {"last_model", true},
                                 {"last_status_code"},
                                 {"created_at"},
                                 {"last_seen_at"},
                                 {"request_count"},
                                 {"error_count"},
                                 {"input_tokens"},
                                 {"output_tokens"},
                                 {"total_tokens"},
                                 {"cached_tokens"},
                                 {"reasoning_tokens"}},
                                kUpdate};
  std::vector<SqlValues> rows;
  for (const auto& [id, row] : by_session_) rows.push_back(values_of(row));
  connection.insert(upsert, rows);
}

}  // namespace responses_proxy
