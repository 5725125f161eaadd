#include "storage/usage_sums.h"

#include <fmt/format.h>

#include <chrono>
#include <utility>
#include <vector>

#include "core/counted_errors.h"
#include "core/utf8_text.h"
#include "storage/record_fields.h"
#include "storage/sql_values.h"
#include "storage/sum_columns.h"

namespace responses_proxy {

namespace {

// The columns that say what a sum is of.
std::vector<SqlColumn> key_columns() {
  return {{"day", false},    {"session_id", true},    {"model", true},  {"resource_id", true},
          {"pool_id", true}, {"asked_pool_id", true}, {"caller", true}, {"status_code", false}};
}

SqlInsert insert_into_sums(const std::string& table) {
  SqlInsert insert{table, key_columns(), {}};
  std::string key;
  for (const SqlColumn& column : insert.columns) key += (key.empty() ? "" : ", ") + column.name;
  insert.columns.push_back({"requests", false});
  insert.columns.push_back({"errors", false});
  for (const TokenCount& tokens : kTokenCounts) insert.columns.push_back({tokens.name, false});
  insert.on_conflict = fmt::format("({}) DO UPDATE SET day = excluded.day{}{}", key,
                                   add_counts(table, {"requests", "errors"}), add_tokens(table));
  return insert;
}

void add_to(UsageRow& sum, const UsageRow& part) {
  sum.requests += part.requests;
  sum.errors += part.errors;
  sum.usage += part.usage;
}

}  // namespace

std::string sum_text(std::string_view text) {
  return utf8_text(text, kMaxSumText);
}

std::int64_t day_of(WallTime time) {
  return std::chrono::floor<std::chrono::days>(time).time_since_epoch().count();
}

void UsageSums::add(const RequestRecord& record) {
  Key key;
  key.day = day_of(record.created_at);
  key.model = sum_text(record.model);
  key.asked_pool_id = sum_text(record.requested_pool_id);
  key.caller = sum_text(record.caller);
  key.status_code = record.status_code;
  const std::string session_id = sum_text(record.session_id);
  const auto add_part = [&](const UsageRow& part) {
    key.session_id.clear();
    add_to(days_[key], part);
    key.session_id = session_id;
    add_to(session_days_[key], part);
  };

  // Tokens count where they were spent, the request where it was answered.
  UsageRow whole;
  whole.requests = 1;
  whole.errors = counts_as_error(record.blame) ? 1 : 0;
  whole.usage = record.usage;
  for (const AttemptRecord& attempt : record.attempts) {
    key.resource_id = sum_text(attempt.resource_id);
    key.pool_id = sum_text(attempt.pool_id);
    if (attempt.usage == TokenUsage{}) continue;
    whole.usage = {};
    UsageRow spent;
    spent.usage = attempt.usage;
    add_part(spent);
  }
  add_part(whole);
}

void UsageSums::write(SqlConnection& connection) const {
  static const SqlInsert into_days = insert_into_sums("usage_days");
  static const SqlInsert into_session_days = insert_into_sums("usage_session_days");
  write_table(connection, into_days, days_);
  write_table(connection, into_session_days, session_days_);
}

void UsageSums::write_table(SqlConnection& connection, const SqlInsert& into, const Sums& sums) {
  std::vector<SqlValues> rows;
  rows.reserve(sums.size());
  for (const auto& [key, sum] : sums) {
    SqlValues& row = rows.emplace_back(
        SqlValues{key.day, key.session_id, key.model, key.resource_id, key.pool_id,
                  key.asked_pool_id, key.caller, key.status_code, sum.requests, sum.errors});
    for (const TokenCount& tokens : kTokenCounts) row.push_back(to_sql(sum.usage.*tokens.count));
  }
  connection.insert(into, rows);
}

}  // namespace responses_proxy
