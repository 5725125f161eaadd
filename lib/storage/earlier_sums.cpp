#include "storage/earlier_sums.h"

#include <fmt/format.h>

#include <string>

#include "storage/usage_sums.h"

namespace responses_proxy {

namespace {

constexpr const char* kTheseAndNewer = "(day, session_id) >= ($1, $2)";

// The last day and session of the next rows; nothing where there are none.
SqlValues end_of_next(SqlConnection& connection, std::int64_t rows) {
  SqlValues end;
  const SqlValue limit = rows;
  connection.query(
      "SELECT day, session_id FROM (SELECT day, session_id FROM usage_session_days_v10 "
      "ORDER BY day DESC, session_id DESC LIMIT $1) AS newest ORDER BY day, session_id LIMIT 1",
      {&limit, 1}, [&](const SqlRow& row) {
        end = {row.integer(0), row.text(1)};
      });
  return end;
}

// In the first stretch of their day.
std::string copy_statement() {
  const SqlInsert& into = into_session_days();
  std::string others;
  for (std::size_t i = 1; i < into.columns.size(); ++i) others += ", " + into.columns[i].name;
  return fmt::format(
      "INSERT INTO {0} ({1}{2}) SELECT day * {3}{2} FROM {0}_v10 WHERE {4} ON CONFLICT {5}",
      into.table, into.columns[0].name, others, first_stretch_of(1), kTheseAndNewer,
      into.on_conflict);
}

}  // namespace

bool has_earlier_sums(SqlConnection& connection) {
  bool has = false;
  connection.query("SELECT 1 FROM usage_session_days_v10 LIMIT 1", {},
                   [&](const SqlRow&) { has = true; });
  return has;
}

void move_earlier_sums(SqlConnection& connection, std::int64_t rows) {
  static const std::string copy = copy_statement();
  static const std::string remove =
      fmt::format("DELETE FROM usage_session_days_v10 WHERE {}", kTheseAndNewer);
  const SqlValues end = end_of_next(connection, rows);
  if (end.empty()) return;
  connection.execute(copy, end);
  connection.execute(remove, end);
}

}  // namespace responses_proxy
