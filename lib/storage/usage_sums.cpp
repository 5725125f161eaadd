#include "storage/usage_sums.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <tuple>

#include "core/counted_errors.h"
#include "core/utf8_text.h"
#include "storage/record_fields.h"
#include "storage/sql_values.h"
#include "storage/sum_columns.h"

namespace responses_proxy {

namespace {

// `time`: the column that a key begins with.
SqlInsert insert_into_sums(const std::string& table, const std::string& time) {
  SqlInsert insert{table,
                   {{time},
                    {"session_id", true},
                    {"model", true},
                    {"resource_id", true},
                    {"pool_id", true},
                    {"asked_pool_id", true},
                    {"caller", true},
                    {"status_code"}},
                   {}};
  std::string key;
  for (const SqlColumn& column : insert.columns) key += (key.empty() ? "" : ", ") + column.name;
  insert.columns.push_back({"requests"});
  insert.columns.push_back({"errors"});
  for (const TokenCount& tokens : kTokenCounts) insert.columns.push_back({tokens.name});
  insert.on_conflict = fmt::format("({}) DO UPDATE SET {}, {}", key,
                                   add_counts(table, {"requests", "errors"}), add_tokens(table));
  return insert;
}

}  // namespace

std::string sum_text(std::string_view text) {
  return utf8_text(text, kMaxSumText);
}

std::int64_t day_of(WallTime time) {
  return std::chrono::floor<std::chrono::days>(time).time_since_epoch().count();
}

std::int64_t first_stretch_of(std::int64_t day) {
  return day * (std::int64_t{1} << kStretchBits);
}

const SqlInsert& into_session_days() {
  static const SqlInsert into = insert_into_sums("usage_session_days", "stretch");
  return into;
}

void UsageSums::Sum::add(const Sum& part) {
  requests += part.requests;
  errors += part.errors;
  usage += part.usage;
}

UsageSums::Sums& UsageSums::of(const Kind& kind) {
  if (last_ == nullptr || last_->first != kind) last_ = &*by_kind_.try_emplace(kind).first;
  return last_->second;
}

std::string_view UsageSums::text_of(std::string_view text) {
  if (text.size() <= kMaxSumText && is_storable(text)) return text;
  return texts_.emplace_back(sum_text(text));
}

void UsageSums::add(const RequestRecord& record) {
  Kind kind;
  kind.day = day_of(record.created_at);
  kind.model = text_of(record.model);
  kind.asked_pool_id = text_of(record.requested_pool_id);
  kind.caller = text_of(record.caller);
  kind.status_code = record.status_code;
  const std::string_view session_id = text_of(record.session_id);
  const auto add_part = [&](const Sum& part) {
    Sums& sums = of(kind);
    sums.all.add(part);
    sums.by_session[session_id].add(part);
  };

  // Tokens count where they were spent, the request where it was answered.
  Sum answered{1, counts_as_error(record.blame) ? 1 : 0, record.usage};
  for (const AttemptRecord& attempt : record.attempts) {
    kind.resource_id = text_of(attempt.resource_id);
    kind.pool_id = text_of(attempt.pool_id);
    if (attempt.usage == TokenUsage{}) continue;
    const bool last = &attempt == &record.attempts.back();
    answered.usage = last ? attempt.usage : TokenUsage();
    if (!last) add_part({0, 0, attempt.usage});
  }
  add_part(answered);
}

void UsageSums::write(SqlConnection& connection, std::int64_t segment) const {
  write_days(connection);
  write_session_days(connection, segment);
}

void UsageSums::write_days(SqlConnection& connection) const {
  static const SqlInsert into = insert_into_sums("usage_days", "day");
  std::vector<SqlCell> cells;
  for (const auto& [kind, sums] : by_kind_) append(cells, kind.day, "", kind, sums.all);
  connection.insert_cells(into, cells);
}

void UsageSums::write_session_days(SqlConnection& connection, std::int64_t segment) const {
  const SqlInsert& into = into_session_days();
  struct Row {
    std::string_view session_id;
    const Kind* kind;
    const Sum* sum;
  };
  std::vector<Row> rows;
  for (const auto& [kind, sums] : by_kind_) {
    for (const auto& [session_id, sum] : sums.by_session) rows.push_back({session_id, &kind, &sum});
  }
  // Those of one session stay in the order of their kinds.
  std::stable_sort(rows.begin(), rows.end(), [](const Row& left, const Row& right) {
    return std::tie(left.kind->day, left.session_id) < std::tie(right.kind->day, right.session_id);
  });
  std::vector<SqlCell> cells;
  cells.reserve(rows.size() * into.columns.size());
  const std::int64_t within_day = segment % first_stretch_of(1);
  for (const Row& row : rows) {
    const std::int64_t stretch = first_stretch_of(row.kind->day) + within_day;
    append(cells, stretch, row.session_id, *row.kind, *row.sum);
  }
  connection.insert_cells(into, cells);
}

void UsageSums::append(std::vector<SqlCell>& cells, std::int64_t time, std::string_view session_id,
                       const Kind& kind, const Sum& sum) {
  cells.insert(cells.end(),
               {time, session_id, kind.model, kind.resource_id, kind.pool_id, kind.asked_pool_id,
                kind.caller, kind.status_code, sum.requests, sum.errors});
  append_tokens(cells, sum.usage);
}

}  // namespace responses_proxy
