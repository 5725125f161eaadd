#include "storage/session_totals.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

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
  update += ", " + add_counts("sessions", {"request_count", "error_count"});
  return update + ", " + add_tokens("sessions");
}

SqlInsert into_sessions() {
  SqlInsert into{"sessions",
                 {{"session_id", true},
                  {"session_name", true},
                  {"last_caller", true},
                  {"last_resource_id", true},
                  {"last_pool_id", true},
                  {"last_model", true},
                  {"last_status_code"},
                  {"created_at"},
                  {"last_seen_at"},
                  {"request_count"},
                  {"error_count"}},
                 on_conflict()};
  for (const TokenCount& tokens : kTokenCounts) into.columns.push_back({tokens.name});
  return into;
}

}  // namespace

void SessionTotals::add(const RequestRecord& record) {
  if (record.session_id.empty()) return;
  Total& total = by_session_[texts_.of(record.session_id)];
  ++total.requests;
  if (counts_as_error(record.blame)) ++total.errors;
  total.usage += record.usage;
  if (total.newest == nullptr || record.created_at < total.created_at) {
    total.created_at = record.created_at;
  }
  const bool newest = total.newest == nullptr || record.created_at >= total.newest->created_at;
  if (!record.session_name.empty() && (newest || total.named == nullptr)) total.named = &record;
  if (newest) total.newest = &record;
}

void SessionTotals::write(SqlConnection& connection) {
  static const SqlInsert upsert = into_sessions();
  std::vector<std::pair<std::string_view, const Total*>> sorted;
  sorted.reserve(by_session_.size());
  for (const auto& [session_id, total] : by_session_) sorted.emplace_back(session_id, &total);
  std::sort(sorted.begin(), sorted.end());
  std::vector<SqlCell> cells;
  cells.reserve(sorted.size() * upsert.columns.size());
  for (const auto& [session_id, total] : sorted) append(cells, session_id, *total);
  connection.insert_cells(upsert, cells);
}

void SessionTotals::append(std::vector<SqlCell>& cells, std::string_view session_id,
                           const Total& total) {
  static const std::string nothing;
  const RequestRecord& newest = *total.newest;
  const AttemptRecord* last = newest.attempts.empty() ? nullptr : &newest.attempts.back();
  cells.insert(cells.end(),
               {session_id, texts_.of(total.named ? total.named->session_name : nothing),
                texts_.of(newest.caller), texts_.of(last ? last->resource_id : nothing),
                texts_.of(last ? last->pool_id : nothing), texts_.of(newest.model),
                std::int64_t{newest.status_code}, to_micros(total.created_at),
                to_micros(newest.created_at), total.requests, total.errors});
  append_tokens(cells, total.usage);
}

}  // namespace responses_proxy
