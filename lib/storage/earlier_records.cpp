#include "storage/earlier_records.h"

#include <array>
#include <string_view>
#include <unordered_map>
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

// The newest of them; nobody adds to them.
constexpr const char* kNewest =
    "(SELECT request_id FROM requests_v9 ORDER BY created_at DESC, request_id DESC LIMIT $1)";

std::vector<Earlier> read_newest(SqlConnection& connection, std::int64_t rows) {
  static const std::string select =
      "SELECT summed, LENGTH(request_body) + LENGTH(response_body), " +
      column_list(request_summary_fields()) +
      " FROM requests_v9 ORDER BY created_at DESC, request_id DESC LIMIT $1";
  std::vector<Earlier> earlier;
  std::int64_t bytes = 0;
  const SqlValue limit = rows;
  connection.query(select, {&limit, 1}, [&](const SqlRow& row) {
    const std::int64_t body_bytes = row.integer(1);
    bytes += body_bytes;
    if (!earlier.empty() && bytes > kMostBytes) return;
    earlier.push_back(
        {read_record(request_summary_fields(), row, 2), row.integer(0) != 0, body_bytes});
  });
  return earlier;
}

void read_attempts(SqlConnection& connection, std::vector<Earlier>& earlier) {
  static const std::string select = "SELECT request_id, " + column_list(attempt_fields()) +
                                    " FROM attempts_v9 WHERE request_id IN " + kNewest +
                                    " ORDER BY request_id, attempt";
  std::unordered_map<std::string_view, RequestRecord*> by_id;
  for (Earlier& one : earlier) by_id.emplace(one.record.request_id, &one.record);
  const SqlValue limit = static_cast<std::int64_t>(earlier.size());
  connection.query(select, {&limit, 1}, [&](const SqlRow& row) {
    by_id.at(row.text(0))->attempts.push_back(read_record(attempt_fields(), row, 1));
  });
}

void read_bodies(SqlConnection& connection, Earlier& earlier) {
  static const std::string select =
      "SELECT " + column_list(request_body_fields()) + " FROM requests_v9 WHERE request_id = $1";
  if (earlier.body_bytes == 0) return;
  const SqlValue id = earlier.record.request_id;
  connection.query(select, {&id, 1}, [&](const SqlRow& row) {
    read_fields(request_body_fields(), row, earlier.record);
  });
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

void move_earlier_records(SqlConnection& connection, std::int64_t rows) {
  std::vector<Earlier> earlier = read_newest(connection, rows);
  read_attempts(connection, earlier);
  RequestRows::Records records;
  UsageSums sums;
  for (Earlier& one : earlier) {
    read_bodies(connection, one);
    records.push_back(&one.record);
    if (!one.summed) sums.add(one.record);
    name_background_record(connection, one.record);
  }
  RequestRows to(connection);
  to.insert(records);
  to.finish();
  sums.write(connection, to.newest_segment());
  static const std::string remove =
      std::string("DELETE FROM requests_v9 WHERE request_id IN ") + kNewest;
  const SqlValue moved = static_cast<std::int64_t>(records.size());
  connection.execute(remove, {&moved, 1});
}

}  // namespace responses_proxy
