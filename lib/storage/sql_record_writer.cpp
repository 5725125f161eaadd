#include "storage/sql_record_writer.h"

#include <algorithm>
#include <utility>

#include "storage/background_usage.h"
#include "storage/record_fields.h"
#include "storage/session_totals.h"
#include "storage/sql_values.h"
#include "storage/usage_sums.h"

namespace responses_proxy {

namespace {

// Rows that are copied into one insert.
constexpr std::size_t kMaxInsertRows = 1'024;
constexpr std::size_t kMaxInsertBytes = 8'388'608;

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

}  // namespace

SqlRecordWriter::SqlRecordWriter(Database& database)
    : database_(database),
      requests_(insert_into(
          "requests", request_fields(), "DO NOTHING",
          {{"resource_id", true}, {"provider_id", true}, {"pool_id", true}, {"summed", false}})),
      attempts_(insert_into("attempts", attempt_fields(), "DO NOTHING",
                            {{"request_id", true}, {"attempt", false}, {"created_at", false}})) {}

void SqlRecordWriter::write(std::span<const RequestRecord> records) {
  // In the same order everywhere: two writers that have the same records wait for each other, but
  // not crosswise.
  Records sorted;
  for (const RequestRecord& record : records) sorted.push_back(&record);
  std::stable_sort(sorted.begin(), sorted.end(),
                   [](const RequestRecord* left, const RequestRecord* right) {
                     return left->request_id < right->request_id;
                   });
  database_.write([&](SqlConnection& connection) {
    BackgroundUsage background;
    background.count(connection, sorted);
    SessionTotals sessions;
    UsageSums usage;
    for (std::span<const RequestRecord* const> rest(sorted); !rest.empty();) {
      const std::size_t count = next_chunk(rest);
      const Records fresh = insert_requests(connection, rest.first(count));
      insert_attempts(connection, fresh);
      for (const RequestRecord* record : fresh) {
        sessions.add(*record);
        usage.add(*record);
      }
      rest = rest.subspan(count);
    }
    sessions.write(connection);
    usage.write(connection);
  });
}

SqlRecordWriter::Records SqlRecordWriter::insert_requests(
    SqlConnection& connection, std::span<const RequestRecord* const> records) const {
  std::vector<SqlValues> rows;
  const AttemptRecord none;
  for (const RequestRecord* record : records) {
    const AttemptRecord& last = record->attempts.empty() ? none : record->attempts.back();
    SqlValues& row = rows.emplace_back(values_of(request_fields(), *record, 4));
    row.push_back(to_sql(last.resource_id));
    row.push_back(to_sql(last.provider_id));
    row.push_back(to_sql(last.pool_id));
    row.push_back(to_sql(true));
  }
  const std::vector<bool> written = connection.insert(requests_, rows);
  Records fresh;
  for (std::size_t i = 0; i < records.size(); ++i) {
    if (written[i]) fresh.push_back(records[i]);
  }
  return fresh;
}

void SqlRecordWriter::insert_attempts(SqlConnection& connection, const Records& records) const {
  std::vector<SqlValues> rows;
  for (const RequestRecord* record : records) {
    std::int64_t number = 0;
    for (const AttemptRecord& attempt : record->attempts) {
      SqlValues& row = rows.emplace_back(values_of(attempt_fields(), attempt, 3));
      row.push_back(to_sql(record->request_id));
      row.push_back(++number);
      row.push_back(to_sql(record->created_at));
    }
  }
  connection.insert(attempts_, rows);
}

}  // namespace responses_proxy
