#include "storage/sql_record_queries.h"

#include <fmt/format.h>

#include <algorithm>
#include <unordered_map>
#include <utility>

#include "storage/cursor.h"
#include "storage/list_sql.h"
#include "storage/record_fields.h"
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

Cursor cursor_at(const RequestRecord& row) {
  return {to_micros(row.created_at), 0, row.request_id};
}

Cursor cursor_at(const DecisionRow& row) {
  return {to_micros(row.created_at), row.attempt, row.request_id};
}

Cursor cursor_at(const SessionRow& row) {
  return {to_micros(row.last_seen_at), 0, row.session_id};
}

// Reads a page's rows and, when there is one more, where the next page starts.
template <class Row>
Page<Row> read_page(SqlConnection& connection, const SqlQuery& sql, RecordFields<Row> fields,
                    const RecordQuery& query, const Place& place) {
  Page<Row> page;
  bool more = false;
  connection.query(sql.text, sql.params, [&](const SqlRow& row) {
    if (page.rows.size() < page_size(query)) {
      page.rows.push_back(read_record(fields, row));
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

void load_attempts(SqlConnection& connection, std::span<RequestRecord> requests) {
  std::unordered_map<std::string, RequestRecord*> by_id;
  for (RequestRecord& request : requests) by_id.emplace(request.request_id, &request);
  for (std::size_t start = 0; start < requests.size(); start += kAttemptsChunk) {
    const auto count = std::min(kAttemptsChunk, requests.size() - start);
    const SqlQuery sql = attempts_query(requests.subspan(start, count));
    connection.query(sql.text, sql.params, [&](const SqlRow& row) {
      by_id.at(row.text(0))->attempts.push_back(read_record(attempt_fields(), row, 1));
    });
  }
}

void load_bodies(SqlConnection& connection, RequestRecord& record) {
  const SqlQuery sql = bodies_query(record.request_id);
  connection.query(sql.text, sql.params,
                   [&](const SqlRow& row) { read_fields(request_body_fields(), row, record); });
}

// Ends the page where its bodies come to kMaxPageBytes.
void load_bodies(Database& database, Page<RequestRecord>& page, const Place& place) {
  // One by one: how large a body is, is only known when it is there.
  std::size_t bytes = 0;
  for (std::size_t i = 0; i < page.rows.size(); ++i) {
    RequestRecord& record = page.rows[i];
    database.read([&](SqlConnection& connection) { load_bodies(connection, record); });
    bytes += record.request_body.size() + record.response_body.size();
    if (i == 0 || bytes <= RecordQuery::kMaxPageBytes) continue;
    page.rows.resize(i);
    page.next_cursor = place.next(cursor_at(page.rows.back()));
  }
}

}  // namespace

Page<RequestRecord> SqlRecordQueries::requests(const RecordQuery& query) {
  const Place place(query.with_bodies ? "telemetry" : "requests", query);
  const SqlQuery sql = requests_query(query, place.behind());
  auto page = database_.read([&](SqlConnection& connection) {
    auto summaries = read_page(connection, sql, request_summary_fields(), query, place);
    load_attempts(connection, summaries.rows);
    return summaries;
  });
  if (query.with_bodies) load_bodies(database_, page, place);
  return page;
}

Page<DecisionRow> SqlRecordQueries::decisions(const RecordQuery& query) {
  const Place place("decisions", query);
  const SqlQuery sql = decisions_query(query, place.behind());
  return database_.read([&](SqlConnection& connection) {
    return read_page(connection, sql, decision_fields(), query, place);
  });
}

Page<SessionRow> SqlRecordQueries::sessions(const RecordQuery& query) {
  const Place place("sessions", query);
  const SqlQuery sql = sessions_query(query, place.behind());
  return database_.read([&](SqlConnection& connection) {
    return read_page(connection, sql, session_fields(), query, place);
  });
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
  const SqlQuery sql = resource_of_response_query(response_id);
  return database_.look_up([&](SqlConnection& connection) {
    std::optional<std::string> resource_id;
    connection.query(sql.text, sql.params, [&](const SqlRow& row) { resource_id = row.text(0); });
    return resource_id;
  });
}

}  // namespace responses_proxy
