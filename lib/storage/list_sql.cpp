#include "storage/list_sql.h"

#include <fmt/format.h>

#include <algorithm>

#include "storage/record_fields.h"
#include "storage/sql_values.h"
#include "storage/usage_sums.h"

namespace responses_proxy {

namespace {

class Builder {
 public:
  explicit Builder(std::string select) { query_.text = std::move(select); }

  // The placeholder of a new parameter.
  std::string param(SqlValue value) {
    query_.params.push_back(std::move(value));
    return fmt::format("${}", query_.params.size());
  }
  void add(std::string_view text) { query_.text += text; }
  void where(std::string_view condition) {
    query_.text += has_where_ ? " AND " : " WHERE ";
    query_.text += condition;
    has_where_ = true;
  }
  template <class T>
  void where_equal(std::string_view column, const std::optional<T>& wanted) {
    if (wanted) where(fmt::format("{} = {}", column, param(to_sql(*wanted))));
  }
  // requests_by_status and requests_by_status_class only serve a condition that repeats their own.
  void where_status(std::string_view column, const RecordQuery& query) {
    where_equal(column, query.status);
    if (query.status && *query.status != 200) where(fmt::format("{} <> 200", column));
    where_equal(fmt::format("{} / 100", column), query.status_class);
    if (query.status_class && *query.status_class != 2) where(fmt::format("{} / 100 <> 2", column));
  }
  // So do requests_by_asked_pool and requests_by_caller.
  void where_text(std::string_view column, const std::optional<std::string>& wanted) {
    where_equal(column, wanted);
    if (wanted && !wanted->empty()) where(fmt::format("{} <> ''", column));
  }
  void where_time(std::string_view column, const RecordQuery& query) {
    if (query.since) where(fmt::format("{} >= {}", column, param(to_sql(*query.since))));
    if (query.until) where(fmt::format("{} < {}", column, param(to_sql(*query.until))));
  }
  void limit(std::size_t rows) { add(" LIMIT " + param(static_cast<std::int64_t>(rows))); }
  SqlQuery take() { return std::move(query_); }

 private:
  SqlQuery query_;
  bool has_where_ = false;
};

// What stands after the filters of a list without row numbers.
SqlQuery page(Builder builder, const RecordQuery& query, const Behind& behind,
              std::string_view time, std::string_view id) {
  if (behind) {
    const std::string time_param = builder.param(behind->time);
    builder.where(fmt::format("({}, {}) < ({}, {})", time, id, time_param,
                              builder.param(storable_text(behind->id))));
  }
  builder.add(fmt::format(" ORDER BY {} DESC, {} DESC", time, id));
  builder.limit(page_size(query) + 1);
  return builder.take();
}

// The filters by what a request has once.
void filter_request(Builder& builder, const RecordQuery& query) {
  builder.where_equal("r.session_id", query.session_id);
  builder.where_text("r.asked_pool_id", query.requested_pool_id);
  builder.where_text("r.caller", query.caller);
  builder.where_equal("r.model", query.model);
  builder.where_status("r.status_code", query);
}

bool filters_attempts(const RecordQuery& query) {
  return query.resource_id || query.pool_id;
}

void filter_attempt(Builder& builder, const RecordQuery& query) {
  builder.where_equal("a.resource_id", query.resource_id);
  builder.where_equal("a.pool_id", query.pool_id);
}

// Of a request's attempts that match, the first stands for it.
void first_match_only(Builder& builder, const RecordQuery& query) {
  std::string earlier =
      "SELECT 1 FROM attempts b WHERE b.request_id = a.request_id AND b.attempt < a.attempt";
  if (query.resource_id) earlier += " AND b.resource_id = a.resource_id";
  if (query.pool_id) earlier += " AND b.pool_id = a.pool_id";
  builder.where(fmt::format("NOT EXISTS ({})", earlier));
}

// `|| ''` keeps SQLite from walking the index of the sessions, only to have the groups in order,
// when the query is about a few days.
const char* usage_key(UsageBy by) {
  switch (by) {
    case UsageBy::day:
      return "day";
    case UsageBy::model:
      return "model";
    case UsageBy::resource:
      return "resource_id";
    case UsageBy::session:
      return "session_id || ''";
    case UsageBy::caller:
      return "caller";
  }
  return "";
}

// Whole days: sums have no finer time.
void filter_days(Builder& builder, const RecordQuery& query) {
  if (query.since) builder.where("day >= " + builder.param(day_of(*query.since)));
  if (!query.until) return;
  const WallTime last_moment = *query.until - WallTime::duration(1);
  builder.where("day <= " + builder.param(day_of(last_moment)));
}

std::optional<std::string> in_sums(const std::optional<std::string>& wanted) {
  if (!wanted) return std::nullopt;
  return sum_text(*wanted);
}

}  // namespace

std::size_t page_size(const RecordQuery& query) {
  return std::clamp<std::size_t>(query.limit, 1, RecordQuery::kMaxPage);
}

SqlQuery requests_query(const RecordQuery& query, const Behind& behind) {
  const std::string columns = column_list(request_summary_fields(), "r.");
  if (!filters_attempts(query)) {
    Builder builder("SELECT " + columns + " FROM requests r");
    builder.where_equal("r.request_id", query.request_id);
    filter_request(builder, query);
    builder.where_time("r.created_at", query);
    // One at most: an order would only make PostgreSQL look for it in the order of time.
    if (query.request_id) return builder.take();
    return page(std::move(builder), query, behind, "r.created_at", "r.request_id");
  }
  Builder builder("SELECT " + columns +
                  " FROM attempts a JOIN requests r ON r.request_id = a.request_id");
  filter_request(builder, query);
  filter_attempt(builder, query);
  first_match_only(builder, query);
  builder.where_time("a.created_at", query);
  return page(std::move(builder), query, behind, "a.created_at", "a.request_id");
}

SqlQuery decisions_query(const RecordQuery& query, const Behind& behind) {
  // The order is written in the columns of the table whose index serves the filter; both have them.
  const std::string_view table = filters_attempts(query) ? "a" : "r";
  const std::string order = fmt::format("{0}.created_at, {0}.request_id, a.attempt", table);
  Builder builder("SELECT " + column_list(decision_fields()) +
                  " FROM requests r JOIN attempts a ON a.request_id = r.request_id");
  filter_request(builder, query);
  filter_attempt(builder, query);
  builder.where_time(fmt::format("{}.created_at", table), query);
  if (behind) {
    const std::string time = builder.param(behind->time);
    const std::string id = builder.param(storable_text(behind->id));
    // The row comparison spans two tables then: this part of it is the index's.
    if (table == "r") {
      builder.where(fmt::format("(r.created_at, r.request_id) <= ({}, {})", time, id));
    }
    builder.where(fmt::format("({}) < ({}, {}, {})", order, time, id,
                              builder.param(std::int64_t{behind->number})));
  }
  builder.add(
      fmt::format(" ORDER BY {0}.created_at DESC, {0}.request_id DESC, a.attempt DESC", table));
  builder.limit(page_size(query) + 1);
  return builder.take();
}

SqlQuery sessions_query(const RecordQuery& query, const Behind& behind) {
  Builder builder("SELECT " + column_list(session_fields()) + " FROM sessions");
  builder.where_equal("session_id", query.session_id);
  builder.where_equal("last_resource_id", query.resource_id);
  builder.where_equal("last_pool_id", query.pool_id);
  builder.where_equal("last_model", query.model);
  builder.where_equal("last_caller", query.caller);
  builder.where_status("last_status_code", query);
  builder.where_time("last_seen_at", query);
  return page(std::move(builder), query, behind, "last_seen_at", "session_id");
}

SqlQuery usage_query(UsageBy by, const RecordQuery& query) {
  Builder builder(fmt::format("SELECT {} AS usage_key", usage_key(by)));
  for (const char* count : {"requests", "errors"}) {
    builder.add(fmt::format(", CAST(SUM({}) AS BIGINT)", count));
  }
  for (const TokenCount& tokens : kTokenCounts) {
    builder.add(fmt::format(", CAST(SUM({}) AS BIGINT)", tokens.name));
  }
  const bool of_sessions = by == UsageBy::session || query.session_id;
  builder.add(of_sessions ? " FROM usage_session_days" : " FROM usage_days");
  builder.where_equal("session_id", in_sums(query.session_id));
  builder.where_equal("asked_pool_id", in_sums(query.requested_pool_id));
  builder.where_equal("caller", in_sums(query.caller));
  builder.where_equal("model", in_sums(query.model));
  builder.where_equal("resource_id", in_sums(query.resource_id));
  builder.where_equal("pool_id", in_sums(query.pool_id));
  builder.where_equal("status_code", query.status);
  builder.where_equal("status_code / 100", query.status_class);
  filter_days(builder, query);
  builder.add(" GROUP BY usage_key ORDER BY ");
  if (by != UsageBy::day) builder.add("COALESCE(SUM(total_tokens), 0) DESC, SUM(requests) DESC, ");
  builder.add("usage_key DESC");
  builder.limit(page_size(query));
  return builder.take();
}

SqlQuery attempts_query(std::span<const RequestRecord> requests) {
  Builder builder("SELECT a.request_id, " + column_list(attempt_fields(), "a.") +
                  " FROM attempts a WHERE a.request_id IN (");
  // Always kAttemptsChunk placeholders: one statement to prepare, whatever the page's size.
  for (std::size_t i = 0; i < kAttemptsChunk; ++i) {
    if (i > 0) builder.add(", ");
    builder.add(builder.param(requests[std::min(i, requests.size() - 1)].request_id));
  }
  builder.add(") ORDER BY a.request_id, a.attempt");
  return builder.take();
}

SqlQuery bodies_query(const std::string& request_id) {
  Builder builder("SELECT " + column_list(request_body_fields(), "r.") + " FROM requests r");
  builder.where("r.request_id = " + builder.param(to_sql(request_id)));
  return builder.take();
}

SqlQuery resource_of_response_query(const std::string& response_id) {
  Builder builder("SELECT r.resource_id FROM requests r");
  builder.where("r.response_id = " + builder.param(to_sql(response_id)));
  builder.where("r.response_id <> ''");
  builder.where("r.resource_id <> ''");
  // `+ 0` keeps a database that misjudges the number of matches from walking the index of time.
  builder.add(" ORDER BY r.created_at + 0 LIMIT 1");
  return builder.take();
}

}  // namespace responses_proxy
