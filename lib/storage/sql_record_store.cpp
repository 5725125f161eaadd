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

std::string insert_statement(const std::string& table, const std::string& columns) {
  std::string placeholders;
  const auto count = 1 + std::count(columns.begin(), columns.end(), ',');
  for (std::ptrdiff_t i = 1; i <= count; ++i) {
    placeholders += fmt::format("{}${}", i == 1 ? "" : ", ", i);
  }
  return fmt::format("INSERT INTO {} ({}) VALUES ({})", table, columns, placeholders);
}

template <class Record>
std::vector<SqlValue> values_of(std::span<const Field<Record>> fields, const Record& record) {
  std::vector<SqlValue> values;
  values.reserve(fields.size() + 3);
  for (const Field<Record>& field : fields) values.push_back(field.get(record));
  return values;
}

// Reads a page's rows and, when there is one more, where the next page starts.
template <class Row, class Read, class CursorOf>
Page<Row> read_page(SqlConnection& connection, const SqlQuery& sql, const RecordQuery& query,
                    Read read, CursorOf cursor_of) {
  Page<Row> page;
  bool more = false;
  connection.query(sql.text, sql.params, [&](const SqlRow& row) {
    if (page.rows.size() < page_size(query)) {
      page.rows.push_back(read(row));
    } else {
      more = true;
    }
  });
  if (more) page.next_cursor = encode_cursor(cursor_of(page.rows.back()));
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
  from_sql(row, 3, session.last_model);
  from_sql(row, 4, session.created_at);
  from_sql(row, 5, session.last_seen_at);
  from_sql(row, 6, session.request_count);
  from_sql(row, 7, session.error_count);
  session.usage = read_sums(row, 8);
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

SqlRecordStore::SqlRecordStore(std::unique_ptr<SqlConnection> writer,
                               std::vector<std::unique_ptr<SqlConnection>> readers)
    : insert_request_(insert_statement("requests", column_list(request_fields(), "") +
                                                       ", resource_id, provider_id, pool_id") +
                      " ON CONFLICT (request_id) DO NOTHING"),
      insert_attempt_(insert_statement(
          "attempts", column_list(attempt_fields(), "") + ", request_id, attempt, created_at")),
      writer_(std::move(writer)),
      readers_(std::move(readers)) {}

void SqlRecordStore::write(std::span<const RequestRecord> records) {
  SqlTransaction transaction(*writer_);
  SessionTotals sessions;
  for (const RequestRecord& record : records) {
    if (!insert_request(record)) continue;
    insert_attempts(record);
    sessions.add(record);
  }
  sessions.write(*writer_);
  transaction.commit();
}

bool SqlRecordStore::insert_request(const RequestRecord& record) {
  std::vector<SqlValue> values = values_of(request_fields(), record);
  const AttemptRecord none;
  const AttemptRecord& last = record.attempts.empty() ? none : record.attempts.back();
  values.push_back(to_sql(last.resource_id));
  values.push_back(to_sql(last.provider_id));
  values.push_back(to_sql(record.attempts.empty() ? record.pool_id : last.pool_id));
  return writer_->execute(insert_request_, values) == 1;
}

void SqlRecordStore::insert_attempts(const RequestRecord& record) {
  std::int64_t number = 0;
  for (const AttemptRecord& attempt : record.attempts) {
    std::vector<SqlValue> values = values_of(attempt_fields(), attempt);
    values.push_back(to_sql(record.request_id));
    values.push_back(++number);
    values.push_back(to_sql(record.created_at));
    writer_->execute(insert_attempt_, values);
  }
}

Page<RequestRecord> SqlRecordStore::requests(const RecordQuery& query) {
  const SqlQuery sql = requests_query(query);
  return readers_.with([&](SqlConnection& connection) {
    auto page = read_page<RequestRecord>(
        connection, sql, query,
        [](const SqlRow& row) { return read_record(request_fields(), row); },
        [](const RequestRecord& last) {
          return Cursor{to_micros(last.created_at), 0, last.request_id};
        });
    load_attempts(connection, page.rows);
    return page;
  });
}

Page<DecisionRow> SqlRecordStore::decisions(const RecordQuery& query) {
  const SqlQuery sql = decisions_query(query);
  return readers_.with([&](SqlConnection& connection) {
    return read_page<DecisionRow>(
        connection, sql, query, read_decision, [](const DecisionRow& last) {
          return Cursor{to_micros(last.created_at), last.attempt, last.request_id};
        });
  });
}

Page<SessionRow> SqlRecordStore::sessions(const RecordQuery& query) {
  const SqlQuery sql = sessions_query(query);
  return readers_.with([&](SqlConnection& connection) {
    return read_page<SessionRow>(connection, sql, query, read_session, [](const SessionRow& last) {
      return Cursor{to_micros(last.last_seen_at), 0, last.session_id};
    });
  });
}

Page<TelemetryRow> SqlRecordStore::telemetry(const RecordQuery& query) {
  const Page<RequestRecord> records = requests(query);
  Page<TelemetryRow> page;
  page.next_cursor = records.next_cursor;
  for (const RequestRecord& record : records.rows) page.rows.push_back(to_event(record));
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
  return readers_.with([&](SqlConnection& connection) {
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
