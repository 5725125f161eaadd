#include "storage/earlier_records.h"

#include <array>
#include <vector>

#include "storage/record_fields.h"
#include "storage/record_key.h"
#include "storage/request_rows.h"
#include "storage/sql_values.h"
#include "storage/usage_sums.h"

namespace responses_proxy {

namespace {

// Of bodies that are in memory at a time.
constexpr std::int64_t kMostBytes = 8'388'608;

struct Earlier {
  RequestRecord record;
  bool summed = false;
  std::int64_t body_bytes = 0;
};

std::vector<Earlier> read_newest(SqlConnection& connection, std::int64_t rows) {
  static const std::string select =
      "SELECT summed, LENGTH(request_body) + LENGTH(response_body), " +
      column_list(request_summary_fields()) +
      " FROM requests_v9 ORDER BY created_at DESC, request_id DESC LIMIT $1";
  std::vector<Earlier> earlier;
  const SqlValue limit = rows;
  connection.query(select, {&limit, 1}, [&](const SqlRow& row) {
    earlier.push_back(
        {read_record(request_summary_fields(), row, 2), row.integer(0) != 0, row.integer(1)});
  });
  return earlier;
}

void read_rest(SqlConnection& connection, Earlier& earlier) {
  static const std::string select_attempts = "SELECT " + column_list(attempt_fields()) +
                                             " FROM attempts_v9 WHERE request_id = $1 "
                                             "ORDER BY attempt";
  static const std::string select_bodies =
      "SELECT " + column_list(request_body_fields()) + " FROM requests_v9 WHERE request_id = $1";
  RequestRecord& record = earlier.record;
  const SqlValue id = record.request_id;
  connection.query(select_attempts, {&id, 1}, [&](const SqlRow& row) {
    record.attempts.push_back(read_record(attempt_fields(), row));
  });
  if (earlier.body_bytes == 0) return;
  connection.query(select_bodies, {&id, 1},
                   [&](const SqlRow& row) { read_fields(request_body_fields(), row, record); });
}

// With their attempts and bodies, as many of them as may be in memory; at least one.
std::vector<Earlier> read_earlier(SqlConnection& connection, std::int64_t rows) {
  std::vector<Earlier> earlier = read_newest(connection, rows);
  std::int64_t bytes = 0;
  for (std::size_t i = 0; i < earlier.size(); ++i) {
    bytes += earlier[i].body_bytes;
    if (i > 0 && bytes > kMostBytes) {
      earlier.resize(i);
      break;
    }
    read_rest(connection, earlier[i]);
  }
  return earlier;
}

void name_background_record(SqlConnection& connection, const RequestRecord& record) {
  if (!record.background || record.usage.empty() || record.response_id.empty()) return;
  const std::array<SqlValue, 2> values{record_key(record), to_sql(record.response_id)};
  connection.execute(
      "UPDATE background_usage SET request_key = $1 WHERE response_id = $2 AND request_key IS NULL",
      values);
}

}  // namespace

bool has_earlier_records(SqlConnection& connection) {
  bool has = false;
  connection.query("SELECT 1 FROM requests_v9 LIMIT 1", {}, [&](const SqlRow&) { has = true; });
  return has;
}

bool is_earlier_record(SqlConnection& connection, const std::string& request_id) {
  bool is = false;
  const SqlValue id = to_sql(request_id);
  connection.query("SELECT 1 FROM requests_v9 WHERE request_id = $1", {&id, 1},
                   [&](const SqlRow&) { is = true; });
  return is;
}

std::int64_t move_earlier_records(SqlConnection& connection, std::int64_t rows) {
  const std::vector<Earlier> earlier = read_earlier(connection, rows);
  RequestRows::Records records;
  UsageSums sums;
  for (const Earlier& one : earlier) {
    records.push_back(&one.record);
    if (!one.summed) sums.add(one.record);
    name_background_record(connection, one.record);
  }
  RequestRows to(connection);
  to.insert(records);
  to.finish();
  sums.write(connection);
  for (const RequestRecord* record : records) {
    const SqlValue id = record->request_id;
    connection.execute("DELETE FROM requests_v9 WHERE request_id = $1", {&id, 1});
  }
  return static_cast<std::int64_t>(records.size());
}

}  // namespace responses_proxy
