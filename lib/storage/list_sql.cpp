#include "storage/list_sql.h"

#include <fmt/format.h>

#include <algorithm>

#include "storage/record_fields.h"
#include "storage/record_key.h"
#include "storage/request_rows.h"
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

// What stands after the filters of the sessions.
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

bool filters_attempts(const RecordQuery& query) {
  return query.resource_id || query.pool_id;
}

// The row names the last attempt's resource and pool; left_attempts has those before.
void filter_attempts(Builder& builder, const RecordQuery& query) {
  if (!filters_attempts(query)) return;
  const auto matches = [&](std::string_view table) {
    std::string condition;
    if (query.resource_id) {
      condition +=
          fmt::format(" AND {}.resource_id = {}", table, builder.param(to_sql(*query.resource_id)));
    }
    if (query.pool_id) {
      condition +=
          fmt::format(" AND {}.pool_id = {}", table, builder.param(to_sql(*query.pool_id)));
    }
    return condition;
  };
  const std::string last = matches("r");
  const std::string left = matches("a");
  // Not EXISTS: PostgreSQL would read all of left_attempts first.
  builder.where(
      fmt::format("((r.attempts > 0{}) OR (r.attempts > 1 AND 1 = (SELECT 1 FROM left_attempts a "
                  "WHERE a.request_key = r.row_key{} LIMIT 1)))",
                  last, left));
}

// No index but that of the keys serves these.
bool filters_by_hand(const RecordQuery& query) {
  return filters_attempts(query) || query.requested_pool_id || query.model || query.caller ||
         query.status == 200 || query.status_class == 2 ||
         (query.session_id && query.session_id->empty());
}

void filter_keys(Builder& builder, const KeyRange& keys) {
  builder.where("r.row_key >= " + builder.param(keys.from));
  builder.where("r.row_key < " + builder.param(keys.before));
}

constexpr const char* kDayOfStretch = "stretch >> 20";
static_assert(kStretchBits == 20);

const char* usage_key(UsageBy by, bool of_sessions) {
  switch (by) {
    case UsageBy::day:
      return of_sessions ? kDayOfStretch : "day";
    case UsageBy::model:
      return "model";
    case UsageBy::resource:
      return "resource_id";
    case UsageBy::session:
      return "session_id";
    case UsageBy::caller:
      return "caller";
  }
  return "";
}

// Whole days: sums have no finer time. `first`: of a day, what its sums begin with in `column`.
void filter_days(Builder& builder, const RecordQuery& query, std::string_view column,
                 std::int64_t (*first)(std::int64_t day)) {
  if (query.since) {
    builder.where(fmt::format("{} >= {}", column, builder.param(first(day_of(*query.since)))));
  }
  if (!query.until) return;
  const std::int64_t last_day = day_of(*query.until - WallTime::duration(1));
  builder.where(fmt::format("{} < {}", column, builder.param(first(last_day + 1))));
}

std::int64_t same_day(std::int64_t day) {
  return day;
}

// One stretch after the other, and in each the session: no index has the sessions of all of them.
constexpr const char* kEachStretch =
    "stretch IN (WITH RECURSIVE stretches (at) AS (SELECT MIN(stretch) FROM usage_session_days "
    "UNION ALL SELECT (SELECT MIN(d.stretch) FROM usage_session_days d WHERE d.stretch > s.at) "
    "FROM stretches s WHERE s.at IS NOT NULL) SELECT at FROM stretches)";

std::optional<std::string> in_sums(const std::optional<std::string>& wanted) {
  if (!wanted) return std::nullopt;
  return sum_text(*wanted);
}

}  // namespace

std::size_t page_size(const RecordQuery& query) {
  return std::clamp<std::size_t>(query.limit, 1, RecordQuery::kMaxPage);
}

KeyRange keys_of(const RecordQuery& query, std::optional<std::int64_t> before) {
  KeyRange keys;
  if (query.since) keys.from = first_key_at(*query.since);
  if (query.until) keys.before = first_key_at(*query.until);
  if (before) keys.before = std::min(keys.before, *before);
  return keys;
}

bool by_segments(const RecordQuery& query) {
  return query.session_id && !query.session_id->empty();
}

bool needs_window(const RecordQuery& query) {
  return filters_by_hand(query) && !by_segments(query);
}

SqlQuery requests_query(const RecordQuery& query, const KeyRange& keys,
                        std::optional<std::int64_t> segment) {
  Builder builder(fmt::format("SELECT {} FROM requests r", kRequestColumns));
  builder.where_equal("r.segment", segment);
  if (query.session_id) {
    const std::string session_id = storable_text(*query.session_id);
    builder.where("r.session_hash = " + builder.param(text_hash(session_id)));
    if (segment) builder.where("r.session_hash <> 0");
    builder.where("r.session_id = " + builder.param(session_id));
  }
  builder.where_equal("r.asked_pool_id", query.requested_pool_id);
  builder.where_equal("r.caller", query.caller);
  builder.where_equal("r.model", query.model);
  builder.where_status("r.status_code", query);
  filter_attempts(builder, query);
  filter_keys(builder, keys);
  builder.add(" ORDER BY r.row_key DESC");
  builder.limit(page_size(query) + 1);
  return builder.take();
}

SqlQuery request_by_time_query(const std::string& request_id, WallTime time) {
  Builder builder(fmt::format("SELECT {} FROM requests r", kRequestColumns));
  filter_keys(builder, {first_key_at(time), first_key_at(time + std::chrono::milliseconds(1))});
  builder.where("r.request_id = " + builder.param(to_sql(request_id)));
  return builder.take();
}

SqlQuery request_by_id_query(const std::string& request_id) {
  Builder builder(
      fmt::format("SELECT {} FROM request_keys k JOIN requests r ON r.row_key = k.request_key",
                  kRequestColumns));
  builder.where("k.request_id = " + builder.param(to_sql(request_id)));
  return builder.take();
}

SqlQuery window_query(const KeyRange& keys) {
  Builder builder("SELECT r.row_key FROM requests r");
  filter_keys(builder, keys);
  builder.add(fmt::format(" ORDER BY r.row_key DESC LIMIT 1 OFFSET {}", kWindowRows - 1));
  return builder.take();
}

SqlQuery segments_query(const KeyRange& keys) {
  Builder builder("SELECT segment, first_key FROM record_segments");
  builder.where("first_key < " + builder.param(keys.before));
  builder.add(" ORDER BY segment DESC");
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
  const bool of_sessions = by == UsageBy::session || query.session_id;
  Builder builder(fmt::format("SELECT {} AS usage_key", usage_key(by, of_sessions)));
  for (const char* count : {"requests", "errors"}) {
    builder.add(fmt::format(", CAST(SUM({}) AS BIGINT)", count));
  }
  for (const TokenCount& tokens : kTokenCounts) {
    builder.add(fmt::format(", CAST(SUM({}) AS BIGINT)", tokens.name));
  }
  builder.add(of_sessions ? " FROM usage_session_days" : " FROM usage_days");
  if (query.session_id) builder.where(kEachStretch);
  builder.where_equal("session_id", in_sums(query.session_id));
  builder.where_equal("asked_pool_id", in_sums(query.requested_pool_id));
  builder.where_equal("caller", in_sums(query.caller));
  builder.where_equal("model", in_sums(query.model));
  builder.where_equal("resource_id", in_sums(query.resource_id));
  builder.where_equal("pool_id", in_sums(query.pool_id));
  builder.where_equal("status_code", query.status);
  builder.where_equal("status_code / 100", query.status_class);
  if (of_sessions) {
    filter_days(builder, query, "stretch", first_stretch_of);
  } else {
    filter_days(builder, query, "day", same_day);
  }
  builder.add(" GROUP BY usage_key ORDER BY ");
  if (by != UsageBy::day) builder.add("COALESCE(SUM(total_tokens), 0) DESC, SUM(requests) DESC, ");
  builder.add("usage_key DESC");
  builder.limit(page_size(query));
  return builder.take();
}

SqlQuery bodies_query(std::int64_t key) {
  Builder builder("SELECT r.request_body, r.response_body FROM requests r");
  builder.where("r.row_key = " + builder.param(key));
  return builder.take();
}

SqlQuery resource_of_response_query(const std::string& response_id) {
  const std::string id = storable_text(response_id);
  // CROSS JOIN keeps SQLite to this order.
  Builder builder(
      "SELECT r.resource_id FROM record_segments s CROSS JOIN requests r "
      "WHERE r.segment = s.segment");
  builder.add(" AND r.response_hash = " + builder.param(text_hash(id)));
  builder.add(" AND r.response_hash <> 0 AND r.response_id = " + builder.param(id));
  // `+ 0` keeps a database that misjudges the number of matches from walking the keys.
  builder.add(" AND r.resource_id <> '' ORDER BY r.row_key + 0 LIMIT 1");
  return builder.take();
}

SqlQuery earlier_resource_query(const std::string& response_id) {
  Builder builder("SELECT r.resource_id FROM requests_v9 r");
  builder.where("r.response_id = " + builder.param(to_sql(response_id)));
  builder.where("r.response_id <> ''");
  builder.where("r.resource_id <> ''");
  builder.add(" ORDER BY r.created_at + 0 LIMIT 1");
  return builder.take();
}

}  // namespace responses_proxy
