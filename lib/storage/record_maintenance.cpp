#include "storage/record_maintenance.h"

#include <fmt/format.h>

#include <array>
#include <utility>

#include "storage/record_fields.h"
#include "storage/sql_values.h"
#include "storage/usage_sums.h"

namespace responses_proxy {

namespace {

// Processes of an earlier version may go on for a while beside the one that has brought the tables
// up to date; what they write is looked for so long.
constexpr Millis kEarlierVersionsEnd = std::chrono::hours(1);
// A record is written some time after it began: who adds up stays behind by this.
constexpr Millis kBehind = std::chrono::minutes(1);

// How far records of earlier versions have been added up.
struct Place {
  std::int64_t time = 0;
  std::string id;
  std::int64_t until = 0;  // 0 = nobody has begun
};

// Keeps out whoever else is at it, until the transaction ends.
Place take_place(SqlConnection& connection) {
  connection.execute("UPDATE maintenance SET id = id WHERE id = 1");
  Place place;
  connection.query("SELECT summed_at, summed_id, sum_until FROM maintenance WHERE id = 1", {},
                   [&](const SqlRow& row) {
                     place = {row.integer(0), row.text(1), row.integer(2)};
                   });
  return place;
}

void put_place(SqlConnection& connection, const Place& place) {
  const std::array<SqlValue, 3> values{place.time, place.id, place.until};
  connection.execute(
      "UPDATE maintenance SET summed_at = $1, summed_id = $2, sum_until = $3 WHERE id = 1", values);
}

// Adds what comes after `place`, moves it there, and returns the number of rows that were read.
std::int64_t sum_from(SqlConnection& connection, Place& place, std::int64_t before) {
  static const std::string select =
      "SELECT summed, resource_id, pool_id, " + column_list(request_summary_fields()) +
      " FROM requests WHERE (created_at, request_id) > ($1, $2) AND created_at < $3 "
      "ORDER BY created_at, request_id LIMIT $4";
  const std::array<SqlValue, 4> values{place.time, place.id, before, RecordMaintenance::kSumBatch};
  UsageSums sums;
  std::int64_t rows = 0;
  connection.query(select, values, [&](const SqlRow& row) {
    RequestRecord record = read_record(request_summary_fields(), row, 3);
    ++rows;
    place.time = to_micros(record.created_at);
    place.id = record.request_id;
    if (row.integer(0) != 0) return;
    if (const std::string resource_id = row.text(1); !resource_id.empty()) {
      AttemptRecord& last = record.attempts.emplace_back();
      last.resource_id = resource_id;
      last.pool_id = row.text(2);
    }
    sums.add(record);
  });
  sums.write(connection);
  return rows;
}

SqlQuery delete_first(const char* table, const char* key, const char* time, std::int64_t before,
                      std::int64_t rows) {
  return {
      fmt::format("DELETE FROM {0} WHERE {1} IN "
                  "(SELECT {1} FROM {0} WHERE {2} < $1 ORDER BY {2}, {1} LIMIT $2) AND {2} < $1",
                  table, key, time),
      {before, rows}};
}

}  // namespace

std::array<SqlQuery, 3> deletions(WallTime oldest, std::int64_t rows) {
  return {delete_first("requests", "request_id", "created_at", to_micros(oldest), rows),
          delete_first("sessions", "session_id", "last_seen_at", to_micros(oldest), rows),
          delete_first("usage_session_days", "session_id", "day", day_of(oldest), rows)};
}

RecordMaintenance::RecordMaintenance(Database& database, const Clock& clock,
                                     std::chrono::days retention, Log log)
    : database_(database), clock_(clock), retention_(retention), log_(std::move(log)) {}

Millis RecordMaintenance::tend() noexcept {
  try {
    const bool more = sum_batch() || delete_batch();
    failing_ = false;
    return more ? kPause : kRest;
  } catch (const std::exception& error) {
    tell_failed(error.what());
    return kRest;
  }
}

bool RecordMaintenance::sum_batch() {
  if (all_summed_) return false;
  const WallTime now = clock_.wall();
  std::int64_t rows = 0;
  std::int64_t until = 0;
  database_.write([&](SqlConnection& connection) {
    Place place = take_place(connection);
    if (place.until == 0) place.until = to_micros(now + kEarlierVersionsEnd);
    until = place.until;
    rows = sum_from(connection, place, std::min(until, to_micros(now - kBehind)));
    put_place(connection, place);
  });
  if (rows == kSumBatch) return true;
  all_summed_ = to_micros(now - kBehind) >= until;
  return false;
}

bool RecordMaintenance::delete_batch() {
  if (retention_ == std::chrono::days::zero()) return false;
  bool more = false;
  for (const SqlQuery& deletion : deletions(clock_.wall() - retention_, kDeleteBatch)) {
    database_.write([&](SqlConnection& connection) {
      take_place(connection);
      more |= connection.execute(deletion.text, deletion.params) >= kDeleteBatch;
    });
  }
  return more;
}

void RecordMaintenance::tell_failed(const std::string& problem) {
  if (std::exchange(failing_, true)) return;
  log_({LogLevel::warning,
        "maintenance_failed",
        "records cannot be tidied up, which is tried again each minute: " + problem,
        {{"problem", problem}}});
}

}  // namespace responses_proxy
