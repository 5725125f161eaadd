#include "storage/record_maintenance.h"

#include <fmt/format.h>

#include <utility>

#include "storage/earlier_records.h"
#include "storage/earlier_sums.h"
#include "storage/record_key.h"
#include "storage/sql_values.h"
#include "storage/usage_sums.h"

namespace responses_proxy {

namespace {

// Keeps out whoever else is at it, until the transaction ends.
void take_turn(SqlConnection& connection) {
  connection.execute("UPDATE maintenance SET id = id WHERE id = 1");
}

// Those before the segment of the oldest row.
constexpr const char* kForgetSegments =
    "DELETE FROM record_segments WHERE segment < "
    "(SELECT segment FROM requests ORDER BY row_key LIMIT 1)";

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
  return {delete_first("requests", "row_key", "row_key", first_key_at(oldest), rows),
          delete_first("sessions", "session_id", "last_seen_at", to_micros(oldest), rows),
          {"DELETE FROM usage_session_days WHERE (stretch, session_id) IN "
           "(SELECT stretch, session_id FROM usage_session_days WHERE stretch < $1 "
           "ORDER BY stretch, session_id LIMIT $2)",
           {first_stretch_of(day_of(oldest)), rows}}};
}

RecordMaintenance::RecordMaintenance(Database& database, const Clock& clock,
                                     std::chrono::days retention, Log log)
    : database_(database), clock_(clock), retention_(retention), log_(std::move(log)) {}

Millis RecordMaintenance::tend() noexcept {
  try {
    const bool more = move_batch() || delete_batch();
    failing_ = false;
    return more ? kPause : kRest;
  } catch (const std::exception& error) {
    tell_failed(error.what());
    return kRest;
  }
}

bool RecordMaintenance::move_batch() {
  // Whoever writes records does not wait for a look that finds none.
  if (!all_moved_) {
    all_moved_ = !database_.read([](SqlConnection& connection) {
      return has_earlier_records(connection) || has_earlier_sums(connection);
    });
  }
  if (all_moved_) return false;
  database_.write([&](SqlConnection& connection) {
    take_turn(connection);
    move_earlier_records(connection, kMoveBatch);
    move_earlier_sums(connection, kMoveBatch);
  });
  return true;
}

bool RecordMaintenance::delete_batch() {
  if (retention_ == std::chrono::days::zero()) return false;
  bool more = false;
  for (const SqlQuery& deletion : deletions(clock_.wall() - retention_, kDeleteBatch)) {
    database_.write([&](SqlConnection& connection) {
      take_turn(connection);
      more |= connection.execute(deletion.text, deletion.params) >= kDeleteBatch;
    });
  }
  database_.write([](SqlConnection& connection) { connection.execute(kForgetSegments); });
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
