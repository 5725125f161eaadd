#include "storage/sql_record_store.h"

#include <fmt/format.h>

#include <algorithm>
#include <unordered_map>
#include <utility>

#include "storage/cursor.h"
#include "storage/record_fields.h"
#include "storage/record_json.h"
#include "storage/record_queries.h"
#include "storage/sql_values.h"

namespace responses_proxy {

namespace {

// Rows that are copied into one insert.
constexpr std::size_t kMaxInsertRows = 1'024;
constexpr std::size_t kMaxInsertBytes = 8'388'608;

template <class Record>
SqlInsert insert_into(std::string table, std::span<const Field<Record>> fields,
                      std::vector<SqlColumn> more) {
  SqlInsert insert{std::move(table), {}, "DO NOTHING"};
  for (const Field<Record>& field : fields) {
    insert.columns.push_back({field.column, field.is_text});
  }
  insert.columns.insert(insert.columns.end(), more.begin(), more.end());
  return insert;
}

// How many of the records go into the next insert; at least one.
std::size_t next_chunk(std::span<const RequestRecord* const> records) {
  std::size_t count = 0;
  std::size_t bytes = 0;
  while (count < std::min(records.size(), kMaxInsertRows)) {
    bytes += records[count]->request_body.size() + records[count]->response_body.size();
    if (count > 0 && bytes > kMaxInsertBytes) break;
    ++count;
  }
  return count;
}

template <class Record>
SqlValues values_of(std::span<const Field<Record>> fields, const Record& record) {
  SqlValues values;
  values.reserve(fields.size() + 3);
  for (const Field<Record>& field : fields) values.push_back(field.get(record));
  return values;
}

}  // namespace

// The place of a query in its list.
class SqlRecordStore::Place {
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

namespace {

// Reads a page's rows and, when there is one more, where the next page starts.
template <class Row, class Place, class Read, class CursorOf>
Page<Row> read_page(SqlConnection& connection, const SqlQuery& sql, const RecordQuery& query,
                    const Place& place, Read read, CursorOf cursor_of) {
  Page<Row> page;
  bool more = false;
  connection.query(sql.text, sql.params, [&](const SqlRow& row) {
    if (page.rows.size() < page_size(query)) {
      page.rows.push_back(read(row));
    } else {
      more = true;
    }
  });
  if (more) page.next_cursor = place.next(cursor_of(page.rows.back()));
  return page;
}

TokenUsage read_sums(const SqlRow& row, int first_column) {
  TokenUsage usage;
  int column = first_column;
  for (auto* part : {&usage.input, &usage.output, &usage.total, &usage.cached, &usage.reasoning}) {
    from_sql(row, column++, *part);
  }
  return usage;
}

DecisionRow read_decision(const SqlRow& row) {
  DecisionRow decision;
  from_sql(row, 0, decision.request_id);
  from_sql(row, 1, decision.session_id);
  from_sql(row, 2, decision.session_name);
  from_sql(row, 3, decision.resource_id);
  from_sql(row, 4, decision.pool_id);
  from_sql(row, 5, decision.reason);
  from_sql(row, 6, decision.attempt);
  from_sql(row, 7, decision.created_at);
  return decision;
}

SessionRow read_session(const SqlRow& row) {
  SessionRow session;
  from_sql(row, 0, session.session_id);
  from_sql(row, 1, session.session_name);
  from_sql(row, 2, session.last_resource_id);
  from_sql(row, 3, session.last_pool_id);
  from_sql(row, 4, session.last_model);
  from_sql(row, 5, session.last_status_code);
  from_sql(row, 6, session.created_at);
  from_sql(row, 7, session.last_seen_at);
  from_sql(row, 8, session.request_count);
  from_sql(row, 9, session.error_count);
  session.usage = read_sums(row, 10);
  return session;
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
  usage.usage = read_sums(row, 3);
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

Cursor cursor_behind(const RequestRecord& record) {
  return {to_micros(record.created_at), 0, record.request_id};
}

void load_bodies(SqlConnection& connection, RequestRecord& record) {
  const SqlQuery sql = bodies_query(record.request_id);
  connection.query(sql.text, sql.params, [&](const SqlRow& row) {
    record.request_body = row.text(0);
    record.response_body = row.text(1);
  });
}

TelemetryRow to_event(const RequestRecord& record) {
  TelemetryRow event;
  event.type = "request.completed";
  event.event_id = record.request_id + ":" + event.type;
  event.request_id = record.request_id;
  event.created_at = record.created_at;
  event.payload = dump(record_to_json(record));
  return event;
}

}  // namespace

std::unique_ptr<SqlConnection> ReaderPool::take() {
  std::unique_lock lock(mutex_);
  if (!returned_.wait_for(lock, patience_, [this] { return !idle_.empty(); })) {
    throw StorageError("Every database connection for queries is busy.");
  }
  auto reader = std::move(idle_.back());
  idle_.pop_back();
  return reader;
}

void ReaderPool::give_back(std::unique_ptr<SqlConnection> reader) {
  {
    const std::scoped_lock lock(mutex_);
    idle_.push_back(std::move(reader));
  }
  returned_.notify_one();
}

SqlRecordStore::SqlRecordStore(Connections connections)
    : requests_(insert_into("requests", request_fields(),
                            {{"resource_id", true}, {"provider_id", true}, {"pool_id", true}})),
      attempts_(insert_into("attempts", attempt_fields(),
                            {{"request_id", true}, {"attempt", false}, {"created_at", false}})),
      writer_(std::move(connections.writer)),
      readers_(std::move(connections.readers)),
      lookups_(std::move(connections.lookups)) {}

void SqlRecordStore::write(std::span<const RequestRecord> records) {
  // In the same order everywhere: two writers that have the same records wait for each other, but
  // not crosswise.
  Records sorted;
  for (const RequestRecord& record : records) sorted.push_back(&record);
  std::stable_sort(sorted.begin(), sorted.end(),
                   [](const RequestRecord* left, const RequestRecord* right) {
                     return left->request_id < right->request_id;
                   });
  SqlTransaction transaction(*writer_);
  SessionTotals sessions;
  for (std::span<const RequestRecord* const> rest(sorted); !rest.empty();) {
    const std::size_t count = next_chunk(rest);
    const Records fresh = insert_requests(rest.first(count));
    insert_attempts(fresh);
    for (const RequestRecord* record : fresh) sessions.add(*record);
    rest = rest.subspan(count);
  }
  sessions.write(*writer_);
  transaction.commit();
}

SqlRecordStore::Records SqlRecordStore::insert_requests(
    std::span<const RequestRecord* const> records) {
  std::vector<SqlValues> rows;
  const AttemptRecord none;
  for (const RequestRecord* record : records) {
    const AttemptRecord& last = record->attempts.empty() ? none : record->attempts.back();
    SqlValues& row = rows.emplace_back(values_of(request_fields(), *record));
    row.push_back(to_sql(last.resource_id));
    row.push_back(to_sql(last.provider_id));
    row.push_back(to_sql(last.pool_id));
  }
  const std::vector<bool> written = writer_->insert(requests_, rows);
  Records fresh;
  for (std::size_t i = 0; i < records.size(); ++i) {
    if (written[i]) fresh.push_back(records[i]);
  }
  return fresh;
}

void SqlRecordStore::insert_attempts(const Records& records) {
  std::vector<SqlValues> rows;
  for (const RequestRecord* record : records) {
    std::int64_t number = 0;
    for (const AttemptRecord& attempt : record->attempts) {
      SqlValues& row = rows.emplace_back(values_of(attempt_fields(), attempt));
      row.push_back(to_sql(record->request_id));
      row.push_back(++number);
      row.push_back(to_sql(record->created_at));
    }
  }
  writer_->insert(attempts_, rows);
}

Page<RequestRecord> SqlRecordStore::requests(const RecordQuery& query) {
  return summaries(query, Place("requests", query));
}

Page<RequestRecord> SqlRecordStore::summaries(const RecordQuery& query, const Place& place) {
  const SqlQuery sql = requests_query(query, place.behind());
  return readers_.with([&](SqlConnection& connection) {
    auto page = read_page<RequestRecord>(
        connection, sql, query, place,
        [](const SqlRow& row) { return read_record(request_summary_fields(), row); },
        cursor_behind);
    load_attempts(connection, page.rows);
    return page;
  });
}

Page<DecisionRow> SqlRecordStore::decisions(const RecordQuery& query) {
  const Place place("decisions", query);
  const SqlQuery sql = decisions_query(query, place.behind());
  return readers_.with([&](SqlConnection& connection) {
    return read_page<DecisionRow>(
        connection, sql, query, place, read_decision, [](const DecisionRow& last) {
          return Cursor{to_micros(last.created_at), last.attempt, last.request_id};
        });
  });
}

Page<SessionRow> SqlRecordStore::sessions(const RecordQuery& query) {
  const Place place("sessions", query);
  const SqlQuery sql = sessions_query(query, place.behind());
  return readers_.with([&](SqlConnection& connection) {
    return read_page<SessionRow>(connection, sql, query, place, read_session,
                                 [](const SessionRow& last) {
                                   return Cursor{to_micros(last.last_seen_at), 0, last.session_id};
                                 });
  });
}

Page<TelemetryRow> SqlRecordStore::telemetry(const RecordQuery& query) {
  const Place place("telemetry", query);
  Page<RequestRecord> records = summaries(query, place);
  Page<TelemetryRow> page;
  page.next_cursor = records.next_cursor;
  // One by one: how large a body is, is only known when it is there.
  std::size_t bytes = 0;
  for (std::size_t i = 0; i < records.rows.size(); ++i) {
    RequestRecord& record = records.rows[i];
    readers_.with([&](SqlConnection& connection) { load_bodies(connection, record); });
    bytes += record.request_body.size() + record.response_body.size();
    if (i > 0 && bytes > RecordQuery::kMaxPageBytes) {
      page.next_cursor = place.next(cursor_behind(records.rows[i - 1]));
      break;
    }
    page.rows.push_back(to_event(record));
    record.request_body = {};
    record.response_body = {};
  }
  return page;
}

std::vector<UsageRow> SqlRecordStore::usage(UsageBy by, const RecordQuery& query) {
  const SqlQuery sql = usage_query(by, query);
  return readers_.with([&](SqlConnection& connection) {
    std::vector<UsageRow> rows;
    connection.query(sql.text, sql.params,
                     [&](const SqlRow& row) { rows.push_back(read_usage_row(by, row)); });
    return rows;
  });
}

std::optional<std::string> SqlRecordStore::resource_of_response(const std::string& response_id) {
  const SqlQuery sql = resource_of_response_query(response_id);
  return lookups_.with([&](SqlConnection& connection) {
    std::optional<std::string> resource_id;
    connection.query(sql.text, sql.params, [&](const SqlRow& row) { resource_id = row.text(0); });
    return resource_id;
  });
}

void SqlRecordStore::ping() {
  readers_.with([](SqlConnection& connection) {
    connection.query("SELECT MAX(version) FROM schema_migrations", {}, [](const SqlRow&) {});
  });
}

}  // namespace responses_proxy
