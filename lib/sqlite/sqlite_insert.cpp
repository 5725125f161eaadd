#include "sqlite/sqlite_insert.h"

#include <fmt/format.h>
#include <sqlite3.h>

namespace responses_proxy {

namespace {

// A null pointer would bind NULL.
const char* start_of(std::string_view bytes) {
  return bytes.data() == nullptr ? "" : bytes.data();
}

int bind(sqlite3_stmt* statement, int index, const SqlCell& cell) {
  if (const auto* number = std::get_if<std::int64_t>(&cell)) {
    return sqlite3_bind_int64(statement, index, *number);
  }
  if (const auto* text = std::get_if<std::string_view>(&cell)) {
    return sqlite3_bind_text64(statement, index, start_of(*text), text->size(), SQLITE_STATIC,
                               SQLITE_UTF8);
  }
  if (const auto* bytes = std::get_if<SqlBytes>(&cell)) {
    return sqlite3_bind_blob64(statement, index, start_of(bytes->bytes), bytes->bytes.size(),
                               SQLITE_STATIC);
  }
  return sqlite3_bind_null(statement, index);
}

}  // namespace

std::string SqliteInsert::statement_of(const SqlInsert& into) {
  std::string columns;
  std::string placeholders;
  for (std::size_t i = 0; i < into.columns.size(); ++i) {
    const char* comma = i == 0 ? "" : ", ";
    columns += comma + into.columns[i].name;
    placeholders += fmt::format("{}${}", comma, i + 1);
  }
  return fmt::format("INSERT INTO {} ({}) VALUES ({}) ON CONFLICT {}", into.table, columns,
                     placeholders, into.on_conflict);
}

SqliteInsert::SqliteInsert(SQLite::Database& database, const std::string& sql)
    : database_(database) {
  sqlite3_stmt* prepared = nullptr;
  check(sqlite3_prepare_v2(database_.getHandle(), sql.c_str(), static_cast<int>(sql.size()),
                           &prepared, nullptr));
  statement_.reset(prepared);
}

bool SqliteInsert::row(std::span<const SqlCell> cells) {
  int index = 0;
  for (const SqlCell& cell : cells) check(bind(statement_.get(), ++index, cell));
  const int result = sqlite3_step(statement_.get());
  // A statement that was stepped holds its locks until it is reset.
  if (result != SQLITE_DONE) {
    const SQLite::Exception problem(database_.getHandle(), result);
    sqlite3_reset(statement_.get());
    throw problem;
  }
  const bool written = sqlite3_changes(database_.getHandle()) == 1;
  sqlite3_reset(statement_.get());
  return written;
}

void SqliteInsert::check(int result) const {
  if (result != SQLITE_OK) throw SQLite::Exception(database_.getHandle(), result);
}

void SqliteInsert::Finalize::operator()(sqlite3_stmt* statement) const {
  sqlite3_finalize(statement);
}

}  // namespace responses_proxy
