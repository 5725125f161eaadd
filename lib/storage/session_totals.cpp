#include "storage/session_totals.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/counted_errors.h"
#include "storage/record_fields.h"
#include "storage/sql_values.h"
#include "storage/sum_columns.h"

namespace responses_proxy {

namespace {

// "column = value"
std::string set(const char* column, std::string_view value) {
  return fmt::format(", {} = {}", column, fmt::format(fmt::runtime(value), column));
}

// What happens to a session that is there, whichever order batches arrive in: the newer name and
// last_* win, sums add up, and stay NULL while nobody reported a number.
std::string on_conflict() {
  std::string update = R"((session_id) DO UPDATE SET session_name = CASE
    WHEN excluded.session_name = '' THEN sessions.session_name
    WHEN sessions.session_name = '' THEN excluded.session_name
    WHEN excluded.last_seen_at >= sessions.last_seen_at THEN excluded.session_name
    ELSE sessions.session_name END)";
  for (const char* last :
       {"last_caller", "last_resource_id", "last_pool_id", "last_model", "last_status_code"}) {
    update += set(last,
                  "CASE WHEN excluded.last_seen_at >= sessions.last_seen_at "
                  "THEN excluded.{0} ELSE sessions.{0} END");
  }
  update += set("created_at",
                "CASE WHEN excluded.{0} < sessions.{0} THEN excluded.{0} ELSE sessions.{0} END");
  update += set("last_seen_at",
                "CASE WHEN excluded.{0} > sessions.{0} THEN excluded.{0} ELSE sessions.{0} END");
  update += add_counts("sessions", {"request_count", "error_count"});
  return update + add_tokens("sessions");
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
  if (counts_as_error(record.blame)) ++row.error_count;
  row.usage += record.usage;
  const bool newest = record.created_at >= row.last_seen_at;
  if (!record.session_name.empty() && (newest || row.session_name.empty())) {
    row.session_name = record.session_name;
  }
  if (!newest) return;
  row.last_seen_at = record.created_at;
  row.last_caller = record.caller;
  row.last_model = record.model;
  row.last_resource_id = record.attempts.empty() ? "" : record.attempts.back().resource_id;
  row.last_pool_id = record.attempts.empty() ? "" : record.attempts.back().pool_id;
  row.last_status_code = record.status_code;
}

void SessionTotals::write(SqlConnection& connection) const {
  static const SqlInsert upsert = insert_into("sessions", session_fields(), on_conflict());
  std::vector<SqlValues> rows;
  for (const auto& [id, row] : by_session_) rows.push_back(values_of(session_fields(), row));
  connection.insert(upsert, rows);
}

}  // namespace responses_proxy
