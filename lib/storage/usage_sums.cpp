#include "storage/usage_sums.h"

#include <fmt/format.h>

#include <array>
#include <chrono>
#include <tuple>
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

UsageSums::Id::Id(const Key& key) : key_(key) {
  const std::array texts{&key_.session_id, &key_.model,         &key_.resource_id,
                         &key_.pool_id,    &key_.asked_pool_id, &key_.caller};
  for (const std::string_view* text : texts) texts_ += *text;
  std::string_view rest = texts_;
  for (std::string_view* text : texts) {
    *text = rest.substr(0, text->size());
    rest.remove_prefix(text->size());
  }
}

UsageRow& UsageSums::Table::operator[](const Key& key) {
  if (last != sums.end() && last->first.key() == key) return last->second;
  last = sums.find(key);
  if (last == sums.end()) {
    last = sums.emplace(std::piecewise_construct, std::tuple(key), std::tuple()).first;
  }
  return last->second;
}

std::string_view UsageSums::text_of(std::string_view text) {
  if (text.size() <= kMaxSumText && is_storable(text)) return text;
  return texts_.emplace_back(sum_text(text));
}

void UsageSums::add(const RequestRecord& record) {
  Key key;
  key.day = day_of(record.created_at);
  key.model = text_of(record.model);
  key.asked_pool_id = text_of(record.requested_pool_id);
  key.caller = text_of(record.caller);
  key.status_code = record.status_code;
  const std::string_view session_id = text_of(record.session_id);
  const auto add_part = [&](const UsageRow& part) {
    key.session_id = {};
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
    key.resource_id = text_of(attempt.resource_id);
    key.pool_id = text_of(attempt.pool_id);
    if (attempt.usage == TokenUsage{}) continue;
    whole.usage = {};
    UsageRow spent;
    spent.usage = attempt.usage;
    add_part(spent);
  }
  add_part(whole);
  texts_.clear();
}

void UsageSums::write(SqlConnection& connection) const {
  static const SqlInsert into_days = insert_into_sums("usage_days");
  static const SqlInsert into_session_days = insert_into_sums("usage_session_days");
  write_table(connection, into_days, days_.sums);
  write_table(connection, into_session_days, session_days_.sums);
}

void UsageSums::write_table(SqlConnection& connection, const SqlInsert& into, const Sums& sums) {
  std::vector<SqlCell> cells;
  cells.reserve(sums.size() * into.columns.size());
  for (const auto& [id, sum] : sums) {
    const Key& key = id.key();
    cells.insert(cells.end(),
                 {key.day, key.session_id, key.model, key.resource_id, key.pool_id,
                  key.asked_pool_id, key.caller, key.status_code, sum.requests, sum.errors});
    for (const TokenCount& tokens : kTokenCounts) {
      const std::optional<std::int64_t>& count = sum.usage.*tokens.count;
      cells.push_back(count ? SqlCell(*count) : SqlCell());
    }
  }
  connection.insert_cells(into, cells);
}

}  // namespace responses_proxy
