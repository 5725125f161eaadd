#include "storage/sql_record_queries.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "storage/cursor.h"
#include "storage/list_sql.h"
#include "storage/record_fields.h"
#include "storage/record_key.h"
#include "storage/request_rows.h"
#include "storage/sql_values.h"

namespace responses_proxy {

namespace {

// The place of a query in its list.
class Place {
 public:
  Place(std::string_view list, const RecordQuery& query) : scope_(cursor_scope(list, query)) {
    if (!query.cursor.empty()) behind_ = decode_cursor(query.cursor, scope_);
  }
  const Behind& behind() const { return behind_; }
  std::string next(const Cursor& last_row) const { return encode_cursor(last_row, scope_); }

 private:
  const std::uint32_t scope_;
  Behind behind_;
};

// Behind this attempt of the request; 0 = behind the request.
Cursor cursor_at(const RequestRow& row, int attempt = 0) {
  return key_cursor(row.key, attempt, row.record.request_id);
}

Cursor cursor_at(const SessionRow& row) {
  return {to_micros(row.last_seen_at), 0, row.session_id};
}

Page<SessionRow> read_sessions(SqlConnection& connection, const SqlQuery& sql,
                               const RecordQuery& query, const Place& place) {
  Page<SessionRow> page;
  bool more = false;
  connection.query(sql.text, sql.params, [&](const SqlRow& row) {
    if (page.rows.size() < page_size(query)) {
      page.rows.push_back(read_record(session_fields(), row));
    } else {
      more = true;
    }
  });
  if (more) page.next_cursor = place.next(cursor_at(page.rows.back()));
  return page;
}

UsageRow read_usage_row(UsageBy by, const SqlRow& row) {
  UsageRow usage;
  if (by == UsageBy::day) {
    const std::chrono::sys_days day{std::chrono::days(row.integer(0))};
    const std::chrono::year_month_day date(day);
    usage.key = fmt::format("{:04}-{:02}-{:02}", static_cast<int>(date.year()),
                            static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()));
  } else {
    usage.key = row.text(0);
  }
  usage.requests = row.integer(1);
  usage.errors = row.integer(2);
  int column = 3;
  for (const TokenCount& tokens : kTokenCounts) from_sql(row, column++, usage.usage.*tokens.count);
  return usage;
}

// What matches, and one more than the page has where there are more. Not all that there is to look
// at was looked at: the place to go on.
struct RequestList {
  std::vector<RequestRow> rows;
  std::optional<std::int64_t> looked_to;
};

void append_rows(SqlConnection& connection, const SqlQuery& sql, std::vector<RequestRow>& rows) {
  connection.query(sql.text, sql.params,
                   [&](const SqlRow& row) { rows.push_back(read_request_row(row)); });
}

std::vector<RequestRow> read_request(SqlConnection& connection, const std::string& request_id) {
  std::vector<RequestRow> rows;
  if (const auto time = time_in_id(request_id)) {
    append_rows(connection, request_by_time_query(request_id, *time), rows);
  }
  if (rows.empty()) append_rows(connection, request_by_id_query(request_id), rows);
  return rows;
}

RequestList read_by_segments(SqlConnection& connection, RecordQuery query, const KeyRange& keys) {
  std::vector<std::int64_t> segments;
  bool enough = false;
  const SqlQuery list = segments_query(keys);
  connection.query(list.text, list.params, [&](const SqlRow& row) {
    if (!enough) segments.push_back(row.integer(0));
    enough |= row.integer(1) <= keys.from;
  });
  const std::size_t wanted = page_size(query) + 1;
  RequestList found;
  for (const std::int64_t segment : segments) {
    append_rows(connection, requests_query(query, keys, segment), found.rows);
    if (found.rows.size() >= wanted) break;
  }
  if (found.rows.size() > wanted) found.rows.resize(wanted);
  return found;
}

RequestList read_requests(SqlConnection& connection, const RecordQuery& query, KeyRange keys) {
  RequestList found;
  if (query.request_id) {
    found.rows = read_request(connection, *query.request_id);
    return found;
  }
  if (by_segments(query)) return read_by_segments(connection, query, keys);
  if (needs_window(query)) {
    const SqlQuery window = window_query(keys);
    connection.query(window.text, window.params,
                     [&](const SqlRow& row) { found.looked_to = row.integer(0); });
  }
  if (found.looked_to) keys.from = *found.looked_to;
  append_rows(connection, requests_query(query, keys), found.rows);
  return found;
}

// Without the row that only says that there are more.
std::string next_cursor(RequestList& list, const RecordQuery& query, const Place& place) {
  if (list.rows.size() > page_size(query)) {
    list.rows.resize(page_size(query));
    return place.next(cursor_at(list.rows.back()));
  }
  if (!list.looked_to) return {};
  return place.next(key_cursor(*list.looked_to, 0, {}));
}

std::optional<std::int64_t> key_behind(const Place& place) {
  if (!place.behind()) return std::nullopt;
  return cursor_key(*place.behind());
}

void load_bodies(SqlConnection& connection, RequestRow& row) {
  const SqlQuery sql = bodies_query(row.key);
  connection.query(sql.text, sql.params, [&](const SqlRow& bodies) {
    row.record.request_body = bodies.text(0);
    row.record.response_body = bodies.text(1);
  });
}

// Ends the page where its bodies come to kMaxPageBytes.
void load_bodies(Database& database, RequestList& list, const Place& place, std::string& next) {
  // One by one: how large a body is, is only known when it is there.
  std::size_t bytes = 0;
  for (std::size_t i = 0; i < list.rows.size(); ++i) {
    RequestRow& row = list.rows[i];
    database.read([&](SqlConnection& connection) { load_bodies(connection, row); });
    bytes += row.record.request_body.size() + row.record.response_body.size();
    if (i == 0 || bytes <= RecordQuery::kMaxPageBytes) continue;
    list.rows.resize(i);
    next = place.next(cursor_at(list.rows.back()));
  }
}

DecisionRow decision_of(const RequestRecord& record, std::size_t index) {
  const AttemptRecord& attempt = record.attempts[index];
  return {record.request_id,   record.caller,   record.session_id,     record.session_name,
          attempt.resource_id, attempt.pool_id, attempt.reason.text(), static_cast<int>(index) + 1,
          record.created_at};
}

bool matches(const RecordQuery& query, const AttemptRecord& attempt) {
  return (!query.resource_id || storable_text(*query.resource_id) == attempt.resource_id) &&
         (!query.pool_id || storable_text(*query.pool_id) == attempt.pool_id);
}

// A request's decisions stand together, the last one first; a page may end between them.
Page<DecisionRow> decisions_of(RequestList& list, const RecordQuery& query, const Place& place) {
  Page<DecisionRow> page;
  page.next_cursor = next_cursor(list, query, place);
  const RequestRow* last = nullptr;
  for (const RequestRow& row : list.rows) {
    const bool begun = place.behind() && cursor_key(*place.behind()) == row.key;
    const std::size_t count = row.record.attempts.size();
    for (std::size_t i = begun ? std::min<std::size_t>(count, attempts_left(*place.behind()))
                               : count;
         i > 0; --i) {
      if (!matches(query, row.record.attempts[i - 1])) continue;
      if (page.rows.size() == page_size(query)) {
        const bool same_request = last == &row;
        page.next_cursor =
            place.next(cursor_at(*last, same_request ? page.rows.back().attempt : 0));
        return page;
      }
      page.rows.push_back(decision_of(row.record, i - 1));
      last = &row;
    }
  }
  return page;
}

}  // namespace

Page<RequestRecord> SqlRecordQueries::requests(const RecordQuery& query) {
  const Place place(query.with_bodies ? "telemetry" : "requests", query);
  RequestList list = database_.read([&](SqlConnection& connection) {
    return read_requests(connection, query, keys_of(query, key_behind(place)));
  });
  Page<RequestRecord> page;
  page.next_cursor = next_cursor(list, query, place);
  if (query.with_bodies) load_bodies(database_, list, place, page.next_cursor);
  for (RequestRow& row : list.rows) page.rows.push_back(std::move(row.record));
  return page;
}

Page<DecisionRow> SqlRecordQueries::decisions(const RecordQuery& query) {
  const Place place("decisions", query);
  std::optional<std::int64_t> before = key_behind(place);
  // A request that the page before has not ended is read once more. One that it has ended is not:
  // it would take the place of a row, of all of them where the page has one.
  if (before && attempts_left(*place.behind()) > 0) ++*before;
  RequestList list = database_.read([&](SqlConnection& connection) {
    return read_requests(connection, query, keys_of(query, before));
  });
  return decisions_of(list, query, place);
}

Page<SessionRow> SqlRecordQueries::sessions(const RecordQuery& query) {
  const Place place("sessions", query);
  const SqlQuery sql = sessions_query(query, place.behind());
  return database_.read(
      [&](SqlConnection& connection) { return read_sessions(connection, sql, query, place); });
}

std::vector<UsageRow> SqlRecordQueries::usage(UsageBy by, const RecordQuery& query) {
  const SqlQuery sql = usage_query(by, query);
  return database_.read([&](SqlConnection& connection) {
    std::vector<UsageRow> rows;
    connection.query(sql.text, sql.params,
                     [&](const SqlRow& row) { rows.push_back(read_usage_row(by, row)); });
    return rows;
  });
}

std::optional<std::string> SqlRecordQueries::resource_of_response(const std::string& response_id) {
  return database_.look_up([&](SqlConnection& connection) {
    std::optional<std::string> resource_id;
    for (const auto& query : {earlier_resource_query, resource_of_response_query}) {
      const SqlQuery sql = query(response_id);
      connection.query(sql.text, sql.params, [&](const SqlRow& row) { resource_id = row.text(0); });
      if (resource_id) break;
    }
    return resource_id;
  });
}

}  // namespace responses_proxy
