#include "sqlite/sqlite_insert.h"

#include <fmt/format.h>
#include <sqlite3.h>

namespace responses_proxy {

// OR IGNORE, because a statement that can break off after some of its rows keeps a copy of each
// page that it changes. What it leaves out for another reason than `on_conflict` is not counted.
std::string SqliteInsert::statement_of(const SqlInsert& into) {
  std::string columns;
  std::string cells;
  for (std::size_t i = 0; i < into.columns.size(); ++i) {
    const char* comma = i == 0 ? "" : ", ";
    columns += comma + into.columns[i].name;
    cells += fmt::format("{}c{}", comma, i);
  }
  // WHERE: without it, ON would begin the condition of a join.
  return fmt::format("INSERT OR IGNORE INTO {} ({}) SELECT {} FROM cells WHERE 1 ON CONFLICT {}",
                     into.table, columns, cells, into.on_conflict);
}

SqliteInsert::SqliteInsert(SQLite::Database& database, const std::string& sql)
    : database_(database) {
  sqlite3_stmt* prepared = nullptr;
  const int result = sqlite3_prepare_v2(database_.getHandle(), sql.c_str(),
                                        static_cast<int>(sql.size()), &prepared, nullptr);
  if (result != SQLITE_OK) throw SQLite::Exception(database_.getHandle(), result);
  statement_.reset(prepared);
}

std::int64_t SqliteInsert::run() {
  const int result = sqlite3_step(statement_.get());
  // A statement that was stepped holds its locks until it is reset.
  if (result != SQLITE_DONE) {
    const SQLite::Exception problem(database_.getHandle(), result);
    sqlite3_reset(statement_.get());
    throw problem;
  }
  const std::int64_t written = sqlite3_changes(database_.getHandle());
  sqlite3_reset(statement_.get());
  return written;
}

void SqliteInsert::Finalize::operator()(sqlite3_stmt* statement) const {
  sqlite3_finalize(statement);
}

}  // namespace responses_proxy
