// Records as a program with schema version 9 has left them.
#pragma once

#include <string>
#include <vector>

#include "fakes/record_database.h"
#include "storage/record_fields.h"
#include "storage/sql_values.h"

namespace responses_proxy::testing {

// Rows of values_of(), each with the values of `more` behind it.
template <class Record>
SqlInsert insert_into(std::string table, RecordFields<Record> fields, std::string on_conflict,
                      const std::vector<SqlColumn>& more = {}) {
  SqlInsert insert{std::move(table), {}, std::move(on_conflict)};
  for (const RecordField<Record>& field : fields) {
    insert.columns.push_back({field.column, field.is_text()});
  }
  insert.columns.insert(insert.columns.end(), more.begin(), more.end());
  return insert;
}

template <class Record>
SqlValues values_of(RecordFields<Record> fields, const Record& record) {
  SqlValues values;
  values.reserve(fields.size());
  for (const RecordField<Record>& field : fields) values.push_back(field.get(record));
  return values;
}

// `summed`: into usage, by whoever wrote them. `suffix`: of the tables' names, once they have
// moved.
inline void insert_version_9(SqlConnection& connection, const std::vector<RequestRecord>& records,
                             bool summed, const std::string& suffix = "") {
  const SqlInsert into_requests = insert_into(
      "requests" + suffix, request_fields(), "DO NOTHING",
      {{"resource_id", true}, {"provider_id", true}, {"pool_id", true}, {"summed", false}});
  const SqlInsert into_attempts =
      insert_into("attempts" + suffix, attempt_fields(), "DO NOTHING",
                  {{"request_id", true}, {"attempt", false}, {"created_at", false}});
  std::vector<SqlValues> requests;
  std::vector<SqlValues> attempts;
  for (const RequestRecord& record : records) {
    SqlValues& row = requests.emplace_back(values_of(request_fields(), record));
    const AttemptRecord last = record.attempts.empty() ? AttemptRecord() : record.attempts.back();
    for (const std::string& text : {last.resource_id, last.provider_id, last.pool_id}) {
      row.push_back(to_sql(text));
    }
    row.push_back(to_sql(summed));
    std::int64_t number = 0;
    for (const AttemptRecord& attempt : record.attempts) {
      SqlValues& of_attempt = attempts.emplace_back(values_of(attempt_fields(), attempt));
      of_attempt.push_back(to_sql(record.request_id));
      of_attempt.push_back(++number);
      of_attempt.push_back(to_sql(record.created_at));
    }
  }
  connection.insert(into_requests, requests);
  connection.insert(into_attempts, attempts);
}

// Into a database that has been migrated since.
inline void write_as_before(RecordDatabase& store, const std::vector<RequestRecord>& records,
                            bool summed) {
  store.database->write(
      [&](SqlConnection& connection) { insert_version_9(connection, records, summed, "_v9"); });
}

}  // namespace responses_proxy::testing
